"""Benchmark prices of works tenders (评标基准价): the families of formulas that documents print, exact.

The law names methods, not formulas; provinces and industries set them and each document prints its own
with its parameters, some drawn in public. Nothing is rounded here, and no price is trimmed twice. Codes
F1 … F9 as in docs/protocols/evaluation.md section 6.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

TRIM_FROM = 5
"""From how many bids on the highest and the lowest are left out of a mean."""


@dataclass(frozen=True)
class Deviation:
    """Points by distance from the benchmark (偏差率): a full score less so much per percent, down to a floor."""

    full: Fraction
    per_percent_above: Fraction
    per_percent_below: Fraction
    floor: Fraction

    def score(self, price: Fraction, benchmark: Fraction) -> Fraction:
        """F7, linear between whole percents."""
        slope = self.per_percent_above if price > benchmark else self.per_percent_below
        return max(self.floor, self.full - slope * 100 * abs(price - benchmark) / benchmark)


def mean(prices: Sequence[Fraction]) -> Fraction:
    """The plain mean. Raises ValueError for no price at all."""
    if not prices:
        raise ValueError("there is no price to take the mean of")
    return sum(prices, Fraction(0)) / len(prices)


def trimmed_mean(prices: Sequence[Fraction]) -> Fraction:
    """The mean without the highest and the lowest, from five prices on."""
    return mean(sorted(prices)[1:-1] if len(prices) >= TRIM_FROM else prices)


def trimmed_times_k(prices: Sequence[Fraction], k: Fraction) -> Fraction:
    """F1: trimmed mean × K."""
    return trimmed_mean(prices) * k


@dataclass(frozen=True)
class Mixed:
    """F2: the benchmark and A, the mean of the bids that it is mixed from."""

    a: Fraction
    benchmark: Fraction


def mixed_with_ceiling(
    prices: Sequence[Fraction], ceiling: Fraction, k1: Fraction, q1: Fraction, k2: Fraction
) -> Mixed:
    """F2: A × K1 × Q1 + ceiling × K2 × (1 − Q1).

    A leaves out 20 % of the bids (half up) at each end from seven bids on, the highest from four on; of
    fewer it is the second lowest (the lowest when it is alone).
    """
    ordered, count = sorted(prices), len(prices)
    if count >= 7:
        cut = (2 * count + 5) // 10
        a = mean(ordered[cut : count - cut])
    elif count >= 4:
        a = mean(ordered[:-1])
    else:
        a = ordered[min(1, count - 1)]
    return Mixed(a, a * k1 * q1 + ceiling * k2 * (1 - q1))


@dataclass(frozen=True)
class Abc:
    """F3: A from the ceiling, C the lowest bid on or above the lower line, and the bids B is drawn from."""

    a: Fraction
    lower_line: Fraction
    c: Fraction
    pool: tuple[Fraction, ...]

    def benchmark(self, drawn: Fraction, k: Fraction) -> Fraction:
        """(50 % A + 30 % B + 20 % C) × K. Raises ValueError when B is not one of the pool."""
        if drawn not in self.pool:
            raise ValueError("the drawn bid is not in the pool")
        return (self.a / 2 + drawn * Fraction(3, 10) + self.c / 5) * k


def abc(prices: Sequence[Fraction], ceiling: Fraction, delta: Fraction) -> Abc:
    """F3: the pool is what lies between C and 0.95 A, or else every bid above the line but C."""
    a = ceiling * (1 - delta)
    line = (mean(prices) * Fraction(7, 10) + ceiling * Fraction(3, 10)) * Fraction(3, 4)
    valid = sorted(price for price in prices if line <= price <= ceiling)
    if not valid:
        raise ValueError("no bid is on or above the lower line")
    between = [price for price in valid if valid[0] < price < a * Fraction(95, 100)]
    return Abc(a, line, valid[0], tuple(between or valid[1:]))


@dataclass(frozen=True)
class Traffic:
    """F4: final ceiling, theoretical cost, the bids between them, and the benchmark."""

    final_ceiling: Fraction
    theoretical_cost: Fraction
    valid: tuple[Fraction, ...]
    benchmark: Fraction


def traffic(
    prices: Sequence[Fraction], ceiling: Fraction, delta: Fraction, w: Fraction, c: Fraction
) -> Traffic:
    """F4: [final ceiling × w + mean × (1 − w)] × c, the mean over the valid bids, of more than five
    without the highest and the lowest."""
    final = ceiling * (1 - delta)
    cost = (final + trimmed_mean(prices)) / 2 * Fraction(85, 100)
    valid = tuple(sorted(price for price in prices if cost <= price <= final))
    middle = mean(valid[1:-1] if len(valid) > 5 else valid)
    return Traffic(final, cost, valid, (final * w + middle * (1 - w)) * c)


def of_subset(drawn: Sequence[Fraction], k: Fraction) -> Fraction:
    """F5: mean of a drawn subset × (1 − k)."""
    return mean(drawn) * (1 - k)


def within_limit(prices: Sequence[Fraction], limit: Fraction) -> tuple[Fraction, ...]:
    """F9: drops the bid farthest from the mean (of two the higher) while it is farther than `limit`, a
    share of the mean, until all are within or two are left. Their mean is the benchmark."""
    left = sorted(prices)
    while len(left) > 2:
        middle = mean(left)
        farthest = max(left, key=lambda price: (abs(price - middle), price))
        if abs(farthest - middle) <= limit * middle:
            break
        left.remove(farthest)
    return tuple(left)
