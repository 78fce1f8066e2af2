"""What talks and final offers put on people's desks."""

from __future__ import annotations

from typing import Any

from pyramid.request import Request
from sqlalchemy import or_, select

from bidding.evaluation.progress import Phase, load
from bidding.offers import standing
from bidding.offers.models import RequirementChange
from bidding.tenders.invited import may_bid
from bidding.tenders.models import Tender
from bidding.vault.service import acts_of, standing_of
from trading.parties.models import Party
from trading.permissions import Role
from trading.web import Card, _, beijing


def buyer_cards(request: Request) -> list[Card]:
    """Calls that wait for the host's signature, changes that wait for the purchaser."""
    own, cards = request.identity.party_id, []
    mine = select(Tender).where(
        or_(Tender.tenderer_id == own, Tender.agency_id == own), Tender.state == "evaluating"
    )
    for tender in request.db.scalars(mine.order_by(Tender.opens_at)):
        if standing.talks(tender) and (words := awaited(request, tender)):
            address = request.route_path("consultation", code=tender.code)
            cards.append(Card(request.called(tender), address, words, "now"))
    return cards


def awaited(request: Request, tender: Tender) -> Any:
    """What a tender in its talks waits for from this reader; "" for nothing."""
    offers = standing.offers_of(request.db, tender)
    waiting = select(RequirementChange.id).where(
        RequirementChange.tender_id == tender.id, RequirementChange.decision == ""
    )
    if offers is None and Role.TENDERER in request.identity.roles and request.db.scalar(waiting.limit(1)):
        return _("Confirm what the talks have changed")
    if offers is not None and offers.called_at is None:
        found = load(request.db, request.keys, tender)
        if found.phase(request.now()) is Phase.FINAL_OFFERS:
            return _("Call the suppliers for their final offers")
    return ""


def bidder_cards(request: Request) -> list[Card]:
    """Final offers that this enterprise can still make, with the time until which."""
    party = request.db.get(Party, request.identity.party_id) if request.identity.party_id else None
    if party is None:
        return []
    query = select(Tender).where(
        Tender.parent_id.is_not(None), Tender.state == "published",
        or_(Tender.deadline > request.now(), Tender.suspended_at.is_not(None)),
    )  # fmt: skip
    cards = []
    for child in request.db.scalars(query.order_by(Tender.deadline)):
        if not may_bid(request.db, request.keys, child, party.id):
            continue
        made = standing_of(acts_of(request.db, request.keys, child, party.uscc)) is not None
        until = {"time": beijing(child.deadline, "%m-%d %H:%M")}
        words = (
            _("Suspended: the time for your final offer stands still")
            if child.suspended_at
            else (
                _("Final offer handed in; it can be replaced until ${time}", mapping=until)
                if made
                else _("Make your final offer before ${time}", mapping=until)
            )
        )
        address = request.route_path("bid", code=child.code)
        cards.append(
            Card(request.called(child), address, words, "neutral" if made or child.suspended_at else "late")
        )
    return cards
