"""What an opening wants done (待办): the host's answers and signature, a bidder's key."""

from __future__ import annotations

from pyramid.request import Request
from sqlalchemy import select
from sqlalchemy.orm import Session

from bidding.opening import second
from bidding.opening.models import Opening, SecondOpening
from bidding.opening.people import objections_of
from bidding.opening.standing import undecided
from bidding.tenders.models import Tender
from bidding.vault.closing import valid_bids
from bidding.vault.envelopes import first
from bidding.vault.models import Bid, BidderRelease
from bidding.vault.restoring import damaged_bid
from bidding.vault.service import policy_of
from trading.parties.models import Party
from trading.web import Card, _, beijing


def under_way(request: Request) -> list[tuple[Tender, Opening | SecondOpening]]:
    """Tenders of which envelopes are being opened, or second ones are still to be decided on, the oldest first."""
    found: list[tuple[Tender, Opening | SecondOpening]] = []
    for row, state in ((Opening, "opening"), (SecondOpening, "evaluating")):
        query = select(Tender, row).join(row, row.tender_id == Tender.id).where(Tender.state == state)
        found += [(tender, each) for tender, each in request.db.execute(query.order_by(row.started_at))]
    return found


def host_cards(request: Request) -> list[Card]:
    """Openings that this organisation hosts, with what they wait for."""
    mine = [
        (tender, row)
        for tender, row in under_way(request)
        if request.identity.party_id in (tender.tenderer_id, tender.agency_id)
    ]
    cards = [host_card(request, tender, row) for tender, row in mine]
    return [card for card in cards if card is not None]


def host_card(request: Request, tender: Tender, row: Opening | SecondOpening) -> Card | None:
    """What the host has to do, or until when others have; None when second envelopes are done with."""
    if undecided(request.db, tender) and row.read_out_at is not None:
        note, tone = _("Decide on the bids that were not opened"), "late"
    elif isinstance(row, Opening) and any(
        each.answered_at is None for each in objections_of(request.db, row)
    ):
        note, tone = _("An objection waits for your answer"), "late"
    elif isinstance(row, Opening) and row.record is not None:
        note, tone = _("Read out: sign the record"), "now"
    elif row.read_out_at is None:
        until = {"time": beijing(row.window_ends_at, "%H:%M")}
        note, tone = _("Bidders decrypt until ${time}", mapping=until), "neutral"
    else:
        return None
    title = _("Opening now: ${title}", mapping={"title": request.called(tender)})
    return Card(title, request.route_path("opening", code=tender.code), note, tone)


def bidder_cards(request: Request) -> list[Card]:
    """Bids of this enterprise that wait for their key, or are being opened."""
    party = request.db.get(Party, request.identity.party_id) if request.identity.party_id else None
    cards = []
    for tender, row in under_way(request) if party is not None else []:
        if row.read_out_at is not None and isinstance(row, SecondOpening):
            continue
        bids = opened_bids(request.db, tender, row)
        bid = next((bid for bid in bids if bid.bidder_uscc == party.uscc), None)
        if bid is not None:
            cards.append(bidder_card(request, tender, row, bid))
    return cards


def opened_bids(session: Session, tender: Tender, row: Opening | SecondOpening) -> list[Bid]:
    """The bids that are opened in an opening."""
    if isinstance(row, SecondOpening):
        return second.opened_bids(session, tender, row)
    return valid_bids(session, tender)


def bidder_card(request: Request, tender: Tender, row: Opening | SecondOpening, bid: Bid) -> Card:
    address = request.route_path("opening", code=tender.code)
    title = {"title": request.called(tender)}
    if damaged_bid(request.db, tender, bid.bidder_uscc or "") is not None:
        return Card(
            _("Hand your file in again: ${title}", mapping=title),
            request.route_path("bid-damaged", code=tender.code),
            _("This hall's copy of it is damaged"),
            "late",
        )
    stage = row.stage if isinstance(row, SecondOpening) else first(policy_of(request.db, tender)).name
    given = select(BidderRelease.id).where(
        BidderRelease.bid_id == bid.id, BidderRelease.stage == stage, BidderRelease.matches
    )
    if request.now() < row.window_ends_at and request.db.scalar(given) is None:
        until = {"time": beijing(row.window_ends_at, "%H:%M:%S")}
        return Card(
            _("Decrypt your bid: ${title}", mapping=title), address, _("until ${time}", mapping=until), "now"
        )
    return Card(_("Opening now: ${title}", mapping=title), address, _("Follow it live"))
