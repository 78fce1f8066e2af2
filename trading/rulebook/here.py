"""The rulebook and the calendar in force here (现行规则与日历), read once a process."""

from __future__ import annotations

from functools import cache

from trading.rulebook.book import Rulebook
from trading.rulebook.calendar import Calendar


@cache
def rulebook() -> Rulebook:
    return Rulebook.load()


@cache
def calendar() -> Calendar:
    return Calendar.load()
