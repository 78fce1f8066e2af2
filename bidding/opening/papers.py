"""The papers of an opening (开标记录): outcomes and record as the bundle has them (docs/protocols/bundle.md)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bidding.tenders.models import Tender
from bidding.vault.models import Bid, Outcome
from trading.ledger import canonical


@dataclass(frozen=True)
class ReadOut:
    """What is read out of one bid (唱标): bidder, outcome, and from its opening form price and period.

    `total` (yuan, as the bidder wrote it) and `period_days` are None where the price sheet cannot be read."""

    bid: Bid
    outcome: Outcome
    total: str | None
    period_days: int | None


def read_out(bid: Bid, outcome: Outcome, *, priced: bool = True) -> ReadOut:
    """The opening form's figures, exactly as sealed; whether they are right is the committee's matter. Not
    `priced`: a consultation or negotiation, where nobody is told another's price (GPL 38(4)).

    A bidder may have sealed anything: what is no canonical JSON with an opening form is read out without
    figures, and keeps nobody else's bid from being read out."""
    if not priced:
        return ReadOut(bid, outcome, None, None)
    try:
        form = canonical.loads(outcome.price_sheet or b"")["opening"]
        total, period = form["total"], form["period_days"]
    except (canonical.CanonicalError, KeyError, TypeError):
        return ReadOut(bid, outcome, None, None)
    good_total = total if isinstance(total, str) else None
    good_period = period if isinstance(period, int) and not isinstance(period, bool) else None
    return ReadOut(bid, outcome, good_total, good_period)


def opened(outcome: Outcome) -> dict[str, Any]:
    """How an outcome stands in outcomes.json and in the entry `bid.opened`, without the manifest; `reasons`
    are the codes of a decision on a bid that nobody has opened."""
    reasons = outcome.evidence.get("decision")
    return {
        "outcome": outcome.outcome,
        "how": outcome.opened_by or None,
        "parts": outcome.evidence.get("parts", []),
    } | ({"reasons": reasons} if reasons else {})


def outcomes_document(rows: Sequence[ReadOut]) -> bytes:
    """outcomes.json"""
    bids = [{"manifest": row.bid.manifest_hash} | opened(row.outcome) for row in rows]
    return canonical.dumps({"v": 1, "typ": "ebid.outcomes", "bids": bids})


def record_document(tender: Tender, close_sha256: str, rows: Sequence[ReadOut]) -> bytes:
    """record.json, which the host signs."""
    return canonical.dumps(
        {
            "v": 1,
            "typ": "ebid.opening-record",
            "tender": tender.code,
            "lot": tender.lot.code,
            "close": close_sha256,
            "bids": [
                {
                    "manifest": row.bid.manifest_hash,
                    "bidder": row.bid.bidder_uscc,
                    "name": row.bid.bidder_name,
                    "outcome": row.outcome.outcome,
                    "total": row.total,
                    "period_days": row.period_days,
                }
                for row in rows
            ],
        }
    )
