"""What an opening wants done (待办): the host's answers and signature, a bidder's key."""

from __future__ import annotations

from pyramid.request import Request
from sqlalchemy import select

from bidding.opening.models import Opening
from bidding.opening.service import objections_of
from bidding.tenders.models import Tender
from bidding.vault.models import Bid, BidderRelease
from trading.parties.models import Party
from trading.web import Card, _, beijing


def under_way(request: Request) -> list[tuple[Tender, Opening]]:
    """Tenders in their opening, the oldest first."""
    query = select(Tender, Opening).join(Opening, Opening.tender_id == Tender.id)
    found = request.db.execute(query.where(Tender.state == "opening").order_by(Opening.started_at))
    return [(tender, opening) for tender, opening in found]


def host_cards(request: Request) -> list[Card]:
    """Openings that this organisation hosts, with what they wait for."""
    mine = [
        (tender, opening)
        for tender, opening in under_way(request)
        if request.identity.party_id in (tender.tenderer_id, tender.agency_id)
    ]
    return [host_card(request, tender, opening) for tender, opening in mine]


def host_card(request: Request, tender: Tender, opening: Opening) -> Card:
    asked = any(row.answered_at is None for row in objections_of(request.db, opening))
    if asked:
        note, tone = _("An objection waits for your answer"), "late"
    elif opening.record is not None:
        note, tone = _("Read out: sign the record"), "now"
    else:
        until = {"time": beijing(opening.window_ends_at, "%H:%M")}
        note, tone = _("Bidders decrypt until ${time}", mapping=until), "neutral"
    title = _("Opening now: ${title}", mapping={"title": request.called(tender)})
    return Card(title, request.route_path("opening", code=tender.code), note, tone)


def bidder_cards(request: Request) -> list[Card]:
    """Bids of this enterprise that wait for their key, or are being opened."""
    party = request.db.get(Party, request.identity.party_id) if request.identity.party_id else None
    cards = []
    for tender, opening in under_way(request) if party is not None else []:
        query = select(Bid).where(
            Bid.tender_id == tender.id, Bid.bidder_uscc == party.uscc, Bid.status == "valid"
        )
        bid = request.db.scalars(query).first()
        if bid is not None:
            cards.append(bidder_card(request, tender, opening, bid))
    return cards


def bidder_card(request: Request, tender: Tender, opening: Opening, bid: Bid) -> Card:
    address = request.route_path("opening", code=tender.code)
    given = select(BidderRelease.id).where(BidderRelease.bid_id == bid.id, BidderRelease.matches)
    if request.now() < opening.window_ends_at and request.db.scalar(given) is None:
        until = {"time": beijing(opening.window_ends_at, "%H:%M:%S")}
        title = _("Decrypt your bid: ${title}", mapping={"title": request.called(tender)})
        return Card(title, address, _("until ${time}", mapping=until), "now")
    return Card(
        _("Opening now: ${title}", mapping={"title": request.called(tender)}), address, _("Follow it live")
    )
