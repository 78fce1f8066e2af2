"""The regulator's desk and trails: who sees what, and that looking is itself an entry."""

from __future__ import annotations

from typing import Any

import pytest
from pyramid.config import Configurator
from sqlalchemy.orm import Session
from webtest import TestApp

from tests.awards import evaluated_tender, publish_award
from tests.helpers import committed, hall_user, log_in, make_user
from tests.tenders import actor_for, published_tender
from trading import stages
from trading.acts import process, record
from trading.ledger.service import entries_of
from trading.supervision import service
from trading.supervision.words import ACTS, FIELDS, OPEN_TO_ALL, STATE_AFTER, called


def types(lines: Any) -> list[str]:
    return [line.type for line in lines]


def test_before_the_close_the_public_trail_holds_nothing_that_a_bidder_does(
    session: Session, config: Configurator
) -> None:
    tender = published_tender(session, config.registry)
    record(session, process("test"), "bid.seen", tender.code, {"bidder": "91"})
    lines = service.public_lines(service.trail(session, tender.code))
    assert set(types(lines)) == {"tender.drafted", "tender.published"}


def test_evaluation_decisions_are_shown_to_the_public_only_with_the_result(
    session: Session, config: Configurator
) -> None:
    made = evaluated_tender(session, config.registry)
    code = made.tender.code
    decided = {"manifest": made.manifests[0], "accepted": True, "reason": "discount of the maker"}
    record(session, process("test"), "abnormal.explained", code, decided)

    def seen() -> Any:
        lines = service.public_lines(service.trail(session, code))
        return next(line.payload for line in lines if line.type == "abnormal.explained")

    assert seen() is None
    publish_award(session, config.registry, made)
    assert seen() == decided


def test_the_public_trail_names_no_person_and_no_loser(session: Session, config: Configurator) -> None:
    made = evaluated_tender(session, config.registry)
    publish_award(session, config.registry, made)
    lines = service.public_lines(service.trail(session, made.tender.code))
    assert all(line.person is None for line in lines)
    losers = [line for line in lines if line.type == "loser.notified"]
    assert losers and all(line.payload is None and line.hidden for line in losers)
    assert next(line for line in lines if line.type == "award.issued").payload is not None


def test_the_regulator_sees_persons_only_after_a_look_and_the_look_is_an_entry(
    session: Session, config: Configurator
) -> None:
    made = evaluated_tender(session, config.registry)
    code = made.tender.code
    closed = service.regulator_lines(service.trail(session, code))
    assert all(line.person is None for line in closed)
    inspector = make_user(session, "regulator", keys=config.registry["keys"])
    actor = actor_for(config.registry, inspector)
    lines = service.look(session, actor, code, service.PERSONS)
    drafted = next(line for line in lines if line.type == "tender.drafted")
    assert drafted.person is not None and drafted.person["name"] == made.buyers.agent.name
    assert drafted.person["address"] == "192.0.2.7"
    last = entries_of(session, code)[-1]
    assert last.entry.type == "confidential.viewed" and last.payloads[0] is not None
    assert last.payloads[0].document == {"object": "persons", "viewer": actor.within(code)}


def test_a_look_at_one_entry_opens_that_entry_only(session: Session, config: Configurator) -> None:
    made = evaluated_tender(session, config.registry)
    publish_award(session, config.registry, made)
    code = made.tender.code
    told = [entry for entry in service.trail(session, code) if entry.entry.type == "loser.notified"]
    inspector = make_user(session, "regulator", keys=config.registry["keys"])
    lines = service.look(session, actor_for(config.registry, inspector), code, str(told[0].id))
    opened = [line for line in lines if line.type == "loser.notified" and line.payload]
    assert [line.id for line in opened] == [told[0].id]
    assert [line.id for line in lines if line.person] == [told[0].id]


def test_the_desk_finds_tenders_by_stage_and_by_words(session: Session, config: Configurator) -> None:
    published = published_tender(session, config.registry)
    made = evaluated_tender(session, config.registry)
    publish_award(session, config.registry, made)
    found = {row.tender: row for row in service.tenders(session).rows}
    assert found[published.code].state == "published" and found[published.code].due == published.deadline
    assert found[made.tender.code].state == "awarded" and found[made.tender.code].due is not None
    assert made.tender.code not in {row.tender for row in service.tenders(session, state="published").rows}
    assert [row.tender for row in service.tenders(session, text=made.tender.code).rows] == [made.tender.code]
    assert service.tenders(session, text="no such tender").total == 0


def test_every_type_that_is_public_or_moves_a_tender_has_a_name() -> None:
    assert set(ACTS) >= OPEN_TO_ALL
    assert set(STATE_AFTER) - {"tender.cancelled"} <= set(ACTS)
    assert {"manifest", "reason", "price"} <= set(FIELDS)


def test_an_evaluation_made_anew_is_called_by_its_ground_and_by_an_order_only_where_there_is_one() -> None:
    def words(payload: dict[str, Any] | None) -> str:
        return str(called(ACTS, "evaluation.reopened", payload))

    assert words({"order": "7"}) == words(None) == "The bids are evaluated again by order"
    stops = {words({"order": "", "ground": ground}) for ground in ("vacancy", "recount")}
    assert len(stops) == 2 and not any("order" in each for each in stops)
    assert called(ACTS, "no.such", {"ground": ["vacancy"]}) == "no.such"


@pytest.fixture
def awarded(config: Configurator) -> Any:
    config.commit()

    def make(db: Session) -> Any:
        made = evaluated_tender(db, config.registry)
        publish_award(db, config.registry, made)
        return made

    return committed(config, make)


def test_the_pages_show_trail_desk_and_public_trail(app: TestApp, config: Configurator, awarded: Any) -> None:
    code = awarded.tender.code
    public = app.get(f"/tenders/{code}/trail", headers={"Accept-Language": "en"}, status=200)
    assert (
        "Award issued" in public.text and "tradehall_verify.py bundle.tar --trust trust.json" in public.text
    )
    assert awarded.buyers.agent.name not in public.text
    inspector = hall_user(config, "regulator")
    browser = log_in(app, config, inspector)
    assert code in browser.get("/supervision", status=200).text
    page = browser.get(f"/supervision/tenders/{code}", status=200)
    assert "192.0.2.7" not in page.text
    token = next(form for form in page.forms.values() if "look" in form.fields)["csrf_token"].value
    seen = browser.post(f"/supervision/tenders/{code}", {"csrf_token": token, "look": "persons"}, status=200)
    assert "192.0.2.7" in seen.text and awarded.buyers.agent.name in seen.text
    trail = committed(config, lambda db: [entry.entry.type for entry in entries_of(db, code)])
    assert trail[-1] == "confidential.viewed" and trail.count("confidential.viewed") == 1


def test_only_the_regulator_enters_the_supervision(app: TestApp, config: Configurator, awarded: Any) -> None:
    browser = log_in(app, config, hall_user(config, "operator"))
    browser.get("/supervision", status=403)
    browser.get(f"/supervision/tenders/{awarded.tender.code}", status=403)
    app.get("/tenders/T-unknown/trail", status=404)


def test_programs_read_the_public_trail(app: TestApp, config: Configurator, awarded: Any) -> None:
    answer = app.get(f"/api/tenders/{awarded.tender.code}/trail").json
    assert answer["state"] == "awarded"
    award = next(entry for entry in answer["entries"] if entry["type"] == "award.issued")
    assert award["payload"]["manifest"] == awarded.manifests[0]


def test_every_act_that_moves_a_tender_is_remembered_for_the_lists() -> None:
    assert set(STATE_AFTER) == stages.MOVES
