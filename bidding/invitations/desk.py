"""What waits for buyers, and who is invited (待办、邀请)."""

from __future__ import annotations

from pyramid.request import Request
from sqlalchemy import select

from bidding.invitations.models import Invitation
from bidding.invitations.service import witnesses_of
from bidding.tenders.invited import may_bid
from bidding.tenders.models import Tender
from bidding.tenders.service import method_of
from trading.permissions import Role
from trading.rulebook.methods import is_invited
from trading.web import Card, _, beijing


def buyer_cards(request: Request) -> list[Card]:
    """Invited tenders of one's own whose suppliers are not drawn yet, as far as there is something to do."""
    who = request.identity
    if who.party_id is None:
        return []
    mine = (Tender.tenderer_id == who.party_id) | (Tender.agency_id == who.party_id)
    query = select(Tender).where(mine, Tender.state == "draft", Tender.limited, Tender.parent_id.is_(None))
    cards = []
    for tender in request.db.scalars(query.order_by(Tender.created_at.desc()).limit(20)):
        row = request.db.get(Invitation, tender.id)
        if not is_invited(method_of(tender)) or (row is not None and row.recorded_at is not None):
            continue
        words = next_act(request, tender, row)
        if words:
            href = request.route_path("invitation", code=tender.code)
            cards.append(Card(request.called(tender), href, words, "now"))
    return cards


def next_act(request: Request, tender: Tender, row: Invitation | None) -> str:
    """What this reader does next for the invitation; "" for nothing."""
    who = request.identity
    runs = who.party_id == tender.agency_id
    if row is None:
        return str(_("Invited tender: file the list of candidates")) if runs else ""
    witnesses = witnesses_of(request.db, tender)
    mine = next((each for each in witnesses if each.user_id == who.user_id), None)
    staff = Role.TENDERER in who.roles and who.party_id == tender.tenderer_id
    if staff and mine is None and not row.record_sha256:
        return str(_("Draw of suppliers: confirm that you are present"))
    if mine is not None and row.record_sha256 and mine.cms is None:
        return str(_("Draw of suppliers: sign the record"))
    waits = len(witnesses) > 1 and not row.record_sha256
    return str(_("Draw of suppliers: the witnesses are present")) if waits and runs else ""


def bidder_cards(request: Request) -> list[Card]:
    """Invitations that can still be followed; only the invited see theirs."""
    query = select(Tender).where(
        Tender.state == "published",
        Tender.limited,
        Tender.parent_id.is_(None),
        Tender.deadline > request.now(),
    )
    return [
        Card(
            request.called(tender), request.route_path("tender", code=tender.code),
            _("You are invited to bid until ${time}", mapping={"time": beijing(tender.deadline, "%Y-%m-%d %H:%M")}), "now",
        )
        for tender in request.db.scalars(query.order_by(Tender.deadline))
        if may_bid(request.db, request.keys, tender, request.identity.party_id)
    ]  # fmt: skip
