"""Times, completeness, powers and the life of a case: the pure rules."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plugins.approval_hall import lifecycle, limits
from plugins.approval_hall.catalogue import library
from plugins.approval_hall.catalogue.checking import promised_days
from plugins.approval_hall.catalogue.item import kinds, modes
from plugins.approval_hall.intake.completeness import Paper, form_faults, missing, promisable, told_twice
from plugins.approval_hall.lifecycle import CaseFacts
from plugins.approval_hall.staff import powers
from trading.errors import Refused
from trading.periods import Pause, beijing_date, the_calendar

MONDAY = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)  # ten in the morning in Beijing
DAYS = the_calendar()
ITEM = library.load().items["project-approval"]


def day(text: str, hour: int = 2) -> datetime:
    return datetime.fromisoformat(text).replace(hour=hour, tzinfo=UTC)


@pytest.mark.parametrize(
    ("mode", "amount"),
    [("instant", 0), ("limit", 14), ("joint", 14), ("answer", 3), ("assisted", 5), ("special", 7)],
)
def test_each_way_of_handling_has_its_own_due_time(mode: str, amount: int) -> None:
    assert promised_days(ITEM, modes()[mode]) == amount


def test_promised_days_begin_on_the_day_after_and_skip_the_weekend() -> None:
    assert limits.shown_day(limits.due_at(MONDAY, 5, DAYS)) == "2026-11-30"
    assert limits.shown_day(limits.due_at(MONDAY, 14, DAYS)) == "2026-12-11"


def test_what_is_decided_on_the_spot_is_due_the_same_day_or_on_the_next_working_day() -> None:
    assert limits.shown_day(limits.due_at(MONDAY, 0, DAYS)) == "2026-11-23"
    assert limits.shown_day(limits.due_at(day("2026-11-28"), 0, DAYS)) == "2026-11-30"


def test_a_pause_moves_the_due_day_by_its_working_days_and_an_open_one_leaves_none() -> None:
    hearing = Pause(day("2026-11-25"), day("2026-12-02"), "hearing")
    assert limits.shown_day(limits.due_at(MONDAY, 5, DAYS, [hearing])) == "2026-12-07"
    assert limits.due_at(MONDAY, 5, DAYS, [Pause(day("2026-11-25"), None, "hearing")]) is None


def test_what_stops_twice_at_a_time_stops_once() -> None:
    one, two = (
        Pause(day("2026-11-25"), day("2026-11-27"), "a"),
        Pause(day("2026-11-26"), day("2026-12-01"), "b"),
    )
    assert [(p.start, p.end) for p in limits.merged([two, one])] == [(one.start, two.end)]
    assert limits.due_at(MONDAY, 9, DAYS, [one, two]) == limits.due_at(
        MONDAY, 9, DAYS, [Pause(one.start, two.end, "")]
    )


def test_counted_and_uncounted_working_days_are_told_apart() -> None:
    hearing = Pause(day("2026-11-25"), day("2026-12-02"), "hearing")
    found = limits.totals(MONDAY, day("2026-12-04"), DAYS, [hearing])
    assert (found.timed, found.untimed, found.all) == (4, 5, 9)


@settings(max_examples=80, deadline=None)
@given(
    st.integers(0, 40),
    st.integers(1, 30),
    st.lists(st.tuples(st.integers(0, 60), st.integers(0, 10)), max_size=4),
)
def test_a_case_ended_on_its_due_day_took_exactly_the_promised_working_days(
    start: int, amount: int, spans: list[tuple[int, int]]
) -> None:
    begun = MONDAY + timedelta(days=start)
    pauses = [Pause(begun + timedelta(days=a), begun + timedelta(days=a + n), "") for a, n in spans]
    due = limits.due_at(begun, amount, DAYS, pauses)
    assert due is not None
    last = date.fromisoformat(limits.shown_day(due))
    found = limits.totals(begun, datetime(last.year, last.month, last.day, 4, tzinfo=UTC), DAYS, pauses)
    # what is left of a last day on which time stood still is worked off on the next working day
    moved = sum(not DAYS.is_working(beijing_date(pause.end or due)) for pause in pauses)
    assert amount <= found.timed <= amount + moved
    assert found.all >= amount and beijing_date(due) > beijing_date(begun)


def test_a_promised_paper_is_called_to_mind_before_its_last_day() -> None:
    due = limits.due_at(MONDAY, 15, DAYS)
    assert due is not None and limits.shown_day(due) == "2026-12-14"
    assert limits.shown_day(limits.remind_at(due, MONDAY, DAYS)) == "2026-12-09"
    assert limits.remind_at(MONDAY, day("2026-11-24"), DAYS) == day("2026-11-24")


def papers(**states: str) -> dict[str, Paper]:
    return {key: Paper(key, state, MONDAY if state == "delivered" else None) for key, state in states.items()}


def test_only_tolerable_papers_may_follow() -> None:
    there = papers(application="delivered", environment="missing")
    assert [each.key for each in missing(ITEM, there)] == ["land", "environment", "water"]
    later, never = promisable(ITEM, there)
    assert ([each.key for each in later], [each.key for each in never]) == (
        ["environment", "water"],
        ["land"],
    )
    assert (
        missing(
            ITEM, papers(application="delivered", land="delivered", environment="promised", water="promised")
        )
        == []
    )


def test_a_gap_of_the_first_notice_is_in_no_second_one_unless_it_was_handed_in_anew() -> None:
    before, after = MONDAY - timedelta(hours=1), MONDAY + timedelta(hours=1)
    there = {"land": Paper("land", "delivered", before), "water": Paper("water", "delivered", after)}
    assert told_twice(["land", "water", "environment"], there, MONDAY) == ["land", "environment"]
    assert told_twice(["land"], there, None) == []


@pytest.mark.parametrize(
    ("value", "wrong"),
    [
        ("", True),
        ("12", False),
        ("12.345", True),
        ("-1", True),
        ("twelve", True),
        ("NaN", True),
        ("1e99", True),
    ],
)
def test_fields_of_a_form_are_checked_by_their_type(value: str, wrong: bool) -> None:
    faults = form_faults(ITEM, {"place": "示例路", "scale": "一所小学", "estimate": value})
    assert [fault.field for fault in faults] == (["estimate"] if wrong else [])


def test_a_representative_decides_what_the_letter_says_and_looks_into_the_rest() -> None:
    usual = powers.usual()
    decided = {kind for kind in kinds() if powers.may(usual, kind, powers.DECIDE)}
    assert decided == {"instant", "supplement", "returned"}
    assert all(powers.may(usual, kind, powers.PRE_REVIEW) for kind in kinds())
    assert not powers.may(None, "instant", powers.PRE_REVIEW)
    assert not powers.may(usual | {"joint": "none"}, "joint", powers.PRE_REVIEW)
    assert powers.no_power("promised", "发改局", usual, 3).code == "hall.no-power"


@pytest.mark.parametrize("change", [{"instant": "all"}, {"strange": "decide"}])
def test_a_matrix_with_a_hole_is_no_letter(change: dict[str, str]) -> None:
    assert powers.faults(powers.usual() | change)
    assert powers.faults(powers.usual()) == []


def test_the_life_of_a_case_refuses_with_its_reason() -> None:
    for step, facts in (
        ("accept", CaseFacts("draft")), ("return", CaseFacts("prefiled")),
        ("review", CaseFacts("prefiled")), ("close", CaseFacts("decided", result=False)),
        ("decide", CaseFacts("accepted")),
    ):  # fmt: skip
        with pytest.raises(Refused) as refused:
            lifecycle.take(step, facts)
        assert refused.value.faults[0].code == f"hall.{step}"
    # a closed case can still be revoked
    assert {*lifecycle.LIFECYCLE.ends, "closed"} == set(lifecycle.OVER)
    assert lifecycle.LIFECYCLE.reachable() == set(lifecycle.LIFECYCLE.states)


def test_kinds_become_only_what_their_table_says() -> None:
    assert lifecycle.become("joint", "supplement") == "supplement"
    for one, other in (("returned", "joint"), ("special", "instant")):
        with pytest.raises(Refused):
            lifecycle.become(one, other)
