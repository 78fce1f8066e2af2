"""The figures of a period (月度统计), counted from the cases themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, or_, select
from sqlalchemy.orm import Session

from plugins.approval_hall.cases import definition
from plugins.approval_hall.catalogue import flow
from plugins.approval_hall.models import HallCase, HallItem
from plugins.approval_hall.ratings.models import HallRating
from plugins.approval_hall.ratings.service import BAD
from plugins.approval_hall.statistics.figures import Share, a_day, cut
from trading.periods import Calendar, at_beijing

ONE_DAY = timedelta(days=1)
DECIDED = ("decided", "closed")


@dataclass(frozen=True)
class Period:
    """Days in Beijing, both included."""

    first: date
    last: date

    @classmethod
    def of_month(cls, year: int, month: int) -> Period:
        """A calendar month. Raises ValueError."""
        begin = date(year, month, 1)
        return cls(begin, (begin.replace(day=28) + timedelta(days=4)).replace(day=1) - ONE_DAY)

    @property
    def instants(self) -> tuple[datetime, datetime]:
        """From the first instant to the first one that is over."""
        return at_beijing(self.first, time()), at_beijing(self.last + ONE_DAY, time())

    def working_days(self, calendar: Calendar) -> int:
        days = (self.first + timedelta(days=n) for n in range((self.last - self.first).days + 1))
        return sum(calendar.is_working(day) for day in days)


@dataclass(frozen=True)
class Counts:
    """Raw counts. Accepted and returned by when that happened; closed, and what belongs to it, by when a case was
    closed. `early`: decided before its last promised day; `late`: after it."""

    filed: int = 0
    online: int = 0
    accepted: int = 0
    returned: int = 0
    closed: int = 0
    instant: int = 0
    early: int = 0
    late: int = 0
    promised_days: int = 0
    statutory_days: int = 0
    rated: int = 0
    satisfied: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(*(getattr(self, each.name) + getattr(other, each.name) for each in fields(Counts)))

    @property
    def shares(self) -> dict[str, Share]:
        """Every share that is published, by name: of what, and of how many."""
        return {
            "closing": Share(self.closed, self.accepted),
            "early": Share(self.early, self.closed),
            "in-time": Share(self.closed - self.late, self.closed),
            "instant": Share(self.instant, self.closed),
            "online": Share(self.online, self.filed),
            "promise-cut": cut(self.statutory_days, self.promised_days),
            "rated": Share(self.rated, self.closed),
            "satisfied": Share(self.satisfied, self.rated),
        }


@dataclass(frozen=True)
class Parallel:
    """An item whose departments work at the same time: working days one after the other, and as they run."""

    item: str
    name: str
    series: int
    together: int
    closed: int

    @property
    def saved(self) -> Share:
        return cut(self.series, self.together)


@dataclass(frozen=True)
class Statistics:
    """All figures of a period."""

    period: Period
    total: Counts
    items: Mapping[str, Counts]
    departments: Mapping[str, Counts]
    names: Mapping[str, tuple[str, str]]
    """item → its name and its leading department"""
    parallel: Sequence[Parallel]
    catalogue: tuple[int, int]
    """items in force at the beginning of the period and at its end"""
    revisions: int
    """published or withdrawn versions in the period"""
    working_days: int

    @property
    def accepted_a_day(self) -> str:
        return a_day(self.total.accepted, self.working_days)

    @property
    def catalogue_cut(self) -> Share:
        return cut(*self.catalogue)


def count(session: Session, period: Period, calendar: Calendar) -> Statistics:
    """Count everything of a period. The statistics hold no case and no applicant."""
    items = by_item(session, period)
    known = definitions(session, set(items))
    names = {code: (item.name.zh, item.department(item.lead)) for code, item in known.items()}
    departments: dict[str, Counts] = {}
    for code, counts in items.items():
        lead = names[code][1]
        departments[lead] = departments.get(lead, Counts()) + counts
    begin, end = period.instants
    parallel = [
        Parallel(code, item.name.zh, flow.serial(item), flow.parallel(item), items[code].closed)
        for code, item in sorted(known.items())
        if flow.serial(item) > flow.parallel(item)
    ]
    return Statistics(
        period, sum(items.values(), Counts()), items, departments, names, parallel,
        (in_force(session, begin), in_force(session, end)), revisions(session, begin, end), period.working_days(calendar),
    )  # fmt: skip


def definitions(session: Session, codes: set[str]) -> dict[str, Any]:
    """The newest definition of each item."""
    query = select(HallItem).distinct(HallItem.code).order_by(HallItem.code, HallItem.version.desc())
    return {row.code: definition(row) for row in session.scalars(query.where(HallItem.code.in_(codes)))}


def by_item(session: Session, period: Period) -> dict[str, Counts]:
    """The counts of each item that anything happened to, in one reading of the cases."""
    begin, end = period.instants

    def within(column: Any) -> ColumnElement[bool]:
        return and_(column >= begin, column < end)

    def counted(*conditions: ColumnElement[bool]) -> Any:
        return func.count(case((and_(*conditions), 1)))

    closed = within(HallCase.closed_at) & (HallCase.state == "closed")
    # An instant case is promised for its own day: it cannot be early. A case may be due on no day (clock stopped).
    last_day_begins = HallCase.promised_due - ONE_DAY
    columns = {
        "filed": counted(within(HallCase.filed_at)),
        "online": counted(within(HallCase.filed_at), HallCase.channel == "online"),
        "accepted": counted(within(HallCase.accepted_at)),
        "returned": counted(
            HallCase.state == "returned", within(func.coalesce(HallCase.closed_at, HallCase.filed_at))
        ),
        "closed": counted(closed),
        "instant": counted(closed, HallCase.kind == "instant"),
        "early": counted(closed, HallCase.promised > 0, HallCase.decided_at < last_day_begins),
        "late": counted(closed, HallCase.decided_at >= HallCase.promised_due),
        "promised_days": func.coalesce(func.sum(case((closed, HallCase.promised), else_=0)), 0),
        "statutory_days": func.coalesce(func.sum(case((closed, HallCase.statutory), else_=0)), 0),
        "rated": counted(closed, HallRating.grade != ""),
        "satisfied": counted(closed, HallRating.grade.not_in(("", BAD))),
    }
    happened = or_(within(HallCase.filed_at), within(HallCase.accepted_at), within(HallCase.closed_at))
    query = select(HallCase.item, *columns.values()).outerjoin(HallRating, HallRating.case_id == HallCase.id)
    rows = session.execute(query.where(happened).group_by(HallCase.item).order_by(HallCase.item))
    return {row[0]: Counts(**dict(zip(columns, map(int, row[1:]), strict=True))) for row in rows}


def in_force(session: Session, at: datetime) -> int:
    """How many items can be applied for at an instant (进驻事项数): those whose newest version then was not withdrawn."""
    newest = select(HallItem.withdrawn_at).where(HallItem.published_at < at).distinct(HallItem.code)
    then = newest.order_by(HallItem.code, HallItem.version.desc()).subquery()
    standing = then.c.withdrawn_at.is_(None) | (then.c.withdrawn_at >= at)
    return session.scalar(select(func.count()).select_from(then).where(standing)) or 0


def revisions(session: Session, begin: datetime, end: datetime) -> int:
    """Versions that were published or withdrawn."""
    moved = (HallItem.published_at, HallItem.withdrawn_at)
    return sum(session.scalar(select(func.count()).where(at >= begin, at < end)) or 0 for at in moved)
