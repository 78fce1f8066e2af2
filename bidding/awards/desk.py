"""What waits after an evaluation (待办): results to confirm, contracts to sign and publish, own results."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from pyramid.request import Request
from sqlalchemy import select

from bidding.awards import candidates
from bidding.tenders.models import Tender
from bidding.vault.models import Bid
from trading.deals.days import last_day_before
from trading.deals.models import Contract
from trading.parties.models import Party
from trading.web import Card, _

SOON = timedelta(days=2)


def tenderer_cards(request: Request) -> list[Card]:
    """Winners to confirm; contracts."""
    return buyers_cards(request, Tender.tenderer_id == request.identity.party_id)


def agent_cards(request: Request) -> list[Card]:
    """The same for an agency's tenders."""
    return buyers_cards(request, Tender.agency_id == request.identity.party_id)


def buyers_cards(request: Request, mine: Any) -> list[Card]:
    if request.identity.party_id is None:
        return []
    waiting = select(Tender).where(mine, Tender.state.in_(("evaluated", "awarded", "contracted")))
    found = [
        card(request, tender) for tender in request.db.scalars(waiting.order_by(Tender.created_at).limit(50))
    ]
    return [each for each in found if each is not None]


def card(request: Request, tender: Tender) -> Card | None:
    """What comes next in a tender that is evaluated, awarded or contracted."""
    if tender.state == "evaluated":
        by = candidates.confirm_by(candidates.load(request.db, tender))
        late = by - request.now() < SOON
        note = _(
            "by ${time}: ${title}",
            mapping={"time": last_day_before(by).isoformat(), "title": request.called(tender)},
        )
        return Card(
            _("Confirm the winner"),
            request.route_path("award", code=tender.code),
            note,
            "late" if late else "now",
        )
    contract = request.db.scalars(select(Contract).where(Contract.tender == tender.code)).first()
    if contract is None or contract.published_at is not None:
        return None
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
        Card(_("Your result"), request.route_path("my-result", code=tender.code), request.called(tender))
        for tender in request.db.scalars(query.order_by(Tender.deadline.desc()).limit(20))
    ]
