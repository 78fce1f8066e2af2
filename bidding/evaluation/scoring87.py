"""Price score of the comprehensive scoring method (综合评分法), M87 art. 55: lowest price first.

Policy-adjusted prices are used for the benchmark and for each bid; no price is trimmed.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

FULL = Fraction(100)


def price_scores(evaluation_prices: Mapping[str, Fraction]) -> dict[str, Fraction]:
    """For each bid: lowest price ÷ this price × 100, exact. Prices must be above 0."""
    if not evaluation_prices:
        return {}
    benchmark = min(evaluation_prices.values())
    if benchmark <= 0:
        raise ValueError("a price must be above 0")
    return {bid: benchmark / price * FULL for bid, price in evaluation_prices.items()}


def price_points(evaluation_prices: Mapping[str, Fraction], weight: Fraction) -> dict[str, Fraction]:
    """The weighted price points, exact; `weight` is a share of 1 (0.30 = 30 %)."""
    return {bid: score * weight for bid, score in price_scores(evaluation_prices).items()}
