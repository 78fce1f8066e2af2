"""Awards by program: bearer keys, bytes out in base64url, signatures in."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pyramid.config import Configurator
from sqlalchemy.orm import Session
from webtest import TestApp

from bidding.vault.encoding import b64, unb64
from plugins.x509_signatures.signer import FileSigner
from tests.awards import Evaluated, evaluated_tender
from tests.helpers import committed, log_in, make_user
from tests.tenders import signer_of
from trading.accounts import service as accounts
from trading.accounts.models import User
from trading.acts import process
from trading.clock import now
from trading.rulebook.calendar import beijing_date


class Program:
    """A program with an API key."""

    def __init__(self, app: TestApp, key: str) -> None:
        self.app, self.headers = app, {"Authorization": f"Bearer {key}"}

    def get(self, path: str, **more: Any) -> Any:
        return self.app.get(path, headers=self.headers, **more).json

    def post(self, path: str, body: Any = None, **more: Any) -> Any:
        return self.app.post_json(path, body or {}, headers=self.headers, **more).json


@pytest.fixture
def made(config: Configurator) -> Evaluated:
    config.commit()
    found: Evaluated = committed(config, lambda db: evaluated_tender(db, config.registry))
    return found


def program(app: TestApp, config: Configurator, user: Any) -> Program:
    key = committed(config, lambda db: accounts.create_api_key(db, process("test"), user.id, "demo"))
    return Program(app, key)


def bidder(app: TestApp, config: Configurator, made: Evaluated, number: int) -> Program:
    user = committed(
        config, lambda db: make_user(db, "bidder", party=made.bidders[number], keys=config.registry["keys"])
    )
    return program(app, config, user)


def award_by(officer: Program, made: Evaluated) -> Any:
    path = f"/api/tenders/{made.tender.code}/award"
    documents = officer.get(path)["documents"]
    signed = {
        f"{name}_cms": b64(made.officer_signer.sign(unb64(each["data"]), now()))
        for name, each in documents.items()
    }
    return officer.post(path, signed)


def test_a_program_awards_a_tender(app: TestApp, config: Configurator, made: Evaluated) -> None:
    answer = award_by(program(app, config, made.officer), made)
    assert answer["state"] == "awarded"
    assert answer["awards"][0]["bidder"] == made.bidders[0].uscc


def test_winner_and_losers_each_see_only_their_own_result(
    app: TestApp, config: Configurator, made: Evaluated
) -> None:
    path = f"/api/tenders/{made.tender.code}/my-result"
    second = bidder(app, config, made, 1)
    assert second.get(path)["result"] == "pending"
    award_by(program(app, config, made.officer), made)
    assert second.get(path)["rank"] == 2 and second.get(path)["result"] == "not-awarded"
    assert bidder(app, config, made, 0).get(path)["result"] == "awarded"
    unqualified = bidder(app, config, made, 4).get(path)
    assert (unqualified["ground"], unqualified["details"]) == ("not-qualified", ["营业执照: 营业执照已过期"])


def test_only_the_winner_can_give_up_and_then_the_next_is_awarded(
    app: TestApp, config: Configurator, made: Evaluated
) -> None:
    officer = program(app, config, made.officer)
    award_by(officer, made)
    path = f"/api/tenders/{made.tender.code}/my-result/decline"
    refused = bidder(app, config, made, 1).post(path, {"reason": "no"}, status=422)
    assert refused["code"] == "award.none"
    assert bidder(app, config, made, 0).post(path, {"reason": "no capacity"})["result"] == "declined"
    answer = award_by(officer, made)
    assert [each["number"] for each in answer["awards"]] == [1, 2]
    assert answer["awards"][1]["bidder"] == made.bidders[1].uscc


def test_an_agency_cannot_push_the_winner_out(app: TestApp, config: Configurator, made: Evaluated) -> None:
    officer = program(app, config, made.officer)
    award_by(officer, made)
    path = f"/api/tenders/{made.tender.code}/award/decline"
    agency = program(app, config, made.buyers.agent)
    assert agency.post(path, {"reason": "we like another"}, status=422)["code"] == "award.purchaser-only"
    assert officer.get(path.removesuffix("/decline"))["state"] == "awarded"
    assert officer.post(path, {"reason": "refused to sign"})["state"] == "evaluated"


def test_a_contract_is_filed_and_published_by_program(
    app: TestApp, config: Configurator, made: Evaluated
) -> None:
    officer = program(app, config, made.officer)
    award_by(officer, made)
    path = f"/api/tenders/{made.tender.code}/contract"
    today = beijing_date(now()).isoformat()
    body = {"price": "980000.00", "signed_on": today, "name": "contract.pdf", "file": b64(b"%PDF-1.7")}
    assert officer.post(path, body | {"price": "1.00"}, status=422)["code"] == "contract.price"
    assert officer.post(path, body)["state"] == "signed"
    assert officer.post(path + "/publish")["state"] == "published"


def test_the_supplier_signs_the_contract_on_file_once_and_nobody_else_can(
    app: TestApp, config: Configurator, made: Evaluated
) -> None:
    officer = program(app, config, made.officer)
    award_by(officer, made)
    path = f"/api/tenders/{made.tender.code}/my-result/contract"
    winner, other = supplier(app, config, made), bidder(app, config, made, 1)
    assert winner[0].get(path, status=422)["code"] == "contract.none"  # nothing is on file yet
    body = {
        "price": "980000.00",
        "signed_on": beijing_date(now()).isoformat(),
        "name": "c.pdf",
        "file": b64(b"%PDF"),
    }
    filed = officer.post(f"/api/tenders/{made.tender.code}/contract", body)
    told = winner[0].get(path)
    document = json.loads(unb64(told["document"]["data"]))
    assert document["contract"] == filed["contract"] and document["supplier"]["id"] == made.bidders[0].uscc
    assert (document["tender"], document["price"], told["countersigned"]) == (
        made.tender.code,
        "980000.00",
        None,
    )
    assert other.get(path, status=422)["code"] == "contract.none"
    foreign = {"contract_cms": b64(made.officer_signer.sign(unb64(told["document"]["data"]), now()))}
    assert winner[0].post(path, foreign, status=422)["code"].startswith("certificate.")
    signed = {"contract_cms": b64(winner[1].sign(unb64(told["document"]["data"]), now()))}
    assert winner[0].post(path, signed)["countersigned"]
    assert winner[0].post(path, signed, status=422)["code"] == "contract.countersigned"
    browser = log_in(app, config, winner[2])
    page = browser.get(f"/tenders/{made.tender.code}/my-result")
    assert "已签订" in page.text and 'name="contract_cms"' not in page.text
    assert browser.get(f"/tenders/{made.tender.code}/my-result/contract/file").body == b"%PDF"


def supplier(app: TestApp, config: Configurator, made: Evaluated) -> tuple[Program, FileSigner, User]:
    """The winner's program, its person's certificate key, and the person."""
    registry = config.registry

    def make(db: Session) -> tuple[User, FileSigner]:
        user = make_user(db, "bidder", party=made.bidders[0], keys=registry["keys"])
        return user, signer_of(db, registry, user)

    user, signer = committed(config, make)
    return program(app, config, user), signer, user


def test_a_bidder_cannot_see_the_buyers_page_of_the_award(
    app: TestApp, config: Configurator, made: Evaluated
) -> None:
    bidder(app, config, made, 0).get(f"/api/tenders/{made.tender.code}/award", status=403)
