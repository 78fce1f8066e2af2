"""How many of the pool each speciality has, and whether that is enough to draw at random (E2): pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from expert_pool.experts.drawable import Limits, why_not
from expert_pool.experts.person import PoolExpert
from expert_pool.experts.specialities import Speciality, catalogue, with_levels


@dataclass(frozen=True)
class Count:
    """A line of the catalogue: how many are active, how many of them can be drawn today, how many employers
    those have (one panel takes one person of each), and whether that is `enough`."""

    speciality: Speciality
    active: int
    drawable: int
    employers: int
    enough: bool


def counts(people: Iterable[PoolExpert], day: date, limits: Limits) -> list[Count]:
    """One line for each speciality of every level, in the catalogue's order; a person counts once on a level."""
    active: Counter[str] = Counter()
    drawable: Counter[str] = Counter()
    employers: dict[str, set[str]] = {}
    for person in people:
        codes = with_levels(person.specialities)
        if person.status == "active":
            active.update(codes)
        if not why_not(person, day, limits):
            drawable.update(codes)
            for code in codes:
                employers.setdefault(code, set()).add(person.employer)
    return [
        Count(
            speciality,
            active[code],
            drawable[code],
            len(employers.get(code, ())),
            drawable[code] >= limits.safe_minimum,
        )
        for code, speciality in catalogue().items()
    ]


def too_small(counted: Iterable[Count]) -> list[Count]:
    """The specialities of the third level that have people, but too few to be drawn of."""
    return [line for line in counted if line.speciality.level == 3 and line.active and not line.enough]
