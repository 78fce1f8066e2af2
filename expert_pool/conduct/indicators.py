"""What is worth a look in an expert's record (异常指标): figures with their evidence, never a verdict.

Pure and exact. An indicator says what was counted, of how many, and where; whether anything is wrong is for people to
find out and to decide (deciding.py). No national number says how much is too much: the limits are parameters.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction

FAVOURS, REFUSES, SILENT, NO_SHOW = "favours", "refuses", "silent", "no-show"
LATE, FAR, FLAT, ALIKE = "late", "far", "flat", "alike"
CODES = (FAVOURS, REFUSES, SILENT, NO_SHOW, LATE, FAR, FLAT, ALIKE)
Marks = Mapping[str, Mapping[str, Fraction]]
"""bid → item → share of the most that the item can give"""


@dataclass(frozen=True)
class Limits:
    """From when on a figure is worth a look. `least`: of so many sessions or calls at least; the others are shares;
    `above`: by so much more than the others' mean; `late`: minutes after the hour of the call."""

    least: int = 3
    above: Fraction = Fraction(1, 10)
    refused: Fraction = Fraction(1, 2)
    silent: Fraction = Fraction(1, 2)
    absent: Fraction = Fraction(1, 5)
    lateness: Fraction = Fraction(1, 3)
    late: int = 10
    far: Fraction = Fraction(1, 10)
    flat: Fraction = Fraction(1, 2)
    alike: Fraction = Fraction(9, 10)


@dataclass(frozen=True)
class Session:
    """One evaluation with this person in it. `others`: each other expert's marks, by the person's key."""

    tender: str
    called_for: datetime | None
    signed_in_at: datetime
    marks: Marks
    others: Mapping[str, Marks]
    outliers: int


@dataclass(frozen=True)
class Call:
    """One call to come: `outcome` is A (accepted), D (declined) or N (no answer); `came` of an accepted one."""

    tender: str
    outcome: str
    came: bool


@dataclass(frozen=True)
class Evidence:
    """Where it is: the tender, and what stands there (numbers as text)."""

    tender: str
    values: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Indicator:
    """`count` of `of`; `about`: the bidder or the other expert it is about, "" otherwise; `notable`: beyond its
    limit, so worth a look."""

    code: str
    count: int
    of: int
    notable: bool
    evidence: tuple[Evidence, ...]
    about: str = ""


def all_of(sessions: Sequence[Session], calls: Sequence[Call], limits: Limits = Limits()) -> list[Indicator]:
    """Every indicator that has something to count, in the order of CODES."""
    found = [
        *favours(sessions, limits),
        *answers(calls, limits),
        *late(sessions, limits),
        *far(sessions, limits),
        *flat(sessions, limits),
        *alike(sessions, limits),
    ]
    return sorted(found, key=lambda each: (CODES.index(each.code), each.about))


def favours(sessions: Sequence[Session], limits: Limits) -> Iterator[Indicator]:
    """Bidders whom this person scored well above the others' mean in every tender of several."""
    rows: dict[str, list[tuple[str, Fraction, Fraction]]] = {}
    for session in sessions:
        for bid in session.marks:
            others = [_share(marks[bid]) for marks in session.others.values() if marks.get(bid)]
            if others:
                row = session.tender, _share(session.marks[bid]), sum(others, Fraction(0)) / len(others)
                rows.setdefault(bid, []).append(row)
    for bid, found in rows.items():
        high = [row for row in found if row[1] - row[2] >= limits.above]
        if len(found) >= limits.least and len(high) == len(found):
            said = tuple(
                Evidence(tender, (("own", percent(own)), ("others", percent(mean))))
                for tender, own, mean in high
            )
            yield Indicator(FAVOURS, len(high), len(found), True, said, bid)


def answers(calls: Sequence[Call], limits: Limits) -> Iterator[Indicator]:
    """Refused calls, calls without an answer, and seats accepted but not taken."""
    accepted = [call for call in calls if call.outcome == "A"]
    yield from _counted(REFUSES, [c for c in calls if c.outcome == "D"], calls, limits.refused, limits)
    yield from _counted(SILENT, [c for c in calls if c.outcome == "N"], calls, limits.silent, limits)
    yield from _counted(NO_SHOW, [c for c in accepted if not c.came], accepted, limits.absent, limits)


def _counted(
    code: str, found: Sequence[Call], among: Sequence[Call], limit: Fraction, limits: Limits
) -> Iterator[Indicator]:
    if found:
        notable = len(among) >= limits.least and Fraction(len(found), len(among)) > limit
        yield Indicator(code, len(found), len(among), notable, tuple(Evidence(each.tender) for each in found))


def late(sessions: Sequence[Session], limits: Limits) -> Iterator[Indicator]:
    """Signed in after the hour of the call."""
    timed = [(each, each.signed_in_at - each.called_for) for each in sessions if each.called_for]
    after = [(each, by) for each, by in timed if by > timedelta(minutes=limits.late)]
    if after:
        notable = len(timed) >= limits.least and Fraction(len(after), len(timed)) > limits.lateness
        said = tuple(
            Evidence(each.tender, (("minutes", str(by // timedelta(minutes=1))),)) for each, by in after
        )
        yield Indicator(LATE, len(after), len(timed), notable, said)


def far(sessions: Sequence[Session], limits: Limits) -> Iterator[Indicator]:
    """Scores that were far from the others' (outliers of the evaluation)."""
    given = sum(len(items) for each in sessions for items in each.marks.values())
    found = [each for each in sessions if each.outliers]
    count = sum(each.outliers for each in found)
    if count:
        notable = len(sessions) >= limits.least and Fraction(count, given) > limits.far
        said = tuple(Evidence(each.tender, (("scores", str(each.outliers)),)) for each in found)
        yield Indicator(FAR, count, given, notable, said)


def flat(sessions: Sequence[Session], limits: Limits) -> Iterator[Indicator]:
    """Sessions in which all bids got the same: nothing was told apart."""
    several = [each for each in sessions if len(each.marks) >= 3]
    same = [each for each in several if len({_share(items) for items in each.marks.values()}) == 1]
    if same:
        notable = len(several) >= limits.least and Fraction(len(same), len(several)) > limits.flat
        said = tuple(
            Evidence(each.tender, (("share", percent(_share(next(iter(each.marks.values()))))),))
            for each in same
        )
        yield Indicator(FLAT, len(same), len(several), notable, said)


def alike(sessions: Sequence[Session], limits: Limits) -> Iterator[Indicator]:
    """Other experts whose scores were nearly all the same as this person's, in several tenders."""
    pairs: dict[str, list[tuple[str, int, int]]] = {}
    for session in sessions:
        mine = _flat(session.marks)
        for who, marks in session.others.items():
            theirs = _flat(marks)
            both = mine.keys() & theirs.keys()
            if both:
                equal = sum(mine[key] == theirs[key] for key in both)
                pairs.setdefault(who, []).append((session.tender, equal, len(both)))
    for who, rows in pairs.items():
        same, common = sum(row[1] for row in rows), sum(row[2] for row in rows)
        if len(rows) >= limits.least and Fraction(same, common) >= limits.alike:
            said = tuple(
                Evidence(tender, (("same", str(count)), ("of", str(most)))) for tender, count, most in rows
            )
            yield Indicator(ALIKE, same, common, True, said, who)


def _share(items: Mapping[str, Fraction]) -> Fraction:
    """The mean of a bid's marks, each as a share of its most."""
    return sum(items.values(), Fraction(0)) / len(items)


def _flat(marks: Marks) -> dict[tuple[str, str], Fraction]:
    return {(bid, item): share for bid, items in marks.items() for item, share in items.items()}


def percent(share: Fraction) -> str:
    """A share of one as per cent with one place, half up."""
    tenths = (2 * share.numerator * 1000 + share.denominator) // (2 * share.denominator)
    return f"{tenths // 10}.{tenths % 10}"
