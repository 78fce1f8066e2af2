"""Where every bid ended (评审结果): read from the signed report, nothing computed anew.

Pure. Formats: docs/protocols/evaluation.md 1 and 4, docs/protocols/bundle.md (result/…).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bidding.awards.own_score import OwnScore, own_score
from trading.clock import rfc3339
from trading.ledger import canonical

NOT_OPENED = "not-opened"
OUTRANKED = "outranked"
NOT_OPENED_ARTICLE = "Order 20 31"
REVIEWED = {"not-qualified": "qualification", "not-responsive": "conformity"}
"""Grounds for which the committee wrote reasons, and the review they stand in."""


@dataclass(frozen=True)
class HandedIn:
    """A bid of the closing list: bidder's code and name, manifest hash, whether it was opened."""

    bidder: str
    name: str
    manifest: str
    opened: bool


@dataclass(frozen=True)
class Place:
    """Where a bid ended: `rank` and prices (money as strings) when it was ranked, else `ground` with its
    article and, line by line, what the committee wrote."""

    bid: HandedIn
    rank: int | None = None
    price: str | None = None
    evaluation_price: str | None = None
    ground: str = ""
    article: str = ""
    details: tuple[str, ...] = ()
    score: OwnScore | None = None
    """of bids that came to scoring"""

    @property
    def reason(self) -> str:
        """The ground as public documents write it."""
        return f"{self.ground} ({self.article})" if self.article else self.ground


def standings(report: Mapping[str, Any], inputs: Mapping[str, Any], bids: Sequence[HandedIn]) -> list[Place]:
    """Every bid's place, the ranked ones first by rank, then the others by bidder's code.

    `report` is report.json, `inputs` the evaluation's input."""
    result = report["result"]
    ranked = {row["id"]: row for row in result["ranking"]}
    rejected = {row["id"]: row for row in result["rejected"]}
    decisions = {row["id"]: row["decisions"] for row in inputs["bids"]}
    places = []
    for bid in bids:
        score = own_score(bid.bidder, report, inputs)
        if row := ranked.get(bid.bidder):
            places.append(Place(bid, row["rank"], row["bid_price"], row["evaluation_price"], score=score))
        elif row := rejected.get(bid.bidder):
            said = reasons_written(row["ground"], decisions.get(bid.bidder, {}))
            places.append(Place(bid, ground=row["ground"], article=row["article"], details=said, score=score))
        else:
            places.append(Place(bid, ground=NOT_OPENED, article=NOT_OPENED_ARTICLE))
    return sorted(places, key=lambda place: (place.rank is None, place.rank or 0, place.bid.bidder))


def reasons_written(ground: str, decisions: Mapping[str, Any]) -> tuple[str, ...]:
    """The items that were not passed, each with the reasons of those who voted against it (M87 69: an
    unqualified bidder is told why)."""
    lines = []
    for entry in decisions.get(REVIEWED.get(ground, ""), []):
        against = [vote for vote in entry["votes"] if not vote["pass"]]
        if 2 * len(against) >= len(entry["votes"]):
            said = dict.fromkeys(vote["reason"].strip() for vote in against if vote["reason"].strip())
            lines.append(f"{entry['item']}: {'; '.join(said)}" if said else entry["item"])
    return tuple(lines)


def result_document(tender: str, lot: str, places: Sequence[Place], winner: Place, at: datetime) -> bytes:
    """The bytes of result.json."""
    return canonical.dumps(
        {
            "v": 1,
            "typ": "ebid.result",
            "tender": tender,
            "lot": lot,
            "published": rfc3339(at),
            "winner": {
                "manifest": winner.bid.manifest,
                "bidder": winner.bid.bidder,
                "name": winner.bid.name,
                "price": winner.price,
                **({"total": winner.score.total} if winner.score else {}),
            },
            "ranking": [
                {"rank": place.rank, "manifest": place.bid.manifest, "price": place.price}
                for place in places
                if place.rank is not None
            ],
            "excluded": [
                {"manifest": place.bid.manifest, "reason": place.reason}
                for place in places
                if place.rank is None
            ],
        }
    )


def award_document(tender: str, lot: str, winner: Place) -> bytes:
    """The bytes of award-<n>.json."""
    return canonical.dumps(
        {
            "v": 1,
            "typ": "ebid.award",
            "tender": tender,
            "lot": lot,
            "manifest": winner.bid.manifest,
            "bidder": winner.bid.bidder,
            "price": winner.price,
            "rank": winner.rank,
        }
    )
