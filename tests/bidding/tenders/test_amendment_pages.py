"""The pages of an amendment and of questions, as people without script use them."""

from __future__ import annotations

from typing import Any

import pytest
from pyramid.config import Configurator
from webtest import TestApp

from tests.helpers import committed, form_with, hall_party, hall_user, log_in
from tests.tenders import Buyers, make_buyers, published_tender


@pytest.fixture
def scene(app: TestApp, config: Configurator) -> tuple[str, Buyers]:
    def make(db: Any) -> tuple[str, Buyers]:
        buyers = make_buyers(db, config.registry)
        return published_tender(db, config.registry, buyers).code, buyers

    made: tuple[str, Buyers] = committed(config, make)
    return made


def test_the_agent_sees_the_differences_before_signing(
    app: TestApp, config: Configurator, scene: tuple[str, Buyers]
) -> None:
    code, buyers = scene
    agent = log_in(app, config, buyers.agent)
    form = form_with(agent.get(f"/tenders/{code}/amend", status=200), "reason")
    form["reason"], form["warranty_months"] = "延长质保期", "60"
    page = form.submit(status=303).follow(status=200)
    assert [node.text for node in page.html.select(".amend-change ins")] == ["60"]
    assert page.html.select("form[data-sign] [name=notice_cms]")
    public = app.get(f"/tenders/{code}", status=200)
    assert "延长质保期" not in public, "nothing is public before it is signed"
    discard = next(f for f in page.forms.values() if f.action.endswith("/discard"))
    discard.submit(status=303)
    agent.get(f"/tenders/{code}/amendment", status=303)


def test_a_bidder_asks_and_the_page_never_names_it(
    app: TestApp, config: Configurator, scene: tuple[str, Buyers]
) -> None:
    code, buyers = scene
    user = hall_user(config, "bidder", party=hall_party(config, "好问的供应商"))
    bidder = log_in(app, config, user)
    assert "text" not in {
        name for f in bidder.get(f"/tenders/{code}/questions").forms.values() for name in f.fields
    }
    bidder.get(f"/tenders/{code}/documents/tender-document.pdf", status=200)
    form = form_with(bidder.get(f"/tenders/{code}/questions"), "text")
    form["text"] = "能否延长交货期？"
    form.submit(status=303).follow(status=200)
    assert "能否延长交货期" not in app.get(f"/tenders/{code}/questions")
    agent = log_in(app, config, buyers.agent)
    page = agent.get(f"/tenders/{code}/questions", status=200)
    assert "能否延长交货期" in page and "好问的供应商" not in page and user.name not in page
    answer = form_with(page, "answer")
    answer["answer"] = "可以。"
    assert answer.submit(status=303).follow().html.select("form[data-sign] [name=clarification_cms]")


def test_only_the_buyers_amend(app: TestApp, config: Configurator, scene: tuple[str, Buyers]) -> None:
    code, _ = scene
    stranger = log_in(app, config, hall_user(config, "agent", party=hall_party(config)))
    for path in ("amend", "amendment"):
        stranger.get(f"/tenders/{code}/{path}", status=403)
