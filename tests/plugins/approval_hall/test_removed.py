"""A hall without the approval hall: it starts, nothing of the plugin is left in it, and trading goes on.

`make plugin` runs everything else in such a hall; this is the short form of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pyramid.config import Configurator
from sqlalchemy.orm import Session
from webtest import TestApp

from bidding.tenders.models import Publication
from config.app import make_config
from tests.helpers import hall_user, log_in
from tests.tenders import make_buyers, make_draft, publish_draft
from trading.db import Base
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


def test_trading_works_without_it_and_what_it_promised_waits(session: Session, bare: Configurator) -> None:
    app = TestApp(bare.make_wsgi_app())
    for path in ("/", "/openings", "/docket", "/api/docket", "/healthz"):
        assert '"/hall' not in app.get(path, status=200).text
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
    buyers = make_buyers(session, bare.registry)
    tender = make_draft(session, bare.registry, buyers, investment_code="市发改〔2026〕12号")
    publish_draft(session, bare.registry, buyers, tender)
    notice = json.loads(session.get_one(Publication, tender.id).notice)
    assert notice["investment"] == {"code": "市发改〔2026〕12号", "approvals": []}, "free text"
    promise(session, "hall.look", {})
    assert next_due(session, bare.registry["handlers"]) is None


def test_no_room_of_the_hall_below_names_the_plugin() -> None:
    """And the tables are migrated whether it is on or not."""
    root = Path(__file__).parents[3]
    named = [
        path.relative_to(root)
        for room in ("trading", "bidding", "expert_pool")
        for path in (root / room).rglob("*")
        if path.suffix in (".py", ".jinja2", ".toml", ".js") and NAME in path.read_text("utf-8")
    ]
    assert named == []
    assert {"hall_case", "hall_task"} <= Base.metadata.tables.keys()
