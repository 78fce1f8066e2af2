"""The award's pages as people use them; the signing itself is the script's, so posts carry its fields."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from pyramid.config import Configurator
from sqlalchemy import insert, select
from sqlalchemy.orm import Session
from webtest import TestApp, Upload

from bidding.tenders.models import Tender
from bidding.vault.encoding import b64, unb64
from tests.awards import Evaluated, evaluated_tender, publish_award
from tests.helpers import committed, form_with, log_in, make_user
from trading.clock import now
from trading.deals.models import Contract


@pytest.fixture
def made(config: Configurator) -> Evaluated:
    config.commit()
    found: Evaluated = committed(config, lambda db: evaluated_tender(db, config.registry))
    return found


@pytest.fixture
def awarded(config: Configurator, made: Evaluated) -> Evaluated:
    committed(config, lambda db: publish_award(db, config.registry, merged(db, made)))
    return made


def merged(db: Session, made: Evaluated) -> Evaluated:
    made.tender = db.merge(made.tender)
    return made


def bidder(app: TestApp, config: Configurator, made: Evaluated, number: int) -> TestApp:
    party = made.bidders[number]
    return log_in(
        app,
        config,
        committed(config, lambda db: make_user(db, "bidder", party=party, keys=config.registry["keys"])),
    )


def sign(made: Evaluated, form: Any) -> None:
    """What sign.page.js does on submit."""
    for name in ("result_cms", "award_cms"):
        if name in form.fields:
            data = unb64(form[name].attrs["data-sign-base64"])
            form[name].force_value(b64(made.officer_signer.sign(data, now())))


def test_the_purchaser_confirms_signs_and_publishes_on_one_page(
    app: TestApp, config: Configurator, made: Evaluated
) -> None:
    browser = log_in(app, config, made.officer)
    assert f"/tenders/{made.tender.code}/award" in browser.get("/desk", status=200).text
    page = browser.get(f"/tenders/{made.tender.code}/award", status=200)
    form = form_with(page, "award_cms")
    sign(made, form)
    done = form.submit(status=303).follow(status=200)
    assert made.bidders[0].name in done.text and "banner-done" in done.text
    assert made.tender.title in app.get("/?kind=result", status=200).text


def test_a_contract_to_sign_is_on_the_desk_however_many_others_are_done(
    app: TestApp, config: Configurator, awarded: Evaluated
) -> None:
    def age(db: Session) -> None:
        tenders, contracts = Tender.__table__, Contract.__table__
        tender = db.execute(select(tenders).where(tenders.c.id == awarded.tender.id)).mappings().one()
        contract = db.execute(select(contracts).where(contracts.c.tender == tender["code"])).mappings().one()
        earlier = tender["created_at"] - timedelta(days=1)
        for number in range(51):
            new = {"id": uuid4(), "code": f"OLD-{number}", "state": "contracted", "created_at": earlier}
            db.execute(insert(tenders).values({**tender, **new}))
            done = {"id": uuid4(), "tender": new["code"], "published_at": earlier}
            db.execute(insert(contracts).values({**contract, **done}))

    browser = log_in(app, config, awarded.officer)
    path = f"/tenders/{awarded.tender.code}/contract"
    assert path in browser.get("/desk", status=200).text
    committed(config, age)
    desk = browser.get("/desk", status=200).text
    assert path in desk and "OLD-" not in desk


def test_a_bad_signature_is_explained_on_the_page(
    app: TestApp, config: Configurator, made: Evaluated
) -> None:
    browser = log_in(app, config, made.officer)
    form = form_with(browser.get(f"/tenders/{made.tender.code}/award"), "award_cms")
    form["award_cms"].force_value("AAAA")
    form["result_cms"].force_value("AAAA")
    assert "error-summary" in form.submit(status=422).text


def test_winner_and_loser_read_their_own_result(
    app: TestApp, config: Configurator, awarded: Evaluated
) -> None:
    path = f"/tenders/{awarded.tender.code}/my-result"
    english = {"Accept-Language": "en"}
    winner = bidder(app, config, awarded, 0)
    assert path in winner.get("/desk").text
    page = winner.get(path, headers=english)
    assert "You have been awarded this tender." in page.text
    assert winner.get(f"{path}/award.json").json["bidder"] == awarded.bidders[0].uscc
    loser = bidder(app, config, awarded, 4)
    page = loser.get(path, headers=english)
    assert "does not meet the qualification conditions" in page.text and "营业执照已过期" in page.text
    loser.get(f"{path}/award.json", status=422)


def test_the_winner_gives_up_on_its_page(app: TestApp, config: Configurator, awarded: Evaluated) -> None:
    winner = bidder(app, config, awarded, 0)
    form = form_with(winner.get(f"/tenders/{awarded.tender.code}/my-result"), "reason")
    form["reason"] = "产能不足"
    assert "产能不足" in form.submit(status=303).follow(status=200).text
    officer = log_in(app, config, awarded.officer)
    page = officer.get(f"/tenders/{awarded.tender.code}/award")
    assert (
        "award_cms" in form_with(page, "award_cms").fields
        and "result_cms" not in form_with(page, "award_cms").fields
    )


def test_the_contract_is_filed_and_published_on_its_page(
    app: TestApp, config: Configurator, awarded: Evaluated
) -> None:
    officer = log_in(app, config, awarded.officer)
    path = f"/tenders/{awarded.tender.code}/contract"
    form = form_with(officer.get(path), "price")
    form["price"] = "1.00"
    form["file"] = Upload("contract.pdf", b"%PDF-1.7 contract")
    assert "error-summary" in form.submit(status=422).text
    form = form_with(officer.get(path), "price")
    form["file"] = Upload("contract.pdf", b"%PDF-1.7 contract")
    page = form.submit(status=303).follow(status=200)
    assert officer.get(f"{path}/file").body == b"%PDF-1.7 contract"
    publish = next(form for form in page.forms.values() if form.action.endswith("/contract/publish"))
    assert "980,000.00" in publish.submit(status=303).follow(status=200).text
