"""The tender's pages and JSON interface, through the whole hall."""

from __future__ import annotations

import pytest
from pyramid.config import Configurator
from webtest import TestApp

from bidding.tenders import service
from bidding.vault.encoding import b64, unb64
from tests import tenders
from tests.helpers import committed, log_in
from trading.clock import now


@pytest.fixture
def buyers(config: Configurator) -> tenders.Buyers:
    """An agency's agent who can sign, and the purchaser."""
    made: tenders.Buyers = committed(config, lambda db: tenders.make_buyers(db, config.registry))
    return made


@pytest.fixture
def agent(app: TestApp, config: Configurator, buyers: tenders.Buyers) -> TestApp:
    """The agent's browser."""
    return log_in(app, config, buyers.agent)


@pytest.fixture
def published(config: Configurator, buyers: tenders.Buyers) -> str:
    """The code of a published tender."""
    code: str = committed(config, lambda db: tenders.published_tender(db, config.registry, buyers).code)
    return code


def deliver(config: Configurator, code: str) -> None:
    committed(config, lambda db: tenders.deliver_keys(db, config.registry, service.find(db, code)))


def draft_by_page(agent: TestApp, buyers: tenders.Buyers) -> str:
    """The agent chooses a template, names the purchaser, saves; returns the code."""
    form = agent.get("/tenders/new").forms["tender-form"]
    form["tenderer"] = buyers.purchaser.uscc
    response = form.submit(status=303)
    return str(response.location.split("/")[-2])


def test_an_agent_publishes_from_a_template_through_the_pages(
    agent: TestApp, config: Configurator, buyers: tenders.Buyers
) -> None:
    code = draft_by_page(agent, buyers)
    waiting = agent.get(f"/tenders/{code}/preview")
    assert "等待保管人" in waiting and f"/tenders/{code}/publish" not in waiting
    deliver(config, code)
    assert f"/tenders/{code}/publish" in agent.get(f"/tenders/{code}/preview")
    form = agent.get(f"/tenders/{code}/publish").forms["sign-form"]
    for name in ("notice_cms", "policy_cms"):
        data = unb64(form[name].attrs["data-sign-base64"])
        form[name].force_value(b64(buyers.signer.sign(data, now())))
    page = form.submit(status=303).follow()
    assert "距投标截止" in page


def test_a_program_drafts_signs_and_publishes(agent: TestApp, config: Configurator, buyers: tenders.Buyers) -> None:
    token = agent.get("/tenders/new").forms["tender-form"]["csrf_token"].value
    headers = {"X-CSRF-Token": token}
    made = agent.post_json("/api/tenders", {"tenderer": buyers.purchaser.uscc}, headers=headers, status=201).json
    code = made["tender"]
    assert agent.get(f"/api/tenders/{code}/publish").json["documents"] is None
    deliver(config, code)
    offered = agent.get(f"/api/tenders/{code}/publish").json
    assert offered["ready"] and [f for f in offered["findings"] if f["blocks"]] == []
    body = {
        f"{name}_cms": b64(buyers.signer.sign(unb64(document["data"]), now()))
        for name, document in offered["documents"].items()
    }
    answer = agent.post_json(f"/api/tenders/{code}/publish", body, headers=headers).json
    assert answer["state"] == "published" and answer["policy"] == offered["documents"]["policy"]["sha256"]
