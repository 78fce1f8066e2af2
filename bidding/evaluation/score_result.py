"""What an evaluation by comprehensive scoring ends with: docs/protocols/evaluation.md, section 5.3."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from bidding.evaluation.exact import exact, fixed
from bidding.evaluation.outliers import Outlier
from bidding.evaluation.places import Places
from bidding.evaluation.result import Result


@dataclass(frozen=True)
class BidScore:
    """The points of one bid, exact: price, each judged item, and their sum."""

    evaluation_price: Fraction
    price_points: Fraction
    items: Mapping[str, Fraction]

    @property
    def total(self) -> Fraction:
        return sum(self.items.values(), self.price_points)

    def as_json(self) -> dict[str, Any]:
        return {
            "price_points": _figure(self.price_points),
            "items": {item: _figure(points) for item, points in self.items.items()},
            "total": _figure(self.total),
        }


@dataclass(frozen=True)
class Without:
    """The places if one member's scores were left out; `changes_first`: another bid would be first."""

    member: str
    places: Places
    changes_first: bool


@dataclass(frozen=True)
class ScoreResult(Result):
    """The result of scoring. `outcome` may also be "to-correct": members differ on an objective item, and
    the ranking is what would come out if nothing changed."""

    scores: Mapping[str, BidScore]
    disagreements: tuple[tuple[str, str], ...]
    outliers: tuple[Outlier, ...]
    sensitivity: tuple[Without, ...]

    @property
    def benchmark(self) -> Fraction | None:
        """The lowest evaluation price of the scored bids, exact, or None when none was scored."""
        return min((score.evaluation_price for score in self.scores.values()), default=None)

    def as_json(self) -> dict[str, Any]:
        """The result as the protocol writes it."""
        found = super().as_json()
        totals = {bid: score.total for bid, score in self.scores.items()}
        return found | {
            "ranking": [entry | {"total": _figure(totals[entry["id"]])} for entry in found["ranking"]],
            "scores": {bid: score.as_json() for bid, score in self.scores.items()},
            "disagreements": [{"bid": bid, "item": item} for bid, item in self.disagreements],
            "outliers": [
                {"bid": flag.bid, "item": flag.item, "member": flag.member, "rules": list(flag.rules)}
                for flag in self.outliers
            ],
            "sensitivity": [
                {
                    "without": entry.member,
                    "ranking": [{"id": bid, "rank": rank} for bid, rank in entry.places.ranks],
                    "changes_first": entry.changes_first,
                }
                for entry in self.sensitivity
            ],
        }


def _figure(points: Fraction) -> dict[str, str]:
    return {"points": fixed(points), "exact": exact(points)}
