"""The contract price of a small works (合同价): fixed, the ceiling less a drawn share K, or the reasonable low price (合理低价)
among sealed offers. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from bidding.evaluation.benchmark import TRIM_FROM, trimmed_mean, trimmed_times_k
from bidding.evaluation.exact import decimal


def drawn_price(ceiling: Decimal, k: str) -> Decimal:
    """ceiling × (1 − K), rounded half up to the fen once. Raises ValueError unless 0 ≤ K < 1."""
    share = Decimal(k)
    if not 0 <= share < 1:
        raise ValueError("K is a share of the ceiling")
    return decimal(Fraction(ceiling) * (1 - Fraction(share)))


@dataclass(frozen=True)
class Offer:
    """A sealed price as it was opened. `id` is the firm's social credit code."""

    id: str
    price: Decimal


@dataclass(frozen=True)
class Place:
    """An offer in the ranking. `left_out` of the mean: highest | lowest | "" ; `distance` from the benchmark, in yuan."""

    offer: Offer
    rank: int
    left_out: str
    distance: Fraction


@dataclass(frozen=True)
class Ranking:
    """F1 with every step: the mean and what it was taken of, the benchmark, the offers by their distance from it."""

    k: str
    mean: Fraction
    benchmark: Fraction
    places: tuple[Place, ...]
    above: tuple[Offer, ...]
    """above the ceiling: invalid, and in no mean"""

    @property
    def order(self) -> list[str]:
        return [place.offer.id for place in self.places]


def reasonable_low(offers: Sequence[Offer], ceiling: Decimal, k: str) -> Ranking | None:
    """F1: the benchmark is the mean, from five offers on without the highest and the lowest, × (1 − K); first is the
    offer nearest to it, of two as near the lower, of two equal ones the one that was handed in first (`offers` are in
    that order). Exact: nothing is rounded. None without an offer at or below the ceiling."""
    valid = [offer for offer in offers if offer.price <= ceiling]
    if not valid:
        return None
    prices = [Fraction(offer.price) for offer in valid]
    benchmark = trimmed_times_k(prices, 1 - Fraction(k))
    by_price = sorted(range(len(valid)), key=prices.__getitem__)
    trimmed = {by_price[0]: "lowest", by_price[-1]: "highest"} if len(valid) >= TRIM_FROM else {}
    nearest = sorted(range(len(valid)), key=lambda at: (abs(prices[at] - benchmark), prices[at], at))
    places = tuple(
        Place(valid[at], rank, trimmed.get(at, ""), abs(prices[at] - benchmark))
        for rank, at in enumerate(nearest, start=1)
    )
    above = tuple(offer for offer in offers if offer.price > ceiling)
    return Ranking(k, trimmed_mean(prices), benchmark, places, above)
