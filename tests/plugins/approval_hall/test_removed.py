"""A hall without the approval hall: it starts, nothing of the plugin is left in it, and trading goes on.

`make plugin` runs everything else in such a hall; this is the short form of it."""

from __future__ import annotations

import json

import pytest
from pyramid.config import Configurator
from sqlalchemy.orm import Session
from webtest import TestApp

from bidding.tenders.models import Publication
from config.app import make_config
from tests.helpers import hall_user, log_in
from tests.tenders import make_buyers, make_draft, publish_draft
from trading.interfaces import IClockSource, IProjectRegister
from trading.outbox import next_due, promise

NAME = "approval_hall"


@pytest.fixture
def bare(config: Configurator) -> Configurator:
    """The same hall, configured without the plugin."""
    settings = dict(config.registry.settings)
    settings["hall.plugins"] = " ".join(name for name in settings["hall.plugins"].split() if name != NAME)
    made = make_config(settings)
    made.commit()
    return made


def test_nothing_of_the_plugin_is_left(bare: Configurator, config: Configurator) -> None:
    config.commit()
    registry = bare.registry
    assert not [
        path for path in patterns(bare) if path.startswith(("/hall", "hall", "/api/hall", "api/hall"))
    ]
    assert not [role for role in registry["roles"] if role.startswith("hall-")]
    assert not [name for name in registry["permissions"] if str(name).startswith("hall-")]
    assert not [topic for topic in registry["handlers"] if topic.startswith("hall.")]
    assert not [cards for _, cards in registry["desk"] if cards.__module__.startswith(f"plugins.{NAME}")]
    assert not [link for link in registry["nav"] if link.route.startswith("hall")]
    assert not [name for name, _ in registry.getUtilitiesFor(IClockSource) if name.startswith(NAME)]
    assert registry.queryUtility(IProjectRegister) is None
    left = [
        each
        for each in registry.registeredHandlers()
        if each.handler.__module__.startswith(f"plugins.{NAME}")
    ]
    assert left == []
    assert {
        path for path in patterns(config) if not path.lstrip("/").startswith(("hall", "api/hall"))
    } == patterns(bare)


def patterns(made: Configurator) -> set[str]:
    return {str(each["introspectable"]["pattern"]) for each in made.introspector.get_category("routes")}


def test_pages_and_interfaces_of_trading_work_without_it(bare: Configurator) -> None:
    app = TestApp(bare.make_wsgi_app())
    for path in ("/", "/openings", "/docket", "/api/docket", "/healthz"):
        page = app.get(path, status=200)
        assert '"/hall' not in page.text
    for role, paths in (
        (
            "regulator",
            ("/desk", "/supervision", "/supervision/deadlines", "/supervision/cases", "/api/deadlines"),
        ),
        ("agent", ("/desk", "/tenders/new")),
    ):
        browser = log_in(app, bare, hall_user(bare, role))
        for path in paths:
            assert '"/hall' not in browser.get(path, status=200).text


def test_a_project_code_is_free_text_then_and_a_tender_is_published(
    session: Session, bare: Configurator
) -> None:
    buyers = make_buyers(session, bare.registry)
    tender = make_draft(session, bare.registry, buyers, investment_code="市发改〔2026〕12号")
    publish_draft(session, bare.registry, buyers, tender)
    notice = json.loads(session.get_one(Publication, tender.id).notice)
    assert notice["investment"] == {"code": "市发改〔2026〕12号", "approvals": []}


def test_what_the_plugin_promised_waits_until_it_is_back(session: Session, bare: Configurator) -> None:
    promise(session, "hall.look", {})
    assert next_due(session, bare.registry["handlers"]) is None
