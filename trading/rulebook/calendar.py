"""Natural and working days (自然日、工作日), and the counting of legal periods.

Counting follows 民法典 201 and MOF Order 87 art. 85: the first day is not counted; a period ends with the
end of its last day; when the last day is a day off it moves to the next working day, if the rule says so.
Holidays and make-up days are yearly data. A year without data, or whose data is provisional, counts
weekends (and the statutory days known) only, and every result that touched it can be told apart with
`Calendar.provisional`.

All dates are dates in Beijing time; `beijing_date` converts an instant.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

from trading.ledger.canonical import dumps

BEIJING = ZoneInfo("Asia/Shanghai")
DAYS_FOLDER = Path(__file__).parent / "rules" / "days"
ONE_DAY = timedelta(days=1)
SATURDAY = 5

DayKind = Literal["day", "working_day"]


@dataclass(frozen=True)
class Year:
    """One year's arrangement: days off on weekdays and on weekends, and make-up working days."""

    year: int
    provisional: bool
    source: str
    off: Mapping[date, tuple[str, str]]
    working: frozenset[date]


@dataclass(frozen=True)
class Calendar:
    """The calendar of one place: yearly tables, and a hash that names exactly these tables."""

    years: Mapping[int, Year]
    sha256: str

    @classmethod
    def load(cls, folder: Path = DAYS_FOLDER) -> Calendar:
        """Reads every `<year>.toml` of the folder. Raises ValueError when a table contradicts itself."""
        years = [_read_year(path) for path in sorted(folder.glob("*.toml"))]
        digest = hashlib.sha256(dumps([_year_data(year) for year in years])).hexdigest()
        return cls({year.year: year for year in years}, digest)

    def is_working(self, day: date) -> bool:
        """Whether `day` is a working day (工作日)."""
        year = self.years.get(day.year)
        if year is not None and day in year.working:
            return True
        if year is not None and day in year.off:
            return False
        return day.weekday() < SATURDAY

    def provisional(self, *days: date) -> bool:
        """Whether a span between the earliest and latest of `days` lies partly in a year whose
        arrangement is not published (a year without any table included)."""
        span = range(min(days).year, max(days).year + 1)
        return any(year not in self.years or self.years[year].provisional for year in span)

    def name_of(self, day: date) -> tuple[str, str] | None:
        """The holiday's Chinese and English name, or None."""
        year = self.years.get(day.year)
        return year.off.get(day) if year else None


def beijing_date(instant: datetime) -> date:
    """The date in Beijing at an aware instant. Raises ValueError for a naive one."""
    if instant.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    return instant.astimezone(BEIJING).date()


def at_beijing(day: date, clock: time) -> datetime:
    """The instant (UTC) of a wall-clock time in Beijing."""
    return datetime.combine(day, clock, BEIJING).astimezone(UTC)


def end_of(day: date) -> datetime:
    """The first instant after `day` in Beijing (24:00): a period ending that day is over from then on."""
    return at_beijing(day + ONE_DAY, time())


def add_days(kind: DayKind, n: int, start: date, calendar: Calendar) -> date:
    """The n-th day after `start`, which itself is not counted; n = 0 gives `start`.

    Not rolled forward: a natural-day period may end on a day off (see `last_day`).
    Raises ValueError for a negative n.
    """
    if n < 0:
        raise ValueError("a period cannot be negative")
    if kind == "day":
        return start + timedelta(days=n)
    day = start
    while n:
        day += ONE_DAY
        n -= calendar.is_working(day)
    return day


def subtract_days(kind: DayKind, n: int, end: date, calendar: Calendar) -> date:
    """The latest day on which something due "at least n days before `end`" can be done: the latest from
    which `add_days` does not pass `end`. Never rolled: moving it later would shorten the period that the
    law protects. Raises ValueError for a negative n."""
    if n < 0:
        raise ValueError("a period cannot be negative")
    if kind == "day":
        return end - timedelta(days=n)
    day = end
    while n:
        n -= calendar.is_working(day)
        day -= ONE_DAY
    return day


def roll_forward(day: date, calendar: Calendar) -> date:
    """`day` if it is a working day, else the next one (民法典 203; Order 87 art. 85)."""
    while not calendar.is_working(day):
        day += ONE_DAY
    return day


def last_day(kind: DayKind, n: int, start: date, calendar: Calendar, *, roll: bool) -> date:
    """The last day of a period in which something must be done ("within n days")."""
    day = add_days(kind, n, start, calendar)
    return roll_forward(day, calendar) if roll else day


def earliest_end(kind: DayKind, n: int, start: date, calendar: Calendar) -> date:
    """The earliest date on which something that must last or leave "not less than n days" may end: the
    n-th day after `start` counts in full. Not rolled; whoever needs a working day rolls it."""
    return add_days(kind, n, start, calendar)


def lasts_at_least(kind: DayKind, n: int, start: date, end: date, calendar: Calendar) -> bool:
    """Whether from `start` (not counted) to `end` (counted) there are at least n days."""
    return end >= earliest_end(kind, n, start, calendar)


def _read_year(path: Path) -> Year:
    data = tomllib.loads(path.read_text("utf-8"))
    off: dict[date, tuple[str, str]] = {}
    working: set[date] = set()
    for holiday in data["holiday"]:
        for day in _span(holiday["from"], holiday["to"]):
            off[day] = (holiday["zh"], holiday["en"])
        working.update(holiday["working"])
    for day in working:
        if day in off or day.weekday() < SATURDAY:
            raise ValueError(f"{path.name}: {day} cannot be a make-up day")
    if {day.year for day in (*off, *working)} != {data["year"]}:
        raise ValueError(f"{path.name}: a day of another year")
    return Year(data["year"], data["status"] != "published", data["source"], off, frozenset(working))


def _span(first: date, last: date) -> Iterable[date]:
    return (first + timedelta(days=i) for i in range((last - first).days + 1))


def _year_data(year: Year) -> dict[str, Any]:
    return {
        "year": year.year,
        "provisional": year.provisional,
        "off": sorted(day.isoformat() for day in year.off),
        "working": sorted(day.isoformat() for day in year.working),
    }
