"""Deadlines of all rooms and their lights: four fifths of the time, the last working day, overdue, standing still."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from fractions import Fraction
from typing import Any

import pytest

from trading.deadlines import Deadline, Threshold, instants, light, warned_days_before
from trading.rulebook.calendar import Calendar, at_beijing
from trading.rulebook.clocks import Clock, Pause

CALENDAR = Calendar.load()
STARTED = at_beijing(date(2026, 3, 2), time(9, 30))
"""a Monday"""


def deadline(**other: Any) -> Deadline:
    facts: dict[str, Any] = {"key": "k", "subject": "s", "title": "t", "step": "step", "department": "d"}
    return Deadline(**facts | {"started": STARTED} | other)


def noon(day: int) -> datetime:
    return at_beijing(date(2026, 3, day), time(12))


@pytest.mark.parametrize(
    ("day", "shown"), [(12, "green"), (13, "yellow"), (16, "yellow"), (17, "red")]
)  # ten working days from the 2nd end with the 16th; eight of them with the 12th
def test_ten_working_days_are_yellow_after_eight_and_red_after_ten(day: int, shown: str) -> None:
    assert light(deadline(clock=Clock(STARTED, 10, "working_day")), CALENDAR, noon(day)) == shown


def test_three_working_days_are_yellow_on_their_last_day() -> None:
    short = deadline(clock=Clock(STARTED, 3, "working_day"))
    assert [light(short, CALENDAR, noon(day)) for day in (4, 5, 6)] == ["green", "yellow", "red"]


def test_natural_days_that_end_on_a_sunday_are_yellow_from_the_last_working_day_on() -> None:
    week = deadline(clock=Clock(STARTED, 6, "day"))  # until Sunday the 8th: four fifths end with the 7th
    assert [light(week, CALENDAR, noon(day)) for day in (5, 6, 8, 9)] == ["green", "yellow", "yellow", "red"]


def test_an_item_may_be_warned_of_earlier_or_not_at_all_before_its_share() -> None:
    clock = Clock(STARTED, 10, "working_day")
    early = deadline(clock=clock, threshold=Threshold(Fraction(1, 2), 1))
    days_left = deadline(clock=clock, threshold=Threshold(Fraction(4, 5), 5))
    late = deadline(clock=clock, threshold=Threshold(Fraction(1), 0))
    assert [light(each, CALENDAR, noon(10)) for each in (early, days_left, late)] == [
        "yellow",
        "yellow",
        "green",
    ]
    assert light(late, CALENDAR, noon(16)) == "green", "with no days left and the whole time nothing warns"


def test_a_published_instant_is_warned_of_in_the_same_way() -> None:
    fixed = deadline(due=at_beijing(date(2026, 3, 22), time(9, 30)))
    found = instants(fixed, CALENDAR, Threshold())
    assert found is not None
    assert (found.yellow, found.red, found.last_day) == (
        at_beijing(date(2026, 3, 18), time(9, 30)), fixed.due, date(2026, 3, 22),
    )  # fmt: skip


def test_what_stands_still_does_not_age() -> None:
    pause = Pause(noon(3), None, "实地踏勘")
    standing = deadline(clock=Clock(STARTED, 2, "working_day", (pause,)))
    assert light(standing, CALENDAR, noon(30)) == "paused"
    assert light(deadline(), CALENDAR, noon(30)) == "paused", "a deadline without an end stands still"


def test_a_period_is_never_red_and_an_act_done_late_stays_so() -> None:
    clock = Clock(STARTED, 3, "working_day")
    assert light(deadline(clock=clock, kind="period"), CALENDAR, noon(6)) == "done"
    assert light(deadline(clock=clock, stopped=noon(5)), CALENDAR, noon(30)) == "done"
    assert light(deadline(clock=clock, stopped=noon(6)), CALENDAR, noon(30)) == "red"


def test_the_last_working_day_before_a_day_off_is_found() -> None:
    sunday = date(2026, 3, 8)
    assert warned_days_before(sunday, 1, CALENDAR) == at_beijing(date(2026, 3, 6), time())
    assert warned_days_before(sunday, 0, CALENDAR) == at_beijing(date(2026, 3, 9), time())
    assert warned_days_before(sunday, 2, CALENDAR).astimezone(UTC) == at_beijing(date(2026, 3, 5), time())
