"""The calendar of queries and complaints."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from trading.rulebook.book import Rulebook
from trading.rulebook.calendar import Calendar
from trading.rulebook.clocks import Pause
from trading.supervision.limits import Limits, worked

LIMITS = Limits(Rulebook.load(), Calendar.load())
KNOWN, RECEIVED = date(2026, 5, 11), date(2026, 5, 20)


def days(limits: Limits, track: str = "procurement") -> dict[str, str]:
    found = worked(limits, track, KNOWN, RECEIVED)  # type: ignore[arg-type]
    return {name: limit.last_day.isoformat() for name, limit in found.items() if limit.last_day}


def test_the_worked_calendar_of_government_procurement_comes_out() -> None:
    assert days(LIMITS) == {
        "query": "2026-05-20", "answer": "2026-05-29", "complaint": "2026-06-22", "decide": "2026-08-03",
    }  # fmt: skip


def test_the_dragon_boat_holiday_is_data_and_without_it_the_complaint_ends_on_the_friday() -> None:
    bare = {2026: replace(LIMITS.calendar.years[2026], off={}, working=frozenset())}
    assert days(Limits(LIMITS.book, replace(LIMITS.calendar, years=bare)))["complaint"] == "2026-06-19"


def test_every_limit_names_its_article() -> None:
    found = worked(LIMITS, "procurement", KNOWN, RECEIVED)
    named = {name: f"{limit.rule.instrument} {limit.rule.article}" for name, limit in found.items()}
    assert named == {"query": "GPL 52", "answer": "GPL 53", "complaint": "GPL 55", "decide": "GPL 56"}


def test_an_objection_to_documents_ends_ten_days_before_the_deadline() -> None:
    deadline = datetime(2026, 6, 30, 1, tzinfo=UTC)
    assert LIMITS.query("bidding_law", "documents", KNOWN, deadline).last_day == date(2026, 6, 20)


def test_an_objection_to_the_opening_has_no_written_way() -> None:
    with pytest.raises(KeyError):
        LIMITS.query("bidding_law", "process", KNOWN, None)


def test_a_complaint_by_the_bidding_law_runs_ten_days_from_the_answer() -> None:
    answered = datetime(2026, 5, 22, 2, tzinfo=UTC)
    found = LIMITS.complaint("bidding_law", datetime(2026, 5, 20, 2, tzinfo=UTC), answered, date(2026, 5, 25))
    assert found.last_day == date(2026, 6, 1)


def test_a_pause_moves_the_decision_by_its_working_days_and_an_open_one_stops_it() -> None:
    accepted = datetime(2026, 7, 1, 2, tzinfo=UTC)
    start, end = datetime(2026, 7, 6, 2, tzinfo=UTC), datetime(2026, 7, 13, 2, tzinfo=UTC)
    plain = LIMITS.limit("bidding_law", "decide", accepted)
    paused = LIMITS.limit("bidding_law", "decide", accepted, [Pause(start, end, "appraisal")])
    standing = LIMITS.limit("bidding_law", "decide", accepted, [Pause(start, None, "appraisal")], now=end)
    assert (plain.last_day, paused.last_day) == (date(2026, 8, 12), date(2026, 8, 19))
    assert (standing.last_day, standing.light) == (None, "paused")


def test_the_light_is_yellow_from_four_fifths_of_the_time_and_red_after_it() -> None:
    filed = datetime(2026, 5, 20, 2, tzinfo=UTC)
    at = {
        day: LIMITS.limit("procurement", "answer", filed, now=datetime(2026, 5, day, 2, tzinfo=UTC)).light
        for day in (26, 29, 30)
    }
    assert at == {26: "green", 29: "yellow", 30: "red"}
