"""Import and export: every faulty row at once, nothing by halves, and what goes out comes in the same."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from expert_pool.experts import importing, lines, service, sheet
from expert_pool.experts.models import Expert, ExpertAct, ExpertTraining
from expert_pool.experts.person import Interest
from tests.expert_pool.experts.test_service import entries
from tests.expert_pool.pool import MINUTES, OFFICE, id_number, make_expert
from tests.helpers import KEYS, make_user, valid_code
from trading.accounts.models import User
from trading.clock import database_now
from trading.errors import Refused

HEADING = list(lines.COLUMNS.values())
EVIDENCE = "e" * 64


def cells(place: int, **fields: str) -> list[str]:
    """A row that is right, with other cells where told."""
    values = {
        "name": f"专家{place}", "phone": f"1380000{place:04d}", "employer": valid_code(place), "employer_name": "示例院",
        "region": "440300", "specialities": "B03.01.01;C01.01.01", "title": "高级工程师", "years": "9",
        "id_number": id_number(place),
    } | fields  # fmt: skip
    return [values.get(name, "") for name in lines.COLUMNS]


def plan_of(session: Session, *rows: list[str]) -> importing.Plan:
    return importing.examine(session, KEYS, sheet.write(HEADING, rows), binding=True)


def take(session: Session, plan: importing.Plan, **more: Any) -> None:
    importing.carry_out(session, KEYS, OFFICE, plan, EVIDENCE, "年度增补", **more)


def names(session: Session) -> set[str]:
    return {person.name for person in service.people(session, KEYS, database_now(session))}


def test_every_faulty_row_is_reported_at_once_with_its_place_and_what_to_do(session: Session) -> None:
    plan = plan_of(
        session,
        cells(1, employer="91440300MA0000000X", years="7"),
        cells(2),
        cells(3, specialities="B03.01.01;Z99"),
        cells(4, id_number="440300196001010000"),
        cells(5, region="4403"),
        cells(5, name="同一人"),
        cells(6, name="=cmd|'/c calc'!A1"),
    )
    told = [(fault.row, fault.column, fault.heading) for fault in plan.faults]
    # The seventh row's text is written with the mark, so it is a name like others.
    assert told == [
        (2, "D", "工作单位代码"), (2, "I", "从业年限"), (4, "G", "专业"), (5, "O", "证件号码"), (6, "F", "地区"),
    ]  # fmt: skip
    assert all(fault.message and fault.remedy for fault in plan.faults)
    assert plan.faulty_rows == 4 and len(plan.new) == 3


def test_people_who_are_named_twice_are_faults_of_both_rows(session: Session) -> None:
    plan = plan_of(session, cells(1), cells(1, name="另一个名字"), cells(2))
    assert [(fault.row, fault.heading) for fault in plan.faults] == [(2, "证件号码"), (3, "证件号码")]


def test_nothing_is_imported_unless_all_is_right_or_the_officer_wants_the_good_ones(session: Session) -> None:
    plan = plan_of(session, cells(1), cells(2, years="many"), cells(3))
    with pytest.raises(Refused) as caught:
        take(session, plan)
    assert caught.value.faults[0].code == "import.faults" and names(session) == set()
    take(session, plan, good_ones=True)
    assert names(session) == {"专家1", "专家3"}
    assert entries(session).count("pool.imported") == 1
    assert session.scalars(select(ExpertAct.act)).all() == ["import", "import"]


def test_a_formula_is_a_fault_of_its_cell_even_as_text(session: Session) -> None:
    raw = sheet.write(HEADING, [cells(1)])
    found = sheet.read(raw)
    rows, faults = lines.parse(sheet.Sheet(HEADING, [(2, ["", "=1+1", *cells(1)[2:]])], [(2, 8)]))
    assert rows == [] and [(fault.row, fault.column) for fault in faults] == [(2, "B"), (2, "I")]
    assert found.formulas == []


def test_a_file_without_the_headings_says_which_are_missing(session: Session) -> None:
    plan = importing.examine(session, KEYS, sheet.write(["姓名", "电话"], [["张三", "1"]]))
    (fault,) = plan.faults
    assert (
        fault.row == 1
        and "联系电话" in fault.message.interpolate()
        and "姓名" not in fault.message.interpolate()
    )


def test_what_was_exported_imports_as_no_change(session: Session) -> None:
    make_expert(session, interests=[Interest(valid_code(3), "shareholder", service.date(2024, 1, 1))])
    make_expert(session, account=False, trained=False, official_of="440300;市住建局", name="'=奇怪的名字")
    raw = importing.export(session, KEYS, OFFICE)
    plan = importing.examine(session, KEYS, raw)
    assert (plan.faults, plan.new, plan.changed, plan.same) == ([], [], [], 2)
    with pytest.raises(Refused):
        take(session, plan)


NAMES = st.text(st.characters(categories=("Lu", "Ll", "Lo", "Nd")), min_size=1, max_size=8) | st.sampled_from(
    ["=1+1", "+86", "-", "@x", "'=x", "<b>", "a;b", "阿不都·热合曼"]
)
TIES = st.lists(
    st.builds(
        Interest,
        st.integers(1, 99).map(valid_code),
        st.sampled_from(lines.RELATIONS),
        st.dates(service.date(2000, 1, 1), service.date(2025, 1, 1)),
        st.none() | st.dates(service.date(2025, 1, 2), service.date(2030, 1, 1)),
    ),
    max_size=3,
    unique_by=lambda tie: (tie.org, tie.relation, tie.since),
)


@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(NAMES, TIES, st.sampled_from(["", "suspend", "leave"])), min_size=1, max_size=4))
def test_an_export_fills_an_empty_pool_with_the_same_people(
    session: Session, people: list[tuple[str, list[Interest], str]]
) -> None:
    with session.begin_nested() as nested:
        for name, ties, act in people:
            row = make_expert(session, account=False, name=name, employer_name=name, interests=ties)
            if act:
                service.change_standing(session, KEYS, OFFICE, row, act, "a reason", MINUTES)
        before = service.people(session, KEYS, database_now(session))
        raw = importing.export(session, KEYS, OFFICE)
        for table in (ExpertTraining, ExpertAct, Expert):
            session.execute(delete(table))
        session.expire_all()
        plan = importing.examine(session, KEYS, raw)
        assert plan.faults == []
        take(session, plan)
        assert service.people(session, KEYS, database_now(session)) == before
        assert sheet.read(importing.export(session, KEYS, OFFICE)) == sheet.read(raw)
        nested.rollback()


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.sampled_from(list(lines.COLUMNS)), st.text(max_size=20)), min_size=1, max_size=4)
)
def test_whatever_stands_in_one_row_the_others_are_taken(
    session: Session, dirt: list[tuple[str, str]]
) -> None:
    broken = cells(1, **dict(dirt))
    rows = [(2, [sheet.neutral(cell) for cell in broken]), (3, cells(2)), (4, cells(3))]
    parsed, faults = lines.parse(sheet.Sheet(HEADING, rows, []))
    assert {3, 4} <= {number for number, _row in parsed}
    assert {fault.row for fault in faults} <= {2} and (2 in {number for number, _row in parsed}) != bool(
        faults
    )


def test_a_changed_row_changes_the_person_and_keeps_what_was_declared(session: Session) -> None:
    tie = Interest(valid_code(3), "spouse", service.date(2024, 1, 1))
    row = make_expert(session, interests=[tie], trained=False)
    old = lines.row_of(service.one(session, KEYS, row), "", row.identity)
    new = dict(zip(lines.COLUMNS, old, strict=True)) | {
        "phone": "0755 12345678", "interests": "", "trained_until": "2031-05-01", "login": "",
    }  # fmt: skip
    plan = plan_of(session, list(new.values()))
    assert (plan.faults, len(plan.changed)) == ([], 1)
    take(session, plan)
    person = service.one(session, KEYS, row)
    assert (person.phone, person.interests) == ("0755 12345678", (tie,))
    assert person.trained_until == service.date(2031, 5, 1)


def narrow(session: Session, row: Expert, **changes: str) -> list[list[str]]:
    """The heading and a row of somebody in the pool, in a file with the number and the needed columns only."""
    known = lines.row_of(service.one(session, KEYS, row), "", row.identity)
    told = dict(zip(lines.COLUMNS, known, strict=True)) | changes
    wanted = ("number", *lines.NEEDED)
    return [[lines.COLUMNS[name] for name in wanted], [told[name] for name in wanted]]


def test_a_file_without_a_column_leaves_what_the_column_would_say(session: Session) -> None:
    row = make_expert(session, official_of="440300;市住建局")
    before = service.one(session, KEYS, row)
    heading, cells = narrow(session, row, phone="0755 12345678")
    plan = importing.examine(session, KEYS, sheet.write(heading, [cells]))
    assert (plan.faults, len(plan.changed)) == ([], 1)
    take(session, plan)
    assert service.one(session, KEYS, row) == dataclasses.replace(before, phone="0755 12345678")
    assert before.user_id and service.person_of_user(session, KEYS, before.user_id) is not None


def test_an_empty_cell_of_a_column_takes_out_what_stood_there(session: Session) -> None:
    row = make_expert(session, official_of="440300")
    known = lines.row_of(service.one(session, KEYS, row), "", row.identity)
    told = dict(zip(lines.COLUMNS, known, strict=True)) | {"official_of": ""}
    take(session, plan_of(session, list(told.values())))
    person = service.one(session, KEYS, row)
    assert (person.official_of, person.user_id, row.owner) == ((), None, None)


def test_a_file_without_accounts_gives_nobody_another_name_than_the_account_has(session: Session) -> None:
    row = make_expert(session)
    heading, cells = narrow(session, row, name="改了名字")
    plan = importing.examine(session, KEYS, sheet.write(heading, [cells]))
    assert [(fault.row, fault.heading) for fault in plan.faults] == [(2, "姓名")] and not plan.changed
    user_id = service.read(KEYS, row).user_id
    session.get_one(User, user_id).name = "改了名字"
    session.flush()
    assert len(importing.examine(session, KEYS, sheet.write(heading, [cells])).changed) == 1


def test_a_row_links_only_an_experts_own_account_that_nobody_else_has(session: Session) -> None:
    user, agent = make_user(session, "expert", name="王五"), make_user(session, "agent", name="王五")
    free = make_user(session, "expert", name="王五")
    make_expert(session, name="王五", login=user.login)
    rows = [
        cells(place, name="王五", login=who.login) for place, who in enumerate((user, agent, free), start=1)
    ]
    plan = plan_of(session, *rows)
    assert [(fault.row, fault.heading) for fault in plan.faults] == [(2, "登录名"), (3, "登录名")]
    take(session, plan, good_ones=True)
    found = service.person_of_user(session, KEYS, free.id)
    assert found is not None and found.phone == "13800000003"


def test_an_import_does_not_change_anybodys_standing_or_identity(session: Session) -> None:
    row, other = make_expert(session), make_expert(session)
    known = dict(
        zip(lines.COLUMNS, lines.row_of(service.one(session, KEYS, row), "", row.identity), strict=True)
    )
    for field, value in (
        ("status", "退出"),
        ("identity", other.identity.hex()),
        ("id_number", id_number(987)),
    ):
        more = {"identity": ""} if field == "id_number" else {}
        plan = plan_of(session, list((known | more | {field: value}).values()))
        assert len(plan.faults) == 1 and not plan.changed
