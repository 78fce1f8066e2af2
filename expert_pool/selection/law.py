"""The rulebook's numbers for a committee, as they are in force on a day."""

from __future__ import annotations

from datetime import date, datetime
from fractions import Fraction
from functools import cache

from expert_pool.selection.demand import Law
from trading.rulebook.book import Rulebook
from trading.rulebook.calendar import Calendar, add_days, beijing_date
from trading.rulebook.methods import OPEN, group_of


@cache
def the_rulebook() -> Rulebook:
    return Rulebook.load()


@cache
def the_calendar() -> Calendar:
    return Calendar.load()


def law_on(day: date, method: str = OPEN, subject: str = "goods") -> Law:
    """The composition that the law asks for on a Beijing day, for a method of procurement."""
    book = the_rulebook()
    group, share = group_of(method, subject, book, day), book.rule("P8.experts", day).decimals
    return Law(
        members=group.small.integer,
        members_large=group.large.integer,
        large_budget=group.large_from,
        share=Fraction(share[0]) / Fraction(share[1]),
        ratio=book.rule("X3.ratio", day).integer,
        article=f"{group.small.instrument} {group.small.article}",
    )


def too_early(session_at: datetime, now: datetime) -> bool:
    """Whether a draw now is earlier before the session than X8 allows."""
    days = the_rulebook().rule("X8", beijing_date(now)).integer
    soonest = add_days("working_day", days, beijing_date(now), the_calendar())
    return soonest < beijing_date(session_at)
