"""What the room of committees learns of a tender (port IPurchases)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session
from zope.interface import implementer

from bidding.tenders.drafts import subject_of
from bidding.tenders.models import Tender
from bidding.tenders.service import find, locked, method_of
from bidding.vault.models import Bid, Outcome
from expert_pool.selection.purchase import Purchase
from trading.interfaces import IPurchases, ITradeKind

BIDDERS_KNOWN = ("opened", "evaluating", "evaluated", "result_published", "awarded", "contracted")


@implementer(IPurchases)
class Purchases:
    """Reads tenders."""

    def purchase(self, session: Session, registry: Any, code: str, lock: bool) -> Purchase:
        tender = locked(session, code) if lock else find(session, code)
        project = tender.lot.project
        return Purchase(
            code=code, state=tender.state, tenderer=tender.tenderer.uscc, agency=tender.agency.uscc,
            region=project.region, matters=frozenset({code, project.code}), budget=project.budget,
            regime=registry.getUtility(ITradeKind, name=tender.kind).regime,
            committee=int(tender.form.get("committee") or 0), bidders=bidders_of(session, tender),
            method=method_of(tender), subject=subject_of(registry, tender),
        )  # fmt: skip


def bidders_of(session: Session, tender: Tender) -> frozenset[str] | None:
    """Whose bids were opened; None before the opening is over."""
    if tender.state not in BIDDERS_KNOWN:
        return None
    query = (
        select(Bid.bidder_uscc)
        .join(Outcome, Outcome.bid_id == Bid.id)
        .where(Bid.tender_id == tender.id, Bid.status == "valid", Outcome.outcome == "OK")
    )
    return frozenset(filter(None, session.scalars(query)))
