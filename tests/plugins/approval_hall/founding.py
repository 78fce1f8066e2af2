"""The founding documents' figures at their full size, each from cases loaded into a database: `make figures` prints them.

Not collected with the others; the suite has the same with fewer cases (test_statistics.py)."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from datetime import date

from sqlalchemy import text
from sqlalchemy.orm import Session

from plugins.approval_hall.statistics import counting
from plugins.approval_hall.statistics.counting import Period, Statistics
from tests.plugins.approval_hall.test_statistics import (  # noqa: F401 a fixture
    Row,
    cases,
    load,
    row,
    table,
)
from trading.periods import the_calendar

YEAR = Period(date(2026, 1, 1), date(2026, 11, 10))
"""211 working days"""


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


def rows(accepted: int, closed: int, *days: str, **other: object) -> Iterator[Row]:
    """Accepted on the first of the days, closed on the second."""
    first, second = days
    still_open = {"decided": "", "closed": "", "outcome": ""}
    for number in range(accepted):
        state = {"decided": second, "closed": second} if number < closed else still_open
        yield row(number, filed=first, accepted=first, promised=5, **state, **other)


def figure(source: str, found: Statistics, name: str, places: int, expected: str) -> None:
    share = found.total.shares[name]
    say(f"{source:4} {name:10} {share.shown(places):32} {expected}")
    assert share.percent(places) == expected


def test_the_figures_of_the_founding_documents(session: Session, load: Callable[[bytes], int]) -> None:  # noqa: F811

    def counted(data: bytes, period: Period) -> Statistics:
        session.execute(text("TRUNCATE hall_case CASCADE"))
        begun = time.monotonic()
        number = load(data)
        say(f"     {number} cases loaded in {time.monotonic() - begun:.1f} s")
        return counting.count(session, period, the_calendar())

    march = Period(date(2026, 3, 1), date(2026, 3, 31))
    found = counted(table(cases(21393, 19948, 14374, instant=2639)), march)
    figure("S1", found, "closing", 2, "93.25")
    figure("S1", found, "early", 2, "72.06")
    assert found.total.instant == 2639
    found = counted(table(cases(14630, 14550, 0, instant=14317)), march)
    figure("S0", found, "closing", 2, "99.45")
    figure("S0", found, "closing", 1, "99.5")
    figure("S0", found, "instant", 1, "98.4")
    found = counted(table(rows(82830, 82818, "2026-03-02", "2026-03-04")), YEAR)
    figure("S3", found, "closing", 2, "99.99")
    figure("S3", found, "closing", 0, "100")
    say(f"S3   accepted a day {found.accepted_a_day} ({found.total.accepted}/{found.working_days})")
    assert (found.accepted_a_day, found.working_days) == ("392.6", 211)
    together = ("project-approval", "construction-works", "small-works")
    found = counted(table(row(number, item=item) for number, item in enumerate(together)), march)
    for each in found.parallel:
        say(f"S1   {each.item}: {each.series} → {each.together} working days")
    assert [(each.series, each.together) for each in found.parallel] == [(178, 61), (47, 14), (118, 44)]
