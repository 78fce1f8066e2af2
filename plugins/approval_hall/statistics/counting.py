"""The figures of a period (月度统计), counted from the cases themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime, time, timedelta
from fractions import Fraction
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, or_, select
from sqlalchemy.orm import Session

from plugins.approval_hall import limits
from plugins.approval_hall.cases import definition
from plugins.approval_hall.catalogue import flow, publishing
from plugins.approval_hall.catalogue.checking import promised_days
from plugins.approval_hall.handling.deciding import spent_days
from plugins.approval_hall.models import HallCase, HallItem, HallPause
from plugins.approval_hall.ratings.models import HallRating
from plugins.approval_hall.ratings.service import BAD
from plugins.approval_hall.statistics import catalogue
from plugins.approval_hall.statistics.figures import Share, a_day, cut, rounded
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
    """Raw counts. Accepted and returned by when that happened, `answered` of the accepted those decided by the end of the
    period; closed, and what belongs to it, by when a case was closed. `early`: decided before its last promised day; `late`:
    after it. `fees`: closed cases that cost something, `fen` how much together."""

    filed: int = 0
    online: int = 0
    accepted: int = 0
    answered: int = 0
    returned: int = 0
    closed: int = 0
    instant: int = 0
    early: int = 0
    late: int = 0
    promised_days: int = 0
    statutory_days: int = 0
    rated: int = 0
    satisfied: int = 0
    fees: int = 0
    fen: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(*(getattr(self, each.name) + getattr(other, each.name) for each in fields(Counts)))

    @property
    def yuan(self) -> str:
        """The fees together."""
        return f"{self.fen // 100}.{self.fen % 100:02}"

    @property
    def ten_thousands(self) -> str:
        """The fees in 万元, as they are published."""
        return rounded(Fraction(self.fen, 1_000_000), 2)

    @property
    def shares(self) -> dict[str, Share]:
        """Every share that is published, by name: of what, and of how many."""
        return {
            "closing": Share(self.closed, self.accepted),
            "answered": Share(self.answered, self.accepted),
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
class Still:
    """Working days not counted (不计时环节): the ceiling of an item and what there was before, days counted and not counted of its
    cases decided in the period, and how many of these went beyond the ceiling."""

    item: str
    name: str
    before: int
    ceiling: int
    cases: int
    timed: int
    untimed: int
    above: int

    @property
    def saved(self) -> Share:
        return cut(self.before, self.ceiling) if self.before >= 0 else Share(0, 0)


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
    catalogue: Mapping[str, tuple[int, int]]
    """items, links and papers in force at the beginning of the period and at its end"""
    slow: Sequence[tuple[str, str, int]]
    """items that promise more than ten working days: code, name, days"""
    still: Sequence[Still]
    green: tuple[int, Share]
    """cases accepted through the green channel, and by how much their promised time was cut"""
    revisions: int
    """published or withdrawn versions in the period"""
    working_days: int

    @property
    def accepted_a_day(self) -> str:
        return a_day(self.total.accepted, self.working_days)

    @property
    def catalogue_cuts(self) -> dict[str, Share]:
        return {name: cut(*both) for name, both in self.catalogue.items()}


def count(session: Session, period: Period, calendar: Calendar) -> Statistics:
    """Count everything of a period. The statistics hold no case and no applicant."""
    items = by_item(session, period)
    standing = current_items(session)
    known = definitions(session, set(items) - standing.keys()) | {
        c: i for c, i in standing.items() if c in items
    }
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
        period, sum(items.values(), Counts()), items, departments, names, parallel, catalogue.counts(session, begin, end),
        catalogue.slow(standing), still_of(session, standing, begin, end), green_of(session, begin, end),
        revisions(session, begin, end), period.working_days(calendar),
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

    closed = within(HallCase.closed_at) & HallCase.state.in_(("closed", "revoked"))
    # An instant case is promised for its own day: it cannot be early. A case may be due on no day (clock stopped).
    last_day_begins = HallCase.promised_due - ONE_DAY
    columns = {
        "filed": counted(within(HallCase.filed_at)),
        "online": counted(within(HallCase.filed_at), HallCase.channel == "online"),
        "accepted": counted(within(HallCase.accepted_at)),
        "answered": counted(within(HallCase.accepted_at), HallCase.decided_at < end),
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
        "fees": counted(closed, HallCase.fee > 0),
        "fen": func.coalesce(func.sum(case((closed, HallCase.fee), else_=0)), 0),
    }
    happened = or_(within(HallCase.filed_at), within(HallCase.accepted_at), within(HallCase.closed_at))
    query = select(HallCase.item, *columns.values()).outerjoin(HallRating, HallRating.case_id == HallCase.id)
    rows = session.execute(query.where(happened).group_by(HallCase.item).order_by(HallCase.item))
    return {row[0]: Counts(**dict(zip(columns, map(int, row[1:]), strict=True))) for row in rows}


def current_items(session: Session) -> dict[str, Any]:
    """The items in force now."""
    return {row.code: definition(row) for row in publishing.published(session)}


def still_of(session: Session, standing: Mapping[str, Any], begin: datetime, end: datetime) -> list[Still]:
    """Time that stood still, for every item with a ceiling and every other one whose clocks were stopped."""
    stopped = select(HallPause.case_id)
    query = select(HallCase).where(HallCase.decided_at >= begin, HallCase.decided_at < end)
    capped = [code for code, item in standing.items() if item.untimed >= 0]
    query = query.where(
        HallCase.id.in_(stopped) | (HallCase.item.in_(capped) & HallCase.filed_by.is_not(None))
    )
    found: dict[str, list[limits.Totals]] = {code: [] for code in capped}
    for each in session.scalars(query):
        if each.item in standing:
            found.setdefault(each.item, []).append(spent_days(session, each))
    return [
        Still(code, standing[code].name.zh, standing[code].untimed_before, standing[code].untimed, len(spent),
              sum(each.timed for each in spent), sum(each.untimed for each in spent),
              sum(0 <= standing[code].untimed < each.untimed for each in spent))
        for code, spent in sorted(found.items())
    ]  # fmt: skip


def green_of(session: Session, begin: datetime, end: datetime) -> tuple[int, Share]:
    """The green channel of a period: how many cases, and by how much less they were promised than their items promise."""
    query = select(HallCase.item_id, func.count(), func.sum(HallCase.promised)).group_by(HallCase.item_id)
    query = query.where(HallCase.mode == "special", HallCase.accepted_at >= begin, HallCase.accepted_at < end)
    number = usual = given = 0
    for item_id, count, promised in session.execute(query):
        number, given = number + count, given + promised
        usual += count * promised_days(definition(session.get_one(HallItem, item_id)))
    return number, cut(usual, given)


def revisions(session: Session, begin: datetime, end: datetime) -> int:
    """Versions that were published or withdrawn."""
    moved = (HallItem.published_at, HallItem.withdrawn_at)
    return sum(session.scalar(select(func.count()).where(at >= begin, at < end)) or 0 for at in moved)
