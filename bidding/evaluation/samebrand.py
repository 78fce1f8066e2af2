"""Bids that offer the same brand (同品牌), M87 art. 31: only the best of a brand stays.

By lowest price the best has the lowest bid price, by scoring the highest score; equals go by the
document's rule, then by a public draw.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from bidding.evaluation.places import Order, drawn


@dataclass(frozen=True)
class Candidate:
    """One bid of the comparison: its brand as found, and what it is compared by, the smallest first."""

    bid: str
    brand: str
    order: Order


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


def competitors(offers: Sequence[tuple[str, str]]) -> int:
    """How many compete among (bid, brand): all bids of one brand are one (按一家计算)."""
    return len({_group(bid, brand) for bid, brand in offers})


def _group(bid: str, brand: str) -> str:
    """A bid without a brand competes with nobody's brand; ids cannot be equal to a brand key."""
    key = brand_key(brand)
    return f"brand {key}" if key else f"bid {bid}"


def select(candidates: Sequence[Candidate], draws: Sequence[Sequence[str]]) -> Selection:
    """Who stays; ids in the result ascend."""
    groups: dict[str, list[Candidate]] = {}
    for candidate in candidates:
        groups.setdefault(_group(candidate.bid, candidate.brand), []).append(candidate)
    chosen: set[str] = set()
    ties = []
    for group in groups.values():
        best = _best(group)
        order = drawn(best, draws) if len(best) > 1 else best
        if order is None:
            ties.append(best)
        else:
            chosen.add(order[0])
    open_bids = {bid for tie in ties for bid in tie}
    beaten = {c.bid for c in candidates} - chosen - open_bids
    return Selection(tuple(sorted(chosen)), tuple(sorted(beaten)), tuple(sorted(ties)))


def _best(group: Sequence[Candidate]) -> tuple[str, ...]:
    first = min(c.order for c in group)
    return tuple(sorted(c.bid for c in group if c.order == first))
