"""What becomes of the final offers (最后报价处理): opened, they are the price sheets of the evaluation; too few, and
the procurement fails. Law: MOF 74 art. 33, 34, 37; Caiku 2014-214 art. 21, 22, 34."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bidding.evaluation import service as evaluation
from bidding.evaluation.progress import load
from bidding.evaluation.steps import article
from bidding.offers import standing
from bidding.offers.models import FinalOffers
from bidding.opening.service import announce_failure
from bidding.opening.standing import find_opening
from bidding.tenders.models import Tender
from bidding.tenders.service import advance, find, locked, method_of, must_go_on
from bidding.vault.closing import valid_bids
from bidding.vault.models import Bid, Outcome
from bidding.vault.service import close_of
from trading.acts import process, record
from trading.events import OpeningRecorded, TenderEnded

ACTOR = process("offers")
FEW = ("fewer final offers than needed", "提交最后报价的供应商不足法定家数")


def opened(event: OpeningRecorded) -> None:
    """The host has signed the record of an opening; of final offers, enough of which are open, they are taken."""
    child = find(event.session, event.tender)
    if child.parent_id is not None and child.state == "opened":
        take(event.session, event.registry, child, event.at)


def take(session: Session, registry: Any, child: Tender, now: datetime) -> None:
    """The opened offers become the price sheets of the evaluation, which goes on. Entry `offers.taken`; who
    made no offer that could be opened has left."""
    code = child.code
    tender = standing.parent_of(session, child)
    assert tender is not None
    tender = locked(session, tender.code)
    must_go_on(tender)
    child = find(session, code)
    offers = standing.offers_of(session, tender)
    assert offers is not None
    found = load(session, registry["keys"], tender)
    made = opened_offers(session, child)
    # As the host has called them: while a member is being replaced nobody is qualified.
    called = called_by(offers)
    remaining = [bidder for bidder in sorted(found.bids) if found.bids[bidder].manifest in called]
    pairs = []
    for bidder in remaining:
        bid, offer = found.bids[bidder], made.get(bidder)
        if offer is None:
            continue
        row, outcome = offer
        bid.outcome.price_sheet = outcome.price_sheet
        pairs.append({"manifest": bid.manifest, "offer": row.manifest_hash})
    offers.left = [bidder for bidder in remaining if bidder not in made]
    offers.taken_at = now
    close, opening = close_of(session, child), find_opening(session, child)
    assert close is not None and opening is not None
    payload = {
        "offers": code,
        "closed": close.sha256,
        "recorded": opening.record_sha256,
        "opened": hashlib.sha256(opening.outcomes or b"").hexdigest(),
        "taken": sorted(pairs, key=lambda pair: pair["manifest"] or ""),
        "left": sorted(found.bids[bidder].manifest for bidder in offers.left),
    }
    record(session, ACTOR, "offers.taken", tender.code, payload, now)
    advance(session, registry, child, "hand_over", now, bids_opened=len(made))
    record(session, ACTOR, "offers.handed-over", code, {"to": tender.code}, now)
    session.flush()
    evaluation.proceed(session, registry, tender, now)


def called_by(offers: FinalOffers) -> set[str]:
    """The first responses (manifests) whose suppliers the signed call names."""
    return set(json.loads(offers.call)["remaining"]) if offers.call else set()


def opened_offers(session: Session, child: Tender) -> dict[str, tuple[Bid, Outcome]]:
    """The final offers that were opened, by the bidder's code."""
    rows = session.execute(
        select(Bid, Outcome)
        .join(Outcome, Outcome.bid_id == Bid.id)
        .where(Bid.tender_id == child.id, Bid.status == "valid", Outcome.outcome == "OK")
    )
    return {bid.bidder_uscc or "": (bid, outcome) for bid, outcome in rows}


def ended(event: TenderEnded) -> None:
    """Final offers that failed fail the procurement; a procurement that ends takes its final offers along."""
    tender = find(event.session, event.tender)
    if tender.parent_id is not None:
        if event.how == "failed":
            fail(event.session, event.registry, tender, event.at)
        return
    child = standing.child_of(event.session, tender)
    if child is not None and child.state not in ("handed_over", "failed", "cancelled"):
        step = "discard" if child.state == "draft" else "cancel"
        reason = {"reason": f"{tender.code} ended"}
        advance(event.session, event.registry, child, step, event.at, cancellation_reason=reason["reason"])
        record(event.session, ACTOR, "tender.cancelled", child.code, reason, event.at)


def fail(session: Session, registry: Any, child: Tender, now: datetime) -> None:
    """Too few final offers: the procurement fails, with the article. Entry `tender.failed`."""
    made = min(len(valid_bids(session, child)), len(opened_offers(session, child)))
    tender = standing.parent_of(session, child)
    assert tender is not None
    tender = locked(session, tender.code)
    if tender.state not in ("evaluating", "opened"):  # opened: its committee is being formed anew
        return  # it has ended by itself, and took its final offers along
    advance(session, registry, tender, "fail_for_few_offers", now, offers_made=made)
    words, chinese = FEW
    announce_failure(
        session, registry, tender, (words, article("too-few-offers", method_of(tender)), chinese), now
    )
