"""Shares as they are published (统计口径): exact fractions of whole numbers, rounded once, never without their counts. Pure.

Rounding is half up at the last place that is shown. 145.5 of 146.3 is 99.5 % with one place; 82 818 of 82 830 is
99.99 % with two places and would be 100 % with none: that is why the counts stand beside every share.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

PLACES = 2
"""of a share in per cent, unless a table says otherwise"""


@dataclass(frozen=True)
class Share:
    """`part` of `whole`, counted things."""

    part: int
    whole: int

    @property
    def exact(self) -> Fraction | None:
        """None of nothing: there is no share."""
        return Fraction(self.part, self.whole) if self.whole else None

    def percent(self, places: int = PLACES) -> str:
        """As published, without the sign: "93.25"; "—" of nothing."""
        return "—" if self.exact is None else rounded(self.exact * 100, places)

    def shown(self, places: int = PLACES) -> str:
        """With its counts: "93.25 % (19948/21393)"."""
        return f"{self.percent(places)} % ({self.part}/{self.whole})" if self.whole else "—"


def rounded(value: Fraction, places: int) -> str:
    """A number with so many places, half up (四舍五入), also below zero by its size."""
    scaled = abs(value) * 10**places
    whole = (2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator)
    figures = f"{whole:0{places + 1}}"
    text = f"{figures[:-places]}.{figures[-places:]}" if places else figures
    return f"-{text}" if value < 0 and whole else text


def cut(before: int, after: int) -> Share:
    """By how much something was cut: 1044 to 263 is 781 of 1044, 74.81 %."""
    return Share(before - after, before)


def a_day(count: int, days: int, places: int = 1) -> str:
    """How many a working day: 82 830 in 211 days are 392.6; "—" without a day."""
    return rounded(Fraction(count, days), places) if days else "—"
