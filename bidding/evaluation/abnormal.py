"""Abnormally low prices (异常低价): the lines that oblige the committee to ask (财库〔2026〕2号, M87 60).

Bid prices after correction are compared, never policy-adjusted prices; a price on a line is not
below it. A bid that triggers is asked for an explanation; only without a good one is it invalid.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction

HALF_MEAN = "half_mean"
HALF_SECOND_LOWEST = "half_second_lowest"
CEILING = "ceiling"
COMMITTEE = "committee"


@dataclass(frozen=True)
class Ratios:
    """The document's ratios; `exclude_self` leaves the bid looked at out of the mean."""

    mean: Fraction
    second: Fraction
    ceiling: Fraction
    exclude_self: bool = False


@dataclass(frozen=True)
class Lines:
    """The amounts below which one bid triggers, in yuan; None when it cannot be formed."""

    half_mean: Fraction | None
    half_second_lowest: Fraction | None
    ceiling: Fraction

    def named(self) -> list[tuple[str, Fraction]]:
        """The lines that exist, with their names, in the order they are reported."""
        every = (
            (HALF_MEAN, self.half_mean),
            (HALF_SECOND_LOWEST, self.half_second_lowest),
            (CEILING, self.ceiling),
        )
        return [(name, amount) for name, amount in every if amount is not None]

    def triggered(self, price: Fraction) -> tuple[str, ...]:
        """The names of the lines that `price` is strictly below."""
        return tuple(name for name, amount in self.named() if price < amount)


def lines(prices: Sequence[Fraction], limit: Fraction, ratios: Ratios, own: Fraction | None = None) -> Lines:
    """The lines over the prices that passed conformity and the ceiling; `limit` is ceiling or budget.

    With `exclude_self` the mean line belongs to one bid, whose price `own` (one of `prices`) is left
    out; without `own` there is no mean line then.
    """
    count, added = len(prices), sum(prices, Fraction(0))
    if ratios.exclude_self:
        count, added = (count - 1, added - own) if own is not None else (0, added)
    second = sorted(prices)[1] if len(prices) > 1 else None
    return Lines(
        half_mean=ratios.mean * added / count if count else None,
        half_second_lowest=None if second is None else ratios.second * second,
        ceiling=ratios.ceiling * limit,
    )


def explanation_due(asked_at: datetime, minutes: int) -> datetime:
    """Until when a supplier may explain; an explanation at this instant is in time.

    The rule gives at least 30 minutes; `minutes` comes from the tender's rules.
    """
    return asked_at + timedelta(minutes=minutes)
