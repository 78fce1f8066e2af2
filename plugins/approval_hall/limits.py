"""The times of a case (办理时限): when it is due by promise and by law, its steps, what was and was not counted. Pure.

All are working days of the hall's calendar; a period begins on the day after its event.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from plugins.approval_hall.catalogue.item import Words
from trading.periods import Calendar, Clock, Pause, add_days, beijing_date, due, end_of, subtract_days

MOMENT = timedelta(milliseconds=1)
DATA = Path(__file__).parent / "limits.toml"


@cache
def table() -> Mapping[str, Any]:
    """The data file."""
    return tomllib.loads(DATA.read_text("utf-8"))


def days(name: str) -> int:
    """The working days of a limit: tell | remind."""
    found: int = table()[name]["days"]
    return found


def article(name: str) -> str:
    """The article of a limit, as refusals cite it."""
    found: str = table()[name]["article"]
    return found


@cache
def grounds() -> dict[str, Words]:
    """What may stop the clock (LIC 45)."""
    return {key: Words(row["zh"], row["en"]) for key, row in table()["pause"]["grounds"].items()}


def clock(started: datetime, amount: int, pauses: Iterable[Pause] = ()) -> Clock:
    """A clock of `amount` working days; with none it is due at the end of the day, the next working day when that is off."""
    return Clock(started, amount, "working_day", tuple(merged(pauses)), roll=not amount)


def due_at(
    started: datetime, amount: int, calendar: Calendar, pauses: Iterable[Pause] = ()
) -> datetime | None:
    """The first instant too late; None while the clock stands still."""
    found = due(clock(started, amount, pauses), calendar)
    return found.red if found else None


def merged(pauses: Iterable[Pause]) -> list[Pause]:
    """Pauses that do not overlap: what stops twice at a time stops once."""
    found: list[Pause] = []
    for pause in sorted(pauses, key=lambda each: each.start):
        last = found[-1] if found else None
        if last is None or (last.end is not None and last.end < pause.start):
            found.append(pause)
        elif last.end is not None and (pause.end is None or pause.end > last.end):
            found[-1] = Pause(last.start, pause.end, last.reason)
    return found


@dataclass(frozen=True)
class Totals:
    """Working days counted and not counted so far (计时、不计时)."""

    timed: int
    untimed: int

    @property
    def all(self) -> int:
        return self.timed + self.untimed


def totals(started: datetime, until: datetime, calendar: Calendar, pauses: Iterable[Pause] = ()) -> Totals:
    """What has passed from `started` to `until`: the day of the start is not counted, as in every period."""
    first, last = beijing_date(started), beijing_date(until)
    stopped = [(beijing_date(p.start), beijing_date(p.end or until)) for p in merged(pauses)]
    timed = untimed = 0
    day = first
    while day < last:
        day = add_days("day", 1, day, calendar)
        if calendar.is_working(day):
            still = any(begin < day <= end for begin, end in stopped)
            untimed += still
            timed += not still
    return Totals(timed, untimed)


def remind_at(due_by: datetime, made: datetime, calendar: Calendar) -> datetime:
    """When a promised paper is called to mind: some working days before its last day, not before it was promised."""
    last = beijing_date(due_by - MOMENT)
    return max(made, end_of(subtract_days("working_day", days("remind"), last, calendar)))


def shown_day(instant: datetime | None) -> str:
    """The last day in time, as people read it, of a first instant too late."""
    return beijing_date(instant - MOMENT).isoformat() if instant else ""


def pauses_from(rows: Sequence[Any]) -> list[Pause]:
    """Pauses of rows with `started_at`, `ended_at`, `ground`."""
    return [Pause(row.started_at, row.ended_at, row.ground) for row in rows]
