"""Whether a firm of the roster goes into a draw (可入围), and why not: pure, each reason with its code and its rule.

A day is a Beijing day. A period of months ends on the day of the same number, that day included: who won on
31 May with a cool-down of six months is drawn again from 1 December on.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from bidding.roster.terms import Terms


@dataclass(frozen=True)
class Exclusion:
    """A decision that keeps a firm out from one day to another, both included (禁入)."""

    decision: str
    since: date
    until: date


@dataclass(frozen=True)
class Engagement:
    """An award that a firm won by the roster. `manager` is the project manager's key."""

    works: str
    won_on: date
    manager: str = ""
    completed_on: date | None = None
    refused_on: date | None = None

    @property
    def running(self) -> bool:
        return self.completed_on is None and self.refused_on is None


@dataclass(frozen=True)
class Document:
    """A licence or permit of one kind, with its validity, both days included."""

    kind: str
    since: date
    until: date


@dataclass(frozen=True)
class Record:
    """A line of a list of credit or of bribery records: the list's `kind` and version, the decision, its days."""

    kind: str
    version: str
    decision: str
    since: date
    until: date | None


@dataclass(frozen=True)
class Firm:
    """What is known of a firm in one category."""

    id: str
    status: str
    grade: str
    documents: Sequence[Document] = ()
    exclusions: Sequence[Exclusion] = ()
    engagements: Sequence[Engagement] = ()
    records: Sequence[Record] = ()
    managers: Sequence[str] = ()
    years: Sequence[tuple[int, str]] = ()
    """(year, grade), ascending"""
    busy: frozenset[str] = frozenset()
    """project managers who have a running contract with whatever firm"""


@dataclass(frozen=True)
class Wanted:
    """What a works asks of who is drawn. `manager` is whom the firm named, "" for nobody."""

    grades: tuple[str, ...] = ("A", "B", "C")
    needs_manager: bool = False
    manager: str = ""
    buyers: tuple[str, ...] = ()
    declined: bool = False


@dataclass(frozen=True)
class Bar:
    """Why a firm is left out. `detail` is what proves it: a decision's number, a day, a contract."""

    code: str
    detail: str = ""

    @property
    def rule(self) -> str:
        """The rule of the rulebook that says so."""
        return RULES[self.code]


RULES: Mapping[str, str] = {
    "not-listed": "ROSTER.publicity",
    "documents": "ROSTER.documents",
    "excluded": "ROSTER.excluded",
    "blacklisted": "ROSTER.excluded",
    "bribery": "ROSTER.bribery_years",
    "interest": "ROSTER.interest",
    "grade-exit": "ROSTER.exit_years",
    "grade": "ROSTER.grades",
    "refused-often": "ROSTER.refusals",
    "cool-down": "ROSTER.cool_down",
    "running": "ROSTER.running",
    "manager": "ROSTER.manager",
    "declined": "ROSTER.decline_days",
}
"""code → rule, in the order in which they are judged"""


def why_not(firm: Firm, at: date, works: Wanted, terms: Terms) -> str:
    """The code of the first reason why a firm is left out on that day, or ""."""
    found = next(bars(firm, at, works, terms), None)
    return found.code if found else ""


def bars(firm: Firm, at: date, works: Wanted, terms: Terms) -> Iterator[Bar]:
    """Every reason, in the order of RULES."""
    if firm.status != "listed":
        yield Bar("not-listed", firm.status)
    if missing := lapsed(firm.documents, terms.documents, at):
        yield Bar("documents", ",".join(missing))
    yield from (Bar("excluded", each.decision) for each in firm.exclusions if each.since <= at <= each.until)
    yield from listed_bars(firm.records, at, terms)
    if firm.id in works.buyers:
        yield Bar("interest")
    if keeps_failing(firm.years, terms.exit_years):
        yield Bar("grade-exit")
    if firm.grade not in works.grades:
        yield Bar("grade", firm.grade)
    if until := barred_until(firm.engagements, at, terms):
        yield Bar("refused-often", until.isoformat())
    yield from engaged_bars(firm, at, works, terms)
    if works.declined:
        yield Bar("declined")


def lapsed(documents: Sequence[Document], wanted: Sequence[str], at: date) -> list[str]:
    """The kinds of which no document is valid on that day."""
    valid = {each.kind for each in documents if each.since <= at <= each.until}
    return [kind for kind in wanted if kind not in valid]


def listed_bars(records: Sequence[Record], at: date, terms: Terms) -> Iterator[Bar]:
    for each in records:
        if each.kind == "black" and each.since <= at and (each.until is None or at <= each.until):
            yield Bar("blacklisted", f"{each.decision} ({each.version})")
        elif each.kind == "bribery" and each.since <= at <= add_months(each.since, 12 * terms.bribery_years):
            yield Bar("bribery", f"{each.decision} ({each.version})")


def engaged_bars(firm: Firm, at: date, works: Wanted, terms: Terms) -> Iterator[Bar]:
    """What running and recent contracts say: cool-down, their number, the project manager."""
    for each in firm.engagements:
        if each.refused_on is None and cooling(each, at, terms):
            yield Bar("cool-down", each.works)
    running = [each for each in firm.engagements if each.running]
    if len(running) >= terms.running:
        yield Bar("running", str(len(running)))
    if works.needs_manager:
        free = free_managers(firm)
        if works.manager not in free if works.manager else not free:
            yield Bar("manager", works.manager and "busy")


def cooling(won: Engagement, at: date, terms: Terms) -> bool:
    """Whether the cool-down after an award still runs on that day."""
    in_months = won.won_on <= at <= add_months(won.won_on, terms.cool_down)
    in_works = won.won_on <= at and (won.completed_on is None or at < won.completed_on)
    return {
        "either": in_months and in_works,
        "months": in_months,
        "completion": in_works,
        "both": in_months or in_works,
    }[terms.cool_down_ends]


def free_managers(firm: Firm) -> list[str]:
    """The project managers who have no running contract: one project at a time."""
    busy = firm.busy | {each.manager for each in firm.engagements if each.running}
    return [key for key in firm.managers if key not in busy]


def barred_until(engagements: Sequence[Engagement], at: date, terms: Terms) -> date | None:
    """The last day on which refused awards keep a firm out, when that is on or after `at`: so many refusals within
    the period, from the last of them on."""
    days = sorted(each.refused_on for each in engagements if each.refused_on and each.refused_on <= at)
    for first, last in zip(days, days[terms.refusals - 1 :], strict=False):
        until = add_months(last, terms.refusal_bar)
        if last <= add_months(first, terms.refusal_months) and at <= until:
            return until
    return None


def keeps_failing(years: Sequence[tuple[int, str]], running: int) -> bool:
    """Whether the newest years, one after the other, were all grade C."""
    newest = list(years)[-running:]
    follows = all(later - earlier == 1 for (earlier, _), (later, _) in zip(newest, newest[1:], strict=False))
    return len(newest) == running and follows and all(grade == "C" for _year, grade in newest)


def add_months(day: date, months: int) -> date:
    """The day of the same number so many months later, or that month's last."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))
