"""The one engine of statutory clocks (法定时限): due instants, pauses with reason, yellow and red light.

A clock counted in days starts the day after its start (民法典 201) and is due at the end of its last day in
Beijing. A pause from one day to a later one takes the days after its first, up to and including its last,
out of the count: the day on which a clock stops and the day on which it resumes are treated like a first
day. A pause that begins on the last day leaves what was left of it for the day on which the clock resumes
(the next working day where it counts those). A clock counted in minutes or hours simply runs on for as long as it was paused.

Yellow begins when the given ratio of the time has passed or one counted unit is left, whichever comes
first; red begins when the clock is due and unanswered.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from fractions import Fraction
from math import ceil
from typing import Literal

from trading.rulebook.book import Rule
from trading.rulebook.calendar import ONE_DAY, Calendar, beijing_date, end_of, roll_forward

ClockUnit = Literal["minute", "hour", "day", "working_day"]
Light = Literal["green", "yellow", "red", "paused", "done"]

YELLOW = Fraction(4, 5)
EXACT = {"minute": timedelta(minutes=1), "hour": timedelta(hours=1)}


@dataclass(frozen=True)
class Pause:
    """Time not counted (中止计时): `reason` is shown; `end` None while it lasts."""

    start: datetime
    end: datetime | None
    reason: str


@dataclass(frozen=True)
class Clock:
    """A running period: `amount` units from `started`, `roll` as the rule says. The warning begins at the share
    `yellow` of it, or with `left` units left."""

    started: datetime
    amount: int
    unit: ClockUnit
    pauses: tuple[Pause, ...] = ()
    roll: bool = False
    yellow: Fraction = YELLOW
    left: int = 1

    @classmethod
    def of(cls, rule: Rule, started: datetime, pauses: Sequence[Pause] = ()) -> Clock:
        """The clock a rule starts. Raises ValueError when the rule's unit is no time."""
        if rule.unit not in ("minute", "hour", "day", "working_day"):
            raise ValueError(f"{rule.id} is not a period of time")
        return cls(started, rule.integer, rule.unit, tuple(pauses), rule.roll)


@dataclass(frozen=True)
class Due:
    """The instants (UTC) from which the light is yellow and red. `last_day` is the day to show to people
    ("by …"), None for a clock of minutes or hours."""

    yellow: datetime
    red: datetime
    last_day: date | None


def due(clock: Clock, calendar: Calendar) -> Due | None:
    """When a clock is due; None while it is paused with no end. A pause that begins after the end stops nothing
    any more. Raises ValueError when a pause ends before it starts or pauses overlap."""
    _check(clock.pauses)
    still = next((pause for pause in clock.pauses if pause.end is None), None)
    if still is not None:
        ended = tuple(pause for pause in clock.pauses if pause.end is not None)
        before = due(replace(clock, pauses=ended), calendar)
        return before if before is not None and still.start >= before.red else None
    if clock.unit in EXACT:
        return _due_exact(clock)
    return _due_days(clock, calendar)


def light(clock: Clock, calendar: Calendar, now: datetime, stopped: datetime | None = None) -> Light:
    """The light at `now`; `stopped` is when the act was done: done in time is "done", done late "red"."""
    instants = due(clock, calendar)
    if instants is None:
        return "done" if stopped is not None else "paused"
    if stopped is not None:
        return "done" if stopped < instants.red else "red"
    if any(pause.start <= now < _end(pause) for pause in clock.pauses if pause.start < instants.red):
        return "paused"
    if now >= instants.red:
        return "red"
    return "yellow" if now >= instants.yellow else "green"


def _due_exact(clock: Clock) -> Due:
    unit = EXACT[clock.unit]
    warned = min(Fraction(clock.amount) * clock.yellow, Fraction(clock.amount - clock.left))
    seconds = ceil(max(warned, Fraction(0)) * int(unit.total_seconds()))
    return Due(_run(clock, timedelta(seconds=seconds)), _run(clock, clock.amount * unit), None)


def _run(clock: Clock, length: timedelta) -> datetime:
    """The instant after `length` of unpaused time."""
    instant = clock.started
    for pause in sorted(clock.pauses, key=lambda p: p.start):
        start, end = max(pause.start, clock.started), _end(pause)
        if end <= clock.started:
            continue
        if start - instant >= length:
            break
        length -= start - instant
        instant = end
    return instant + length


def _due_days(clock: Clock, calendar: Calendar) -> Due:
    start = beijing_date(clock.started)
    skipped = _skipped(clock.pauses)
    warned = max(min(ceil(clock.amount * clock.yellow), clock.amount - clock.left), 0)
    last = _count(clock, start, clock.amount, skipped, calendar)
    if clock.roll:
        last = roll_forward(last, calendar)
    for first, until in sorted(skipped):
        if first <= last < until:
            working = clock.roll or clock.unit == "working_day"
            last = roll_forward(until, calendar) if working else until
    # With no full unit before the last one the warning begins at once.
    yellow = end_of(_count(clock, start, warned, skipped, calendar)) if warned else clock.started
    return Due(yellow, end_of(last), last)


def _count(
    clock: Clock, start: date, n: int, skipped: Sequence[tuple[date, date]], calendar: Calendar
) -> date:
    day = start
    while n:
        day += ONE_DAY
        paused = any(first < day <= last for first, last in skipped)
        counted = clock.unit == "day" or calendar.is_working(day)
        n -= counted and not paused
    return day


def _skipped(pauses: Sequence[Pause]) -> list[tuple[date, date]]:
    return [(beijing_date(pause.start), beijing_date(_end(pause))) for pause in pauses]


def _end(pause: Pause) -> datetime:
    if pause.end is None:
        raise ValueError("the pause has not ended")
    return pause.end


def _check(pauses: Sequence[Pause]) -> None:
    ordered = sorted(pauses, key=lambda p: p.start)
    for pause in ordered:
        if pause.end is not None and pause.end < pause.start:
            raise ValueError("a pause ends before it starts")
    for one, following in zip(ordered, ordered[1:], strict=False):
        if one.end is None or one.end > following.start:
            raise ValueError("pauses overlap")
