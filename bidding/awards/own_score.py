"""What a bidder is told of its own score (本人评审得分, M87 69): points by item and in all, never who gave what.

Pure: read from the signed report.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from bidding.evaluation.report_card import card_of


@dataclass(frozen=True)
class OwnItem:
    """One item of the document: its weight, the committee's mean out of `max` (both "" for the price), the points
    (rounded half up to two places, and exact)."""

    item: str
    name: str
    kind: str
    weight: str
    max: str
    mean: str
    points: str
    exact: str


@dataclass(frozen=True)
class OwnScore:
    """One bid's points: the price first, then the judged items in the document's order."""

    items: tuple[OwnItem, ...]
    total: str
    exact: str

    def as_json(self) -> dict[str, Any]:
        """As the JSON interface tells it."""
        return {
            "total": {"points": self.total, "exact": self.exact},
            "items": [asdict(item) for item in self.items],
        }

    @property
    def points(self) -> dict[str, str]:
        """The rounded points by item, as the ledger keeps what the bidder was told."""
        return {item.item: item.points for item in self.items}


def own_score(bid: str, report: Mapping[str, Any], inputs: Mapping[str, Any]) -> OwnScore | None:
    """The score of the bid with this id; None when it did not come to scoring."""
    card = card_of(bid, report, inputs)
    if card is None:
        return None
    price = card.price
    first = OwnItem(price.item, price.name, "price", price.weight, "", "", price.points, price.exact)
    judged = (
        OwnItem(row.item, row.name, row.kind, row.weight, row.max, row.mean, row.points, row.exact)
        for row in card.rows
    )
    return OwnScore((first, *judged), card.total, card.exact)
