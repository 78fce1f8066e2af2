"""What waits after an evaluation (待办): results to confirm, contracts to sign and publish, own results."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from pyramid.request import Request
from sqlalchemy import select

from bidding.awards import candidates, countersigning
from bidding.tenders.models import Tender
from bidding.vault.models import Bid
from trading.deals.days import last_day_before
from trading.deals.models import Contract
from trading.parties.models import Party
from trading.web import Card, _

SOON = timedelta(days=2)
CONTRACTING = ("awarded", "contracted")
SHOWN = 50
"""cards of a kind"""


def tenderer_cards(request: Request) -> list[Card]:
    """Winners to confirm; contracts."""
    return buyers_cards(request, Tender.tenderer_id == request.identity.party_id)


def agent_cards(request: Request) -> list[Card]:
    """The same for an agency's tenders."""
    return buyers_cards(request, Tender.agency_id == request.identity.party_id)


def buyers_cards(request: Request, mine: Any) -> list[Card]:
    """Two questions, and none that grows with the contracts of all years."""
    if request.identity.party_id is None:
        return []
    oldest = Tender.created_at
    evaluated = select(Tender).where(mine, Tender.state == "evaluated").order_by(oldest)
    waiting = select(Tender, Contract).join(Contract, Contract.tender == Tender.code)
    waiting = waiting.where(mine, Tender.state.in_(CONTRACTING), Contract.published_at.is_(None))
    return [
        *(confirming(request, tender) for tender in request.db.scalars(evaluated.limit(SHOWN))),
        *(
            contracting(request, *found)
            for found in request.db.execute(waiting.order_by(oldest).limit(SHOWN))
        ),
    ]


def confirming(request: Request, tender: Tender) -> Card:
    """A winner to confirm."""
    by = candidates.confirm_by(candidates.load(request.db, tender))
    late = by - request.now() < SOON
    note = _(
        "by ${time}: ${title}",
        mapping={"time": last_day_before(by).isoformat(), "title": request.called(tender)},
    )
    address = request.route_path("award", code=tender.code)
    return Card(_("Confirm the winner"), address, note, "late" if late else "now")


def contracting(request: Request, tender: Tender, contract: Contract) -> Card:
    """A contract to sign, or to publish once it is signed."""
    by = contract.publish_by or contract.due_at
    title = _("Publish the contract") if contract.signed_at else _("Sign the contract")
    note = _(
        "by ${time}: ${title}",
        mapping={"time": last_day_before(by).isoformat(), "title": request.called(tender)},
    )
    tone = "late" if by - request.now() < SOON else "now"
    return Card(title, request.route_path("contract", code=tender.code), note, tone)


def bidder_cards(request: Request) -> list[Card]:
    """Results of one's own bids, the newest first."""
    party = request.db.get(Party, request.identity.party_id) if request.identity.party_id else None
    if party is None:
        return []
    mine = select(Bid.tender_id).where(Bid.bidder_uscc == party.uscc, Bid.status == "valid")
    query = select(Tender).where(Tender.id.in_(mine), Tender.state.in_(("awarded", "contracted")))
    return [
        own_card(request, tender)
        for tender in request.db.scalars(query.order_by(Tender.deadline.desc()).limit(20))
    ]


def own_card(request: Request, tender: Tender) -> Card:
    """One's result, or the contract on file that waits for one's signature."""
    address = request.route_path("my-result", code=tender.code)
    filed = countersigning.filed_for(request.db, tender, request.identity.party_id)
    if filed is not None and countersigning.of_tender(request.db, request.registry, tender) is None:
        return Card(_("Sign the contract"), address, request.called(tender), "now")
    return Card(_("Your result"), address, request.called(tender))
