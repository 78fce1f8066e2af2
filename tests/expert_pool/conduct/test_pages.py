"""The room's pages: buyers rate and read fees, experts read their own, the pool office decides."""

from __future__ import annotations

from typing import Any

import pytest
from pyramid.config import Configurator
from sqlalchemy.orm import Session
from webtest import TestApp, Upload

from bidding.tenders.models import Tender
from expert_pool.experts import service as pool
from expert_pool.experts.models import Expert
from expert_pool.selection.refused import newest
from tests.bidding.evaluation.room import make_tender
from tests.expert_pool.conduct.scene import evaluated, publish, user_of
from tests.expert_pool.pool import make_expert
from tests.helpers import committed, form_with, hall_user, log_in, make_user
from trading.accounts.models import User
from trading.clock import database_now
from trading.events import TenderEnded

MARKS = [
    {"A": "9.5", "B": "7", "C": "6"},
    {"A": "7", "B": "7", "C": "6"},
    {"A": "7.5", "B": "7.5", "C": "6.5"},
]


class Scene:
    """Three evaluations by the same three experts, the last one not published yet."""

    def __init__(self, db: Session, keys: Any) -> None:
        self.experts: list[Expert] = [
            make_expert(db, keys=keys, name=name) for name in ("陈一", "陈二", "陈三")
        ]
        self.tenders: list[Tender] = [make_tender(db, state="awarded") for _ in range(3)]
        for number, tender in enumerate(self.tenders):
            evaluated(db, tender.code, self.experts, MARKS, keys=keys, hours=9.5, published=number < 2)
        self.users = [db.get_one(User, user_of(keys, row)) for row in self.experts]
        self.agent = make_user(db, "agent", party=self.tenders[2].agency, keys=keys)
        self.code = self.tenders[2].code


@pytest.fixture
def scene(app: TestApp, config: Configurator) -> Scene:
    config.commit()
    found: Scene = committed(config, lambda db: Scene(db, config.registry["keys"]))
    return found


def english(app: TestApp, config: Configurator, user: Any) -> TestApp:
    found = log_in(app, config, user)
    found.set_cookie("hall_locale", "en")
    return found


def test_a_buyer_rates_by_seat_and_reads_fees_without_names_until_the_result(
    app: TestApp, config: Configurator, scene: Scene
) -> None:
    agent = english(app, config, scene.agent)
    assert f"/tenders/{scene.code}/ratings" in agent.get("/desk").text
    page = agent.get(f"/tenders/{scene.code}/ratings")
    assert "Seat 2" in page.text and "陈二" not in page.text
    form = form_with(page, "punctuality")
    assert form.submit(status=422).text.count("Choose points on every scale") >= 4
    for scale in ("punctuality", "competence", "impartiality", "discipline"):
        form[scale] = "4"
    assert "rated" in form.submit(status=303).follow().text
    fees = agent.get(f"/tenders/{scene.code}/fees")
    assert "¥ 1,000.00" in fees.text and "¥ 3,000.00" in fees.text and "陈二" not in fees.text
    assert "Paid for" not in fees.text
    told = agent.get(f"/api/tenders/{scene.code}/fees").json["members"]
    assert [(member["lines"], member["total"]) for member in told] == [([], "1000.00")] * 3
    committed(config, lambda db: publish(db, scene.code))
    fees = agent.get(f"/tenders/{scene.code}/fees")
    assert "陈二" in fees.text and "Paid for" in fees.text
    assert agent.get(f"/api/tenders/{scene.code}/fees").json["total"] == "3000.00"


@pytest.mark.parametrize("state", ["failed", "cancelled"])
def test_members_of_a_tender_that_ends_without_a_result_stay_secret(
    app: TestApp, config: Configurator, scene: Scene, state: str
) -> None:
    registry = config.registry
    committed(
        config,
        lambda db: registry.notify(TenderEnded(db, registry, scene.code, database_now(db), state)),
    )
    agent = english(app, config, scene.agent)
    for page in ("fees", "ratings"):
        assert "陈二" not in agent.get(f"/tenders/{scene.code}/{page}").text
        told = agent.get(f"/api/tenders/{scene.code}/{page}").json["members"]
        assert [member["name"] for member in told] == [None] * len(told) and told


def test_an_expert_reads_its_own_fee_only_and_a_stranger_nothing(
    app: TestApp, config: Configurator, scene: Scene
) -> None:
    own = english(app, config, scene.users[1])
    page = own.get("/expertise/sessions").text
    assert page.count("¥ 1,000.00") == 3 and "Nobody has rated yet" in page
    mine = own.get(f"/api/tenders/{scene.code}/fees").json["members"]
    assert [row["seat"] for row in mine] == [2]
    own.get(f"/tenders/{scene.code}/ratings", status=403)
    head = english(app, config, scene.users[0]).get(f"/api/tenders/{scene.code}/ratings").json
    assert head["as"] == "head" and [row["seat"] for row in head["members"]] == [2, 3]
    for role in ("bidder", "expert"):
        stranger = log_in(app, config, hall_user(config, role))
        for path in ("fees", "ratings"):
            assert stranger.get(f"/tenders/{scene.code}/{path}", status="*").status_int in (403, 404)


def test_the_pool_office_sees_evidence_and_suspends_with_reason_and_file(
    app: TestApp, config: Configurator, scene: Scene
) -> None:
    office = english(app, config, hall_user(config, "pool-officer"))
    number = scene.experts[0].number
    assert "Nothing is worth a look now" in office.get("/pool/conduct").text
    committed(config, lambda db: publish(db, scene.code))
    assert number in office.get("/pool/conduct").text
    page = office.get(f"/pool/experts/{number}/conduct")
    assert "Scored one bidder above the others" in page.text and "this expert gave 95.0 %" in page.text
    form = form_with(page, "decision")
    form["decision"], form["reason"] = "suspension", "多个项目中对同一投标人评分明显偏高"
    assert "Attach the document" in form.submit(status=422).text
    form = form_with(office.get(f"/pool/experts/{number}/conduct"), "decision")
    form["decision"], form["reason"] = "suspension", "多个项目中对同一投标人评分明显偏高"
    form["evidence"] = Upload("decision.pdf", b"%PDF minutes")
    form.set("grounds", True, index=0)
    page = form.submit(status=303).follow()
    assert "until it is lifted" in page.text and "Rests on" in page.text
    told = office.get(f"/api/conduct/{number}").json
    assert told["status"] == "suspended" and told["decisions"][0]["grounds"][0]["code"] == "favours"
    status = committed(config, lambda db: pool.by_number(db, number).status)
    assert status == "suspended" and "until it is lifted" in office.get("/pool/conduct").text
    assert "多个项目" in english(app, config, scene.users[0]).get("/expertise/sessions").text


def test_nobody_but_pool_office_and_regulator_sees_a_record_and_who_tries_is_written_down(
    app: TestApp, config: Configurator, scene: Scene
) -> None:
    path = f"/pool/experts/{scene.experts[0].number}/conduct"
    english(app, config, hall_user(config, "regulator")).get(path, status=200)
    for role in ("agent", "bidder", "system-admin"):
        somebody = log_in(app, config, hall_user(config, role))
        for _again in range(3):
            somebody.get(path, status=403)
    english(app, config, scene.users[0]).get(path, status=403)
    tried = committed(config, newest)
    assert [each.number for each in tried] == [1, 3, 3, 3], (
        "a thousand attempts push nobody else's off the page"
    )
    assert tried[0].who == "陈一"
    shown = english(app, config, hall_user(config, "regulator")).get("/supervision/names").text
    assert "Wanted to look into experts&#39; conduct" in shown
