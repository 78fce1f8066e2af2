"""The pages of bid securities as people use them; the examples to the fen, as they are shown."""

from __future__ import annotations

from datetime import time, timedelta
from pathlib import Path
from typing import Any

import pytest
from pyramid.config import Configurator
from sqlalchemy.orm import Session
from webtest import TestApp, Upload

from bidding.deposits import returns, service
from bidding.tenders.service import the_calendar
from bidding.vault.encoding import b64, unb64
from bidding.vault.models import Outcome
from tests.awards import Evaluated, evaluated_tender, publish_award
from tests.bidding.deposits.scene import Counter, go_round, keep_payments, past, pay_in, with_bank
from tests.bidding.deposits.test_service import five_days_after
from tests.helpers import committed, form_with, hall_party, log_in, make_user
from tests.tenders import published_tender
from trading.clock import database_now, now
from trading.parties.models import Party
from trading.rulebook.calendar import at_beijing, beijing_date

ENGLISH = {"Accept-Language": "en"}


@pytest.fixture
def counter(config: Configurator, app: TestApp, tmp_path: Path) -> Counter:
    return with_bank(config.registry, tmp_path)


def bidder(app: TestApp, config: Configurator, party: Party) -> TestApp:
    keys = config.registry["keys"]
    return log_in(app, config, committed(config, lambda db: make_user(db, "bidder", party=party, keys=keys)))


def closed(config: Configurator, counter: Counter, act: Any) -> Evaluated:
    """An evaluated tender of 100,000 yuan security; `act(db, made)` goes on from there."""

    def make(db: Session) -> Evaluated:
        made = evaluated_tender(db, config.registry)
        past(db, made)
        act(db, made)
        go_round(db, config.registry)
        return made

    found: Evaluated = committed(config, make)
    return found


def test_a_bidder_gets_its_account_pays_and_sees_that_all_is_in_order(
    app: TestApp, config: Configurator, counter: Counter
) -> None:
    tender = committed(config, lambda db: published_tender(db, config.registry))
    party = hall_party(config)
    browser = bidder(app, config, party)
    page = browser.get(f"/tenders/{tender.code}/bid", status=200, headers=ENGLISH)
    form = next(form for form in page.forms.values() if form.action.endswith("/deposit/account"))
    page = form.submit(status=303).follow(status=200, headers=ENGLISH)
    number = page.html.find(class_="deposit-number").text
    form = form_with(page, "bank")
    form["bank"], form["number"] = "示例银行", "6222001100000001"
    form.submit(status=303)
    counter.books.pay_in(number, "24000.00", party.name, "6222001100000001")
    committed(config, lambda db: service.collect(db, config.registry))
    page = browser.get(f"/tenders/{tender.code}/deposit", status=200, headers=ENGLISH)
    assert "Your bid security is in order" in page.text and "24,000.00" in page.text


def test_a_short_guarantee_is_refused_on_the_page_with_its_article(
    app: TestApp, config: Configurator, counter: Counter
) -> None:
    tender = committed(config, lambda db: published_tender(db, config.registry))
    party = hall_party(config)
    number = counter.books.issue(party.uscc, tender.code, "24000", "2026-12-31")
    browser = bidder(app, config, party)
    page = browser.get(f"/tenders/{tender.code}/deposit", headers=ENGLISH)
    forms = [form for form in page.forms.values() if form.action.endswith("/deposit/guarantee")]
    empty, form = forms
    assert "This is not a signed electronic guarantee" in empty.submit(status=422, headers=ENGLISH).text
    form["number"] = number
    page = form.submit(status=422, headers=ENGLISH)
    assert "before the bid does" in page.text
    assert "Regulations under the Government Procurement Law art. 33" in page.text


def test_before_the_deadline_the_list_is_the_same_whoever_has_paid(
    app: TestApp, config: Configurator, counter: Counter
) -> None:
    tender = committed(config, lambda db: published_tender(db, config.registry))
    keys = config.registry["keys"]
    agent = committed(
        config, lambda db: make_user(db, "agent", party=db.get(Party, tender.agency_id), keys=keys)
    )
    browser = log_in(app, config, agent)
    address = f"/tenders/{tender.code}/deposits"
    before = browser.get(address, status=200).html.find("main").text
    party = hall_party(config)
    committed(config, lambda db: pay_in(db, config.registry, counter, db.merge(tender), party))
    committed(config, lambda db: go_round(db, config.registry))
    after = browser.get(address, status=200).html.find("main").text
    assert after == before and party.name not in after
    assert browser.get(f"/api{address}", status=422).json["code"] == "deposit.sealed"


def test_one_click_returns_100000_yuan_with_43_75_of_interest(
    app: TestApp, config: Configurator, counter: Counter
) -> None:
    def act(db: Session, made: Evaluated) -> None:
        at = made.tender.deadline - timedelta(days=15)
        pay_in(db, config.registry, counter, made.tender, made.bidders[1], at=at)
        publish_award(db, config.registry, made)

    made = closed(config, counter, act)
    browser = log_in(app, config, made.buyers.agent)
    assert "/deposits" in browser.get("/desk", status=200).text
    address = f"/tenders/{made.tender.code}/deposits"
    page = browser.get(address, status=200, headers=ENGLISH)
    assert "43.75" in page.text and "100,043.75" in page.text and "In time" in page.text
    form = next(form for form in page.forms.values() if form.action.endswith("/deposits/refund"))
    form.submit(status=303)
    committed(config, lambda db: keep_payments(db, config.registry))
    page = browser.get(address, status=200, headers=ENGLISH)
    assert [amount for _key, amount in counter.paid()] == ["100043.75"] and "returned" in page.text
    own = bidder(app, config, made.bidders[1]).get(f"/tenders/{made.tender.code}/deposit", headers=ENGLISH)
    assert "100,043.75" in own.text


def test_ten_days_late_the_page_shows_a_charge_of_145_yuan(
    app: TestApp, config: Configurator, counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Judged on the first day from now on that is ten days after a working day."""

    def act(db: Session, made: Evaluated) -> None:
        today = database_now(db)
        while not the_calendar().is_working(beijing_date(today) - timedelta(days=10)):
            today += timedelta(days=1)
        monkeypatch.setattr(returns, "database_now", lambda session: today)
        last = beijing_date(today) - timedelta(days=10)
        credited = at_beijing(last - timedelta(days=45), time(9))
        pay_in(db, config.registry, counter, made.tender, made.bidders[1], at=credited)
        award = publish_award(db, config.registry, made)
        days = (last - timedelta(days=n) for n in range(5, 30))
        award.issued_at = at_beijing(next(day for day in days if five_days_after(day) == last), time(9))

    made = closed(config, counter, act)
    page = log_in(app, config, made.buyers.agent).get(
        f"/tenders/{made.tender.code}/deposits", headers=ENGLISH
    )
    assert "145.00" in page.text and "43.75" in page.text and "100,188.75" in page.text


def test_the_purchaser_decides_on_two_screens_and_the_bidder_is_told(
    app: TestApp, config: Configurator, counter: Counter
) -> None:
    def act(db: Session, made: Evaluated) -> None:
        at = made.tender.deadline - timedelta(days=3)
        pay_in(db, config.registry, counter, made.tender, made.bidders[5], at=at)
        db.query(Outcome).filter(Outcome.outcome == "REVOKED").one().fault = "bidder"

    made = closed(config, counter, act)
    browser = log_in(app, config, made.officer)
    page = browser.get(f"/tenders/{made.tender.code}/deposits", headers=ENGLISH)
    page = page.click("Decide whether to keep it")
    form = form_with(page, "ground")
    form["act"], form["reason"], form["file"] = (
        "keep",
        "投标截止后撤销投标",
        Upload("minutes.pdf", b"minutes"),
    )
    page = form.submit(status=303).follow(status=200)
    form = form_with(page, "decision_cms")
    data = unb64(form["decision_cms"].attrs["data-sign-base64"])
    form["decision_cms"].force_value(b64(made.officer_signer.sign(data, now())))
    form.submit(status=303)
    party = bidder(app, config, made.bidders[5])
    assert "/deposit" in party.get("/desk", status=200).text
    page = party.get(f"/tenders/{made.tender.code}/deposit", status=200, headers=ENGLISH)
    assert "Your bid security is kept" in page.text and "投标截止后撤销投标" in page.text
    assert page.click("minutes.pdf").body == b"minutes"
    other = bidder(app, config, made.bidders[1])
    address = page.html.find("a", string="minutes.pdf")["href"]
    other.get(address, status=404)
