"""What bidding wants done: a bidder's own bids (shown to nobody else), open tenders, a custodian's releases."""

from __future__ import annotations

from pyramid.request import Request
from sqlalchemy import select

from bidding.tenders.models import Tender
from bidding.vault.custody import custodians, wanted_releases
from bidding.vault.models import Bid, Upload
from bidding.vault.service import acts_of, owner_key, standing_of, uploader_key
from trading.parties.models import Party
from trading.web import Card, _, beijing

OPEN_SHOWN = 6
"""tenders open to everybody that the desk shows; the notice board has all"""


def bidder_cards(request: Request) -> list[Card]:
    """This enterprise's bids in tenders that still take bids, uploads that were not handed in, and then the
    tenders open to everybody that close first: from the desk, bidding is one click away."""
    party = request.db.get(Party, request.identity.party_id) if request.identity.party_id else None
    if party is None:
        return []
    open_tenders = request.db.scalars(
        select(Tender)
        .where(Tender.state == "published", Tender.deadline > request.now())
        .order_by(Tender.deadline)
    ).all()
    own = [(tender, _bid_card(request, tender, party.uscc)) for tender in open_tenders]
    others = [_open_card(request, tender) for tender, card in own if card is None]
    return [card for _tender, card in own if card] + others[:OPEN_SHOWN]


def _open_card(request: Request, tender: Tender) -> Card:
    note = _(
        "Bids may be handed in until ${time}", mapping={"time": beijing(tender.deadline, "%Y-%m-%d %H:%M")}
    )
    return Card(request.called(tender), request.route_path("tender", code=tender.code), note)


def _bid_card(request: Request, tender: Tender, uscc: str) -> Card | None:
    keys, db = request.keys, request.db
    address = request.route_path("bid", code=tender.code)
    until = _("until ${time}", mapping={"time": beijing(tender.deadline, "%Y-%m-%d %H:%M")})
    begun = select(Upload.id).where(
        Upload.owner_key == uploader_key(keys, tender.code, request.identity.user_id),
        Upload.finished_at.is_(None),
    )
    if db.execute(select(Bid.id).where(Bid.owner_key == owner_key(keys, tender.code, uscc)).limit(1)).first():
        if standing_of(acts_of(db, keys, tender, uscc)) is not None:
            title = _("Bid handed in: ${title}", mapping={"title": request.called(tender)})
            return Card(title, address, until)
        return Card(_("Bid withdrawn: ${title}", mapping={"title": request.called(tender)}), address, until)
    if db.execute(begun.limit(1)).first():
        title = _("NOT YET SUBMITTED: ${title}", mapping={"title": request.called(tender)})
        return Card(title, address, until, "now")
    return None


def custodian_cards(request: Request) -> list[Card]:
    """Releases that are asked of the organisation's custodian service."""
    party = request.db.get(Party, request.identity.party_id) if request.identity.party_id else None
    if party is None:
        return []
    asked = [
        row
        for who in custodians(request.registry.settings)
        if who.org == party.name
        for tender in request.db.scalars(select(Tender).where(Tender.state == "opening"))
        for row in wanted_releases(request.db, tender, who)
    ]
    return [
        Card(
            _("Release keys for ${tender}", mapping={"tender": row["tender"]}),
            request.route_path("custodian"),
            _("Your custodian service does this by itself unless it is attended"),
            "now",
        )
        for row in asked
    ]
