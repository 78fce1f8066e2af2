"""Periods of working days and their lights for whoever has clocks of its own (期限): the calendar and the clock engine of
the rulebook, for plugins."""

from __future__ import annotations

from functools import cache

from trading.rulebook.calendar import (
    Calendar,
    add_days,
    at_beijing,
    beijing_date,
    end_of,
    roll_forward,
    subtract_days,
)
from trading.rulebook.clocks import Clock, ClockUnit, Due, Light, Pause, due, light

__all__ = [
    "Calendar", "Clock", "ClockUnit", "Due", "Light", "Pause", "add_days", "at_beijing", "beijing_date", "due", "end_of",
    "light", "roll_forward", "subtract_days", "the_calendar",
]  # fmt: skip


@cache
def the_calendar() -> Calendar:
    """The calendar in force here, read once a process."""
    return Calendar.load()
