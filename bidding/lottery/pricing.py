"""The contract price of a small works (合同价): fixed, or the ceiling less a drawn share K. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

from bidding.evaluation.benchmark import trimmed_times_k
from bidding.evaluation.exact import decimal


def drawn_price(ceiling: Decimal, k: str) -> Decimal:
    """ceiling × (1 − K), rounded half up to the fen once. Raises ValueError unless 0 ≤ K < 1."""
    share = Decimal(k)
    if not 0 <= share < 1:
        raise ValueError("K is a share of the ceiling")
    return decimal(Fraction(ceiling) * (1 - Fraction(share)))


def reasonable_low(prices: Sequence[Decimal], k: str) -> tuple[Decimal, int | None]:
    """F1 among offers: the benchmark (trimmed mean × (1 − K)), and the place of the offer nearest to it, the lower
    of two as near; None without an offer. Offers above the ceiling are left out by the caller."""
    if not prices:
        return Decimal(0), None
    exact = [Fraction(price) for price in prices]
    benchmark = trimmed_times_k(exact, 1 - Fraction(k))
    nearest = min(range(len(exact)), key=lambda place: (abs(exact[place] - benchmark), exact[place], place))
    return decimal(benchmark), nearest
