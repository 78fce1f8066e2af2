"""The pool on a real database: who is taken in, what happens to records, who can be drawn."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from expert_pool.experts import service, training
from expert_pool.experts.commands import DeclareInterest, TookCourse
from expert_pool.experts.drawable import Limits, why_not
from expert_pool.experts.models import Expert, ExpertAct
from expert_pool.experts.person import Interest
from tests.expert_pool.pool import COURSE, MINUTES, OFFICE, id_number, make_expert, new_expert
from tests.helpers import KEYS, make_user, valid_code
from trading.acts import Actor
from trading.clock import BEIJING, database_now
from trading.errors import Refused
from trading.ledger.models import LedgerEntry, LedgerPayload

LIMITS = Limits(sessions_a_month=2, sessions_a_year=4, cool_down_days=30)


def entries(session: Session) -> list[str]:
    return [
        json.loads(body)["type"]
        for body in session.scalars(select(LedgerEntry.body).order_by(LedgerEntry.id))
    ]


def today(session: Session) -> date:
    return database_now(session).astimezone(BEIJING).date()


def code_of(caught: pytest.ExceptionInfo[Refused]) -> str:
    return caught.value.faults[0].code


def test_an_admitted_expert_with_training_and_a_certificate_can_be_drawn(session: Session) -> None:
    tie = Interest(valid_code(7), "shareholder", date(2024, 3, 1))
    row = make_expert(session, interests=[tie], official_of="440300; 示例市住建局")
    (person,) = service.people(session, KEYS, database_now(session))
    assert (person.number, person.status, person.interests) == (row.number, "active", (tie,))
    assert person.official_of == ("440300", "示例市住建局")
    assert person.trained_until == training.months_later(today(session), COURSE.months)
    assert why_not(person, today(session), LIMITS) == ""
    assert person.user_id and service.person_of_user(session, KEYS, person.user_id) == person
    assert entries(session).count("expert.admitted") == 1


def test_nobody_can_be_drawn_without_training_certificate_or_admission(session: Session) -> None:
    make_expert(session, trained=False)
    make_expert(session, trained_on=date(2019, 2, 28))
    make_expert(session, account=False)
    make_expert(session, admitted=False)
    found = service.people(session, KEYS, database_now(session))
    assert [why_not(person, today(session), LIMITS) for person in found] == [
        "training", "training", "no-certificate", "inactive",
    ]  # fmt: skip


def test_training_counts_to_its_last_day_and_not_longer(session: Session) -> None:
    make_expert(session, trained_on=date(2024, 2, 29))
    (person,) = service.people(session, KEYS, database_now(session))
    assert person.trained_until == date(2026, 2, 28)
    assert why_not(person, date(2026, 2, 28), LIMITS) == ""
    assert why_not(person, date(2026, 3, 1), LIMITS) == "training"


def test_a_failed_exam_makes_nobody_trained(session: Session) -> None:
    row = make_expert(session)
    other = make_expert(session, trained=False)
    exam = TookCourse(course=COURSE.code, taken_on=today(session), score=COURSE.pass_mark - 1)
    assert not training.took(session, OFFICE, other, exam).passed
    assert training.valid_until(session).keys() == {row.id}


def test_workload_and_cool_down_are_counted_from_sessions(session: Session) -> None:
    row, day, buyer = make_expert(session), today(session), valid_code(9)
    service.served(session, KEYS, row.number, "T1", buyer, day - timedelta(days=29))
    (person,) = service.people(session, KEYS, database_now(session))
    assert why_not(person, day, LIMITS) == why_not(person, day, LIMITS, valid_code(8)) == ""
    assert why_not(person, day, LIMITS, buyer) == "cool-down"
    assert why_not(person, day + timedelta(days=1), LIMITS, buyer) == ""
    service.served(session, KEYS, row.number, "T2", valid_code(8), day)
    (person,) = service.people(session, KEYS, database_now(session))
    assert why_not(person, day, LIMITS) == "workload"
    assert why_not(person, day + timedelta(days=1), LIMITS) == ""


def test_one_person_is_not_taken_in_twice_whatever_the_form_of_the_number(session: Session) -> None:
    number = id_number(77)
    make_expert(session, id_number=number)
    former = number[:6] + number[8:17]
    for again in (number.lower(), " ".join(number), former):
        with pytest.raises(Refused) as caught:
            service.admit(session, KEYS, OFFICE, new_expert(id_number=again), MINUTES)
        assert code_of(caught) == "expert.twice"


def test_every_change_of_standing_has_author_reason_evidence_and_one_entry(session: Session) -> None:
    row = make_expert(session)
    before = len(entries(session))
    for act in ("suspend", "reinstate", "leave", "readmit"):
        service.change_standing(session, KEYS, OFFICE, row, act, f"because of {act}", MINUTES)
    assert entries(session)[before:] == [
        "expert.suspended", "expert.reinstated", "expert.left", "expert.readmitted",
    ]  # fmt: skip
    history = service.acts_of(session, KEYS, row)
    assert [line["act"] for line in history] == ["readmit", "leave", "reinstate", "suspend", "admit"]
    assert all(line["author"] == OFFICE.name and len(line["evidence"]) == 64 for line in history)
    assert history[1]["reason"] == "because of leave" and history[1]["status"] == "left"


@pytest.mark.parametrize(("done", "act"), [((), "reinstate"), ((), "readmit"), (("leave",), "suspend")])
def test_an_act_that_does_not_follow_from_the_state_is_refused(
    session: Session, done: tuple[str, ...], act: str
) -> None:
    row = make_expert(session)
    for each in done:
        service.change_standing(session, KEYS, OFFICE, row, each, "a reason", MINUTES)
    with pytest.raises(Refused) as caught:
        service.change_standing(session, KEYS, OFFICE, row, act, "a reason", MINUTES)
    assert code_of(caught) == "expert.state"


def test_no_act_goes_without_evidence(session: Session) -> None:
    row, nothing = make_expert(session), service.Evidence("empty.pdf", b"")
    with pytest.raises(Refused) as caught:
        service.change_standing(session, KEYS, OFFICE, row, "suspend", "a reason", nothing)
    assert code_of(caught) == "expert.evidence"
    with pytest.raises(Refused) as caught:
        service.admit(session, KEYS, OFFICE, new_expert(), nothing)
    assert code_of(caught) == "expert.evidence"


def test_an_account_of_somebody_else_or_of_no_expert_is_not_linked(session: Session) -> None:
    agent = make_user(session, "agent", name="王五")
    other = make_user(session, "expert", name="李四")
    for user in (agent, other):
        with pytest.raises(Refused) as caught:
            service.admit(session, KEYS, OFFICE, new_expert(name="王五", login=user.login), MINUTES)
        assert code_of(caught) == "expert.account"


def test_an_account_is_linked_to_one_expert_only(session: Session) -> None:
    user = make_user(session, "expert", name="王五")
    make_expert(session, name="王五", login=user.login)
    other = make_expert(session, name="王五", account=False)
    details = new_expert(name="王五", login=user.login)
    with pytest.raises(Refused) as caught:
        service.change(session, KEYS, OFFICE, other, details, "linked by mistake", MINUTES)
    assert code_of(caught) == "expert.account"
    session.refresh(other)
    assert service.read(KEYS, other).user_id is None


def test_what_an_expert_declares_is_kept_and_its_end_replaces_only_the_same_tie(session: Session) -> None:
    row = make_expert(session)
    first = {"org": valid_code(3), "relation": "director", "since": date(2023, 1, 1)}
    service.declare(session, KEYS, OFFICE, row, DeclareInterest(**first))
    service.declare(session, KEYS, OFFICE, row, DeclareInterest(**first | {"relation": "spouse"}))
    service.declare(session, KEYS, OFFICE, row, DeclareInterest(**first | {"until": date(2025, 1, 1)}))
    ties = {tie.relation: tie.until for tie in service.read(KEYS, row).interests}
    assert ties == {"spouse": None, "director": date(2025, 1, 1)}
    with pytest.raises(Refused):
        service.declare(session, KEYS, OFFICE, row, DeclareInterest(**first | {"until": date(2022, 1, 1)}))


def test_a_dump_of_the_database_names_nobody_of_the_pool(session: Session) -> None:
    number = id_number(4711)
    row = make_expert(session, name="独孤求败", phone="13912345678", id_number=number, account=False)
    service.served(session, KEYS, row.number, "T1", valid_code(1), today(session))
    itself = Actor(uuid.uuid4(), "独孤求败", "", "192.0.2.1", KEYS.pseudonym)
    service.declare(
        session,
        KEYS,
        itself,
        row,
        DeclareInterest(org=valid_code(2), relation="other", since=date(2024, 1, 1)),
    )
    tables = ("expert", "expert_act", "expert_session", "expert_training", "supervision_paper")
    dump = "".join(
        str(line) for table in tables for line in session.execute(text(f"SELECT t::text FROM {table} t"))
    )
    dump += "".join(bytes(data).decode() for data in session.scalars(select(LedgerPayload.bytes)) if data)
    for secret in (
        "独孤求败",
        "13912345678",
        number,
        valid_code(1),
        valid_code(2),
        row.number and "示例设计院",
    ):
        assert secret not in dump and secret.encode().hex() not in dump
    assert set(session.scalars(select(ExpertAct.act))) == {"admit", "declare"}


def test_numbers_follow_each_other(session: Session) -> None:
    rows = [make_expert(session, trained=False, account=False) for _ in range(3)]
    assert [row.number for row in rows] == ["E000001", "E000002", "E000003"]
    assert session.scalar(select(Expert.admitted_at)) < datetime.now(UTC) + timedelta(minutes=1)
