"""Policy price deductions (价格扣除): they change the evaluation price, never the contract price.

Sources: 财库〔2022〕19号 and 财库〔2020〕46号 (small and micro enterprises, consortia, sheltered
enterprises), 国办发〔2025〕34号 (domestic products). The rates are the tender document's.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

# One enterprise is treated as small only once, whatever makes it so: the highest rate counts.
SMALL_BUSINESS = frozenset({"micro-enterprise", "sheltered", "micro-consortium"})
MULTIPLICATIVE = "multiplicative"
ADDITIVE = "additive"


@dataclass(frozen=True)
class Deduction:
    """One deduction granted: the claim and its rate (0.10 = 10 %)."""

    claim: str
    rate: Fraction


def granted(
    claims: Iterable[str], rates: Mapping[str, Fraction], refused: Collection[str] = ()
) -> tuple[Deduction, ...]:
    """The deductions of a bid: claims the document grants and the committee did not refuse.

    Of the small-business claims only the one with the highest rate (first by name if equal).
    """
    valid = [
        Deduction(claim, rates[claim]) for claim in sorted(claims) if claim in rates and claim not in refused
    ]
    small = [d for d in valid if d.claim in SMALL_BUSINESS]
    best = max(small, key=lambda d: d.rate, default=None)
    return tuple(d for d in valid if d.claim not in SMALL_BUSINESS or d is best)


def evaluation_price(price: Fraction, deductions: Iterable[Deduction], stacking: str) -> Fraction:
    """The price that is compared, exact. `stacking` is "multiplicative" or "additive".

    110 with 20 % and 10 %: multiplicative 79.2, additive 77.
    """
    if stacking == MULTIPLICATIVE:
        for deduction in deductions:
            price *= 1 - deduction.rate
        return price
    if stacking == ADDITIVE:
        return price * (1 - sum((d.rate for d in deductions), Fraction(0)))
    raise ValueError(f"unknown stacking {stacking!r}")
