"""Bids that offer the same brand (同品牌) under the lowest-price method, M87 art. 31.

Of one brand only the bid with the lowest bid price takes part; equal prices go by the document's
rule, then by a public draw.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True)
class Candidate:
    """One bid of the comparison: brand as found, bid price and evaluation price in yuan."""

    bid: str
    brand: str
    price: Fraction
    evaluation_price: Fraction


@dataclass(frozen=True)
class Selection:
    """Who takes part, who does not because of a brand, and which bids need a draw."""

    chosen: tuple[str, ...]
    beaten: tuple[str, ...]
    ties: tuple[tuple[str, ...], ...]

    @property
    def competitors(self) -> int:
        """How many will take part once the ties are drawn: a tied brand counts as one."""
        return len(self.chosen) + len(self.ties)


def brand_key(brand: str) -> str:
    """What two spellings of one brand share: compatibility form, no white space, case-folded."""
    return "".join(unicodedata.normalize("NFKC", brand).split()).casefold()


def drawn(tied: Sequence[str], draws: Sequence[Sequence[str]]) -> tuple[str, ...] | None:
    """The drawn order of exactly these bids, or None when no draw was about exactly them."""
    for draw in draws:
        if len(draw) == len(tied) and set(draw) == set(tied):
            return tuple(draw)
    return None


def select(
    candidates: Sequence[Candidate], tie_rules: Sequence[str], draws: Sequence[Sequence[str]]
) -> Selection:
    """Who takes part. `tie_rules` may hold "evaluation-price"; ids in the result ascend."""
    groups: dict[str, list[Candidate]] = {}
    for candidate in candidates:
        key = brand_key(candidate.brand)
        # A bid without a brand competes with nobody's brand; ids cannot be equal to a brand key.
        groups.setdefault(f"brand {key}" if key else f"bid {candidate.bid}", []).append(candidate)
    chosen: set[str] = set()
    ties = []
    for group in groups.values():
        best = _best(group, tie_rules)
        order = drawn(best, draws) if len(best) > 1 else best
        if order is None:
            ties.append(best)
        else:
            chosen.add(order[0])
    open_bids = {bid for tie in ties for bid in tie}
    beaten = {c.bid for c in candidates} - chosen - open_bids
    return Selection(tuple(sorted(chosen)), tuple(sorted(beaten)), tuple(sorted(ties)))


def _best(group: Sequence[Candidate], tie_rules: Sequence[str]) -> tuple[str, ...]:
    lowest = min(c.price for c in group)
    left = [c for c in group if c.price == lowest]
    if "evaluation-price" in tie_rules:
        lowest = min(c.evaluation_price for c in left)
        left = [c for c in left if c.evaluation_price == lowest]
    return tuple(sorted(c.bid for c in left))
