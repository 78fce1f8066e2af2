"""What bidding wants done: a bidder's own bids (shown to nobody else), open tenders, a custodian's releases."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pyramid.request import Request
from sqlalchemy import select

from bidding.tenders.invited import may_bid
from bidding.tenders.models import Tender
from bidding.vault.custody import custodians, wanted_releases
from bidding.vault.manifest import parse_manifest
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
        .where(Tender.state == "published", Tender.deadline > request.now(), Tender.parent_id.is_(None))
        .order_by(Tender.deadline)
    ).all()
    open_tenders = [each for each in open_tenders if may_bid(request.db, request.keys, each, party.id)]
    busy = _busy(request, open_tenders, party.uscc)
    own = [
        (tender, _bid_card(request, tender, party.uscc) if tender.id in busy else None)
        for tender in open_tenders
    ]
    others = [_open_card(request, tender) for tender, card in own if card is None]
    return [card for _tender, card in own if card] + others[:OPEN_SHOWN]


def _busy(request: Request, tenders: Sequence[Tender], uscc: str) -> set[Any]:
    """Of these tenders those in which this account has begun an upload or its enterprise has bid: two questions
    for all of them, since a desk may show hundreds."""
    keys, user = request.keys, request.identity.user_id
    owners = [owner_key(keys, tender.code, uscc) for tender in tenders]
    uploaders = [uploader_key(keys, tender.code, user) for tender in tenders]
    bids = request.db.scalars(select(Bid.tender_id).where(Bid.owner_key.in_(owners)))
    begun = request.db.scalars(select(Upload.tender_id).where(Upload.owner_key.in_(uploaders)))
    return {*bids, *begun}


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
        standing = standing_of(acts_of(db, keys, tender, uscc))
        if standing is not None and parse_manifest(standing.document).policy.hex() != tender.policy_hash:
            title = _(
                "NOT SUBMITTED UNDER THE AMENDED DOCUMENTS: ${title}",
                mapping={"title": request.called(tender)},
            )
            return Card(
                title,
                address,
                _(
                    "Seal your bid again with one click, until ${time}",
                    mapping={"time": beijing(tender.deadline, "%Y-%m-%d %H:%M")},
                ),
                "late",
            )
        if standing is not None:
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
        for tender in request.db.scalars(select(Tender).where(Tender.state.in_(("opening", "evaluating"))))
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
