"""Records of sessions: kept at the delivery, named with the result, read for indicators; decisions and drawing."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from expert_pool.conduct import deciding, rating, record, statements
from expert_pool.conduct.indicators import FAVOURS, Call, Limits
from expert_pool.conduct.models import ConductDecision
from expert_pool.experts import limits
from expert_pool.experts import service as pool
from expert_pool.experts.drawable import why_not
from expert_pool.experts.service import Evidence
from tests.expert_pool.conduct.scene import (
    Registry,
    actor_of,
    evaluated,
    identity_of,
    officer,
    publish,
    user_of,
)
from tests.expert_pool.pool import make_expert
from tests.helpers import KEYS, make_party, make_user
from trading.accounts.models import User
from trading.clock import database_now
from trading.errors import Refused
from trading.ledger.service import entries_of
from trading.outbox import Promise
from trading.parties.models import Party
from trading.rulebook.calendar import beijing_date

LETTER = Evidence("决定.pdf", b"minutes of the pool office")
REASON = "在三个项目中对同一投标人评分明显偏高，经约谈不能说明理由"


def experts(session: Session, number: int = 3, **fields: Any) -> list[Any]:
    return [make_expert(session, **fields) for _ in range(number)]


def drawable(session: Session, row: Any) -> str:
    (person,) = [
        each for each in pool.people(session, KEYS, database_now(session)) if each.number == row.number
    ]
    return why_not(person, beijing_date(database_now(session)), limits.current(session))


def indicators(session: Session, row: Any) -> list[Any]:
    return record.judged(session, user_of(KEYS, row), (), Limits())


def refusal(refused: pytest.ExceptionInfo[Refused]) -> str:
    return refused.value.faults[0].code


# --- evidence, never a verdict ----------------------------------------------------------------------


def test_scores_always_high_for_one_bidder_are_shown_and_change_nothing_by_themselves(
    session: Session,
) -> None:
    rows = experts(session)
    for number in range(1, 5):
        marks = [{"A": "9", "B": "7"}, {"A": "7", "B": "7"}, {"A": "7.5", "B": "7"}]
        evaluated(session, f"T-{number}", rows, marks)
    (shown,) = [each for each in indicators(session, rows[0]) if each.code == FAVOURS]
    assert (shown.about, shown.count, shown.of, shown.notable) == ("A", 4, 4, True)
    assert drawable(session, rows[0]) == "" and not deciding.of_expert(session, rows[0].number)


def test_nothing_is_counted_before_the_members_are_named(session: Session) -> None:
    rows = experts(session)
    for number in range(1, 4):
        evaluated(session, f"T-{number}", rows, [{"A": "9"}, {"A": "5"}, {"A": "5"}], published=False)
    assert indicators(session, rows[0]) == []
    for number in range(1, 4):
        publish(session, f"T-{number}")
    assert [each.code for each in indicators(session, rows[0])] == [FAVOURS]


def test_calls_are_told_by_the_number_called_and_somebody_passed_over_was_not_called() -> None:
    records = {"h1": {"id": "E1"}, "h2": {"id": "E2"}, "h3": {"id": "E3"}, "h4": {"id": "E4"}}
    waves = [{"h1": "A", "h2": "D", "h4": "R"}, {"h3": "N"}, {"h3": "A"}]
    found = list(record.calls_in("T-1", waves, records, {"h3"}))
    assert found == [
        ("E1", Call("T-1", "A", False)), ("E2", Call("T-1", "D", False)),
        ("E3", Call("T-1", "N", True)), ("E3", Call("T-1", "A", True)),
    ]  # fmt: skip


# --- decisions --------------------------------------------------------------------------------------


def test_a_suspended_expert_is_never_drawn_and_the_decision_has_author_reason_evidence_and_entry(
    session: Session,
) -> None:
    (row,), decider = experts(session, 1), officer(session)
    until = beijing_date(database_now(session)) + timedelta(days=90)
    made = deciding.decide(
        session, KEYS, actor_of(decider), row.number, "suspension", REASON, LETTER, until=until
    )
    assert drawable(session, row) == "inactive" and row.status == "suspended"
    assert (made.decided_by, made.reason, made.until_day) == (decider.id, REASON, until) and made.document
    payload = decided(session)
    assert (payload["expert"], payload["decision"], payload["until"]) == (
        row.number,
        "suspension",
        until.isoformat(),
    )
    assert payload["evidence"] == made.document


def decided(session: Session) -> dict[str, Any]:
    trail = [each for each in entries_of(session, None) if each.entry.type == "conduct.decided"]
    assert trail[-1].payloads[0] is not None
    return trail[-1].payloads[0].document or {}


def test_a_warning_leaves_the_expert_drawable_and_a_removal_does_not(session: Session) -> None:
    warned, removed = experts(session, 2)
    actor = actor_of(officer(session))
    deciding.decide(session, KEYS, actor, warned.number, "warning", REASON, LETTER)
    deciding.decide(session, KEYS, actor, removed.number, "removal", REASON, LETTER)
    assert (drawable(session, warned), drawable(session, removed)) == ("", "inactive")
    assert removed.status == "left"


def test_a_decision_keeps_the_figures_it_rests_on(session: Session) -> None:
    rows = experts(session)
    for number in range(1, 4):
        evaluated(session, f"T-{number}", rows, [{"A": "9"}, {"A": "5"}, {"A": "5"}])
    found = indicators(session, rows[0])
    made = deciding.decide(
        session, KEYS, actor_of(officer(session)), rows[0].number, "warning", REASON, LETTER, grounds=found
    )
    assert made.grounds == decided(session)["grounds"]
    assert made.grounds[0]["evidence"][0] == {"tender": "T-1", "own": "90.0", "others": "50.0"}


def test_a_decision_without_evidence_or_with_a_day_that_is_over_is_refused(session: Session) -> None:
    (row,), actor = experts(session, 1), actor_of(officer(session))
    with pytest.raises(Refused) as refused:
        deciding.decide(session, KEYS, actor, row.number, "suspension", REASON, Evidence("", b""))
    assert refusal(refused) == "expert.evidence"
    yesterday = beijing_date(database_now(session)) - timedelta(days=1)
    for kind, until in (("suspension", yesterday), ("warning", date(2099, 1, 1))):
        with pytest.raises(Refused) as refused:
            deciding.decide(session, KEYS, actor, row.number, kind, REASON, LETTER, until=until)
        assert refusal(refused) == "conduct.until"
    assert drawable(session, row) == ""


def over(session: Session) -> None:
    """The promises of suspensions are kept, as on the day after."""
    topic = select(Promise).where(Promise.topic == deciding.OVER).order_by(Promise.due_at)
    for promise in session.scalars(topic):
        deciding.over(session, Registry(), promise.payload)


def test_a_suspension_ends_by_itself_at_midnight_after_its_last_day(session: Session) -> None:
    (row,), actor = experts(session, 1), actor_of(officer(session))
    until = beijing_date(database_now(session)) + timedelta(days=30)
    deciding.decide(session, KEYS, actor, row.number, "suspension", REASON, LETTER, until=until)
    promise = session.scalars(select(Promise).where(Promise.topic == deciding.OVER)).one()
    assert promise.due_at == deciding.first_instant_after(until)
    over(session)
    assert (row.status, drawable(session, row)) == ("active", "")
    assert session.scalars(select(ConductDecision)).one().ended_at is not None


def test_an_old_suspensions_end_does_not_lift_a_newer_one(session: Session) -> None:
    (row,), actor = experts(session, 1), actor_of(officer(session))
    until = beijing_date(database_now(session)) + timedelta(days=30)
    deciding.decide(session, KEYS, actor, row.number, "suspension", REASON, LETTER, until=until)
    pool.change_standing(session, KEYS, actor, row, "reinstate", "复核后解除", LETTER)
    deciding.decide(session, KEYS, actor, row.number, "suspension", REASON, LETTER)
    over(session)
    assert drawable(session, row) == "inactive"


def test_a_suspension_that_the_pool_office_orders_outlasts_an_older_decision(session: Session) -> None:
    (row,), actor = experts(session, 1), actor_of(officer(session))
    until = beijing_date(database_now(session)) + timedelta(days=30)
    made = deciding.decide(session, KEYS, actor, row.number, "suspension", REASON, LETTER, until=until)
    assert deciding.in_force(session, made)
    pool.change_standing(session, KEYS, actor, row, "reinstate", "复核后解除", LETTER)
    pool.change_standing(session, KEYS, actor, row, "suspend", "另案调查期间暂停", LETTER)
    assert not deciding.in_force(session, made)
    over(session)
    assert (row.status, drawable(session, row), made.ended_at) == ("suspended", "inactive", None)


# --- ratings ----------------------------------------------------------------------------------------


class Tender:
    """What the room knows of a tender."""

    def __init__(self, code: str, tenderer: Any, agency: Any) -> None:
        self.code, self.tenderer_id, self.agency_id = code, tenderer.id, agency.id


GOOD = {"punctuality": 5, "competence": 4, "impartiality": 5, "discipline": 3}


def test_purchaser_head_and_regulator_rate_each_expert_once_and_nobody_else_does(session: Session) -> None:
    rows = experts(session)
    evaluated(session, "T-1", rows, published=False)
    buyer = make_user(session, "agent", party=make_party(session))
    tender = Tender("T-1", make_party(session), party_of(session, buyer))
    supervisor, stranger = (
        make_user(session, "regulator"),
        make_user(session, "agent", party=make_party(session)),
    )
    head = user_row(session, rows[0])
    for user, role, expected in (
        (buyer, "agent", "agency"),
        (head, "expert", "head"),
        (supervisor, "regulator", "regulator"),
    ):
        made = rating.rate(session, actor_of(user), identity_of(user, role), tender, 2, GOOD, "")
        assert made.rater == expected
    for user, role, seat, code in (
        (stranger, "agent", 2, "rating.not-yours"),
        (user_row(session, rows[1]), "expert", 3, "rating.not-yours"),
        (head, "expert", 1, "rating.nobody"),
        (buyer, "agent", 2, "rating.given"),
    ):
        with pytest.raises(Refused) as refused:
            rating.rate(session, actor_of(user), identity_of(user, role), tender, seat, GOOD, "")
        assert refusal(refused) == code
    entries = [each.payloads[0] for each in entries_of(session, "T-1") if each.entry.type == "expert.rated"]
    assert [e.document["by"] for e in entries if e and e.document] == ["agency", "head", "regulator"]


def test_points_outside_a_scale_or_missing_are_refused_by_scale(session: Session) -> None:
    rows = experts(session)
    evaluated(session, "T-1", rows)
    user = make_user(session, "regulator")
    tender = Tender("T-1", make_party(session), make_party(session))
    with pytest.raises(Refused) as refused:
        rating.rate(
            session, actor_of(user), identity_of(user, "regulator"), tender, 1, GOOD | {"discipline": 6}, ""
        )
    assert [fault.field for fault in refused.value.faults] == ["discipline"]


# --- fees -------------------------------------------------------------------------------------------


def test_names_stand_on_statements_for_oneself_and_for_buyers_once_published(session: Session) -> None:
    rows = experts(session, 2) + experts(session, 1, region="440100")
    evaluated(session, "T-1", rows, hours=9, published=False)
    buyer = make_user(session, "agent", party=make_party(session))
    tender = Tender("T-1", make_party(session), party_of(session, buyer))

    def read(user: Any, role: str) -> list[tuple[int, str, str]]:
        made = statements.of_tender(session, identity_of(user, role), tender)
        return [(each.sitting.seat, each.name, f"{each.fee.total:.2f}") for each in made]

    assert read(buyer, "agent") == [(1, "", "900.00"), (2, "", "900.00"), (3, "", "1100.00")]
    own = user_row(session, rows[2])
    assert read(own, "expert") == [(3, own.name, "1100.00")]
    publish(session, "T-1")
    assert [name for _seat, name, _sum in read(buyer, "agent")] == [
        user_row(session, row).name for row in rows
    ]
    assert read(make_user(session, "expert"), "expert") == []


def test_travel_is_paid_as_the_member_lived_at_the_delivery_and_told_with_the_name_only(
    session: Session,
) -> None:
    near, far = experts(session, 1) + experts(session, 1, region="440100")
    evaluated(session, "T-1", [near, far], hours=3, published=False)
    for row, region in ((near, "440100"), (far, "440300")):
        pool.seal_profile(KEYS, row, replace(pool.read(KEYS, row), region=region))
    buyer = make_user(session, "agent", party=make_party(session))
    tender = Tender("T-1", make_party(session), party_of(session, buyer))

    def read() -> list[tuple[str, list[str]]]:
        made = statements.of_tender(session, identity_of(buyer, "agent"), tender)
        return [(f"{each.fee.total:.2f}", [line.code for line in each.lines]) for each in made]

    assert read() == [("400.00", []), ("600.00", [])]
    for row in (near, far):
        pool.served(session, KEYS, row.number, "T-1", "", beijing_date(database_now(session)))
    at = database_now(session)
    assert [len(one.sessions) for one in pool.people(session, KEYS, at)] == [1, 1]
    assert [len(one.sessions) for one in pool.people_shown(session, KEYS, at)] == [0, 0]
    publish(session, "T-1")
    assert read() == [("400.00", ["half-day"]), ("600.00", ["half-day", "travel"])]
    assert [len(one.sessions) for one in pool.people_shown(session, KEYS, at)] == [1, 1]


def user_row(session: Session, row: Any) -> Any:
    return session.get_one(User, user_of(KEYS, row))


def party_of(session: Session, user: Any) -> Any:
    return session.get_one(Party, user.party_id)


def test_a_new_evaluation_by_order_has_its_own_sessions(session: Session) -> None:
    first, second = experts(session, 1), experts(session, 2)
    evaluated(session, "T-1", first, round=1)
    evaluated(session, "T-1", second, round=2)
    assert [row.user_id for row in record.of_tender(session, "T-1")] == [user_of(KEYS, row) for row in second]
