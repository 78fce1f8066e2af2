"""Places among equals (名次): bids in order of their figures, with draws where the figures are the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import groupby

Order = tuple[Fraction, ...]
"""What a bid is compared by, the smallest first; equal orders are a tie."""


@dataclass(frozen=True)
class Places:
    """`ranks`: (bid, rank) by rank, then id; `ties`: (rank, ids) of those that no draw has parted."""

    ranks: tuple[tuple[str, int], ...]
    ties: tuple[tuple[int, tuple[str, ...]], ...]

    @property
    def first(self) -> frozenset[str]:
        """The bids of rank 1; several when they wait for a draw."""
        return frozenset(bid for bid, rank in self.ranks if rank == 1)


def drawn(tied: Sequence[str], draws: Sequence[Sequence[str]]) -> tuple[str, ...] | None:
    """The drawn order of exactly these bids, or None when no draw was about exactly them."""
    for draw in draws:
        if len(draw) == len(tied) and set(draw) == set(tied):
            return tuple(draw)
    return None


def places(orders: Mapping[str, Order], draws: Sequence[Sequence[str]]) -> Places:
    """Ranks 1, 2, 3 …; those that are equal and not drawn share one (1, 1, 3)."""
    ranks: list[tuple[str, int]] = []
    ties = []
    for _, group in groupby(sorted(orders, key=lambda bid: (orders[bid], bid)), key=lambda bid: orders[bid]):
        ids, rank = tuple(group), len(ranks) + 1
        order = drawn(ids, draws) if len(ids) > 1 else ids
        if order is None:
            ties.append((rank, ids))
        ranks.extend((bid, rank if order is None else rank + place) for place, bid in enumerate(order or ids))
    return Places(tuple(ranks), tuple(ties))
