"""Grades from after-award scores (履约评价): a year's mean of 100, exact, gives A, B or C. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from fractions import Fraction

from bidding.roster.terms import Terms

FIRST = "B"
"""the grade of a firm that has no score yet"""


def grade_of(scores: Iterable[Decimal], terms: Terms) -> str:
    """The grade of a year's scores (0–100). Raises ValueError for no score."""
    exact = [Fraction(score) for score in scores]
    if not exact:
        raise ValueError("a year without a score has no grade")
    mean = sum(exact, Fraction(0)) / len(exact)
    return "A" if mean >= terms.grade_a else "B" if mean >= terms.grade_b else "C"


def by_year(scores: Iterable[tuple[date, Decimal]], terms: Terms) -> list[tuple[int, str]]:
    """(year, grade) of every year with a score, ascending."""
    years: dict[int, list[Decimal]] = defaultdict(list)
    for day, score in scores:
        years[day.year].append(score)
    return [(year, grade_of(given, terms)) for year, given in sorted(years.items())]


def now(years: list[tuple[int, str]]) -> str:
    """The grade in force: that of the newest year."""
    return years[-1][1] if years else FIRST
