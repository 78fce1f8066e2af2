"""Statutory clocks: due instants, pauses, lights."""

from datetime import UTC, date, datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trading.rulebook.book import Rulebook
from trading.rulebook.calendar import BEIJING, Calendar, add_days, beijing_date, end_of
from trading.rulebook.clocks import Clock, Pause, due, light

CALENDAR = Calendar.load()
BOOK = Rulebook.load()


def at(month: int, day: int, hour: int = 10, minute: int = 0) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=BEIJING).astimezone(UTC)


def test_a_query_of_the_20th_of_may_is_answered_by_the_end_of_the_29th() -> None:
    clock = Clock.of(BOOK.rule("P18.answer", date(2026, 5, 20)), at(5, 20, 16))
    instants = due(clock, CALENDAR)
    assert instants is not None
    assert instants.last_day == date(2026, 5, 29)
    assert instants.red == at(5, 30, 0)
    assert instants.yellow == at(5, 29, 0)
    assert light(clock, CALENDAR, at(5, 28, 23, 59)) == "green"
    assert light(clock, CALENDAR, at(5, 29, 0)) == "yellow"
    assert light(clock, CALENDAR, at(5, 30, 0) - timedelta(milliseconds=1)) == "yellow"
    assert light(clock, CALENDAR, at(5, 30, 0)) == "red"


def test_an_act_in_the_last_instant_is_in_time_and_at_midnight_is_late() -> None:
    clock = Clock(at(5, 20), 7, "working_day")
    assert light(clock, CALENDAR, at(6, 5), at(5, 30, 0) - timedelta(milliseconds=1)) == "done"
    assert light(clock, CALENDAR, at(6, 5), at(5, 30, 0)) == "red"


def test_the_rule_says_whether_a_last_day_off_rolls_forward() -> None:
    strict = due(Clock.of(BOOK.rule("T15.contract", date(2026, 4, 2)), at(4, 2)), CALENDAR)
    rolled = due(Clock.of(BOOK.rule("P11.contract", date(2026, 4, 2)), at(4, 2)), CALENDAR)
    assert strict is not None and strict.last_day == date(2026, 5, 2)
    assert rolled is not None and rolled.last_day == date(2026, 5, 6)


def test_days_of_a_pause_are_not_counted() -> None:
    # Decision in 30 working days; an appraisal from Monday 1 June to Monday 8 June takes five out.
    plain = due(Clock(at(5, 20), 30, "working_day"), CALENDAR)
    paused = due(Clock(at(5, 20), 30, "working_day", (Pause(at(6, 1), at(6, 8), "appraisal"),)), CALENDAR)
    assert plain is not None and paused is not None and plain.last_day and paused.last_day
    assert paused.last_day == add_days("working_day", 5, plain.last_day, CALENDAR)


def test_a_pause_within_one_day_changes_nothing() -> None:
    pause = Pause(at(5, 21, 9), at(5, 21, 17), "answer awaited")
    assert due(Clock(at(5, 20), 7, "day", (pause,)), CALENDAR) == due(Clock(at(5, 20), 7, "day"), CALENDAR)


def test_a_clock_paused_without_end_has_no_due_instant() -> None:
    clock = Clock(at(5, 20), 7, "working_day", (Pause(at(5, 22), None, "appraisal"),))
    assert due(clock, CALENDAR) is None
    assert light(clock, CALENDAR, at(12, 1)) == "paused"
    assert light(clock, CALENDAR, at(12, 1), at(11, 30)) == "done"


def test_a_pause_that_begins_after_the_end_stops_nothing() -> None:
    late = at(6, 3)  # due at the end of the 29th of May
    for end in (None, at(6, 10)):
        clock = Clock(at(5, 20), 7, "working_day", (Pause(late, end, "appraisal"),))
        assert due(clock, CALENDAR) == due(Clock(at(5, 20), 7, "working_day"), CALENDAR)
        assert [light(clock, CALENDAR, day) for day in (at(5, 25), at(6, 2), at(6, 4))] == [
            "green",
            "red",
            "red",
        ]
    earlier = Pause(at(5, 22), at(6, 2), "appraisal")
    assert (
        due(Clock(at(5, 20), 7, "working_day", (earlier, Pause(late, None, "appraisal"))), CALENDAR) is None
    )


def test_a_pause_that_begins_on_the_last_day_leaves_the_rest_of_it_for_the_day_it_ends() -> None:
    last = at(5, 29, 15)  # a Friday afternoon
    for unit, amount, ends, shown in (
        ("working_day", 7, at(6, 3), date(2026, 6, 3)),
        ("working_day", 7, at(6, 6), date(2026, 6, 8)),  # let go on a Saturday
        ("day", 9, at(6, 6), date(2026, 6, 6)),
    ):
        clock = Clock(at(5, 20), amount, unit, (Pause(last, ends, "appraisal"),))  # type: ignore[arg-type]
        found = due(clock, CALENDAR)
        assert found is not None and found.last_day == shown
        assert light(clock, CALENDAR, ends + timedelta(minutes=1)) == "yellow"
        again = Clock(
            clock.started,
            amount,
            clock.unit,
            (
                *clock.pauses,
                Pause(
                    end_of(shown) - timedelta(hours=1),
                    end_of(date(2026, 6, 12)) - timedelta(hours=1),
                    "again",
                ),
            ),
        )
        moved = due(again, CALENDAR)
        assert moved is not None and moved.last_day == date(2026, 6, 12)


def test_the_light_is_paused_during_a_pause_that_has_ended_since() -> None:
    clock = Clock(at(5, 20), 7, "working_day", (Pause(at(5, 22), at(5, 26), "appraisal"),))
    assert light(clock, CALENDAR, at(5, 25)) == "paused"
    assert light(clock, CALENDAR, at(5, 26)) == "green"


def test_one_day_is_yellow_from_the_start() -> None:
    clock = Clock(at(5, 20), 1, "working_day")
    assert light(clock, CALENDAR, at(5, 20)) == "yellow"


def test_thirty_minutes_run_exactly_and_stand_still_while_paused() -> None:
    plain = due(Clock(at(5, 20), 30, "minute"), CALENDAR)
    assert plain is not None
    assert (plain.yellow, plain.red, plain.last_day) == (at(5, 20, 10, 24), at(5, 20, 10, 30), None)
    paused = Clock(at(5, 20), 30, "minute", (Pause(at(5, 20, 10, 10), at(5, 20, 11, 10), "line down"),))
    instants = due(paused, CALENDAR)
    assert instants is not None and instants.red == at(5, 20, 11, 30)
    before = Clock(at(5, 20), 30, "minute", (Pause(at(5, 20, 8), at(5, 20, 9), "earlier"),))
    assert due(before, CALENDAR) == plain
    after = Clock(at(5, 20), 30, "minute", (Pause(at(5, 20, 11), at(5, 20, 12), "later"),))
    assert due(after, CALENDAR) == plain


def test_pauses_must_make_sense() -> None:
    with pytest.raises(ValueError, match="before it starts"):
        due(Clock(at(5, 20), 7, "day", (Pause(at(5, 22), at(5, 21), "x"),)), CALENDAR)
    with pytest.raises(ValueError, match="overlap"):
        due(
            Clock(at(5, 20), 7, "day", (Pause(at(5, 21), at(5, 24), "x"), Pause(at(5, 23), at(5, 25), "y"))),
            CALENDAR,
        )
    with pytest.raises(ValueError, match="not a period"):
        Clock.of(BOOK.rule("P6", date(2026, 5, 20)), at(5, 20))


@given(
    st.integers(0, 300), st.integers(1, 60), st.sampled_from(["day", "working_day"]), st.integers(0, 40),
    st.integers(0, 20),
)  # fmt: skip
def test_a_pause_never_shortens_a_period_and_yellow_never_follows_red(
    shift: int, amount: int, unit: str, begins: int, lasts: int
) -> None:
    started = at(1, 5) + timedelta(days=shift)
    pause = Pause(started + timedelta(days=begins), started + timedelta(days=begins + lasts), "x")
    plain, paused = (
        due(Clock(started, amount, unit), CALENDAR),
        due(Clock(started, amount, unit, (pause,)), CALENDAR),
    )
    assert plain is not None and paused is not None
    assert plain.red <= paused.red <= plain.red + timedelta(days=2 * lasts + 30)
    assert started <= plain.yellow <= plain.red and started <= paused.yellow <= paused.red


@given(st.integers(0, 300), st.integers(1, 60))
def test_without_pauses_a_clock_is_the_calendar(shift: int, amount: int) -> None:
    started = at(1, 5) + timedelta(days=shift)
    instants = due(Clock(started, amount, "working_day", yellow=Fraction(1)), CALENDAR)
    assert instants is not None
    assert instants.red == end_of(add_days("working_day", amount, beijing_date(started), CALENDAR))
