"""What waits about bid securities (待办): refunds that are late, decisions to take, decisions to know of."""

from __future__ import annotations

from typing import Any

from pyramid.request import Request
from sqlalchemy import select

from bidding.deposits.models import DepositAccount, DepositDecision
from bidding.deposits.returns import unsettled
from bidding.deposits.sealed import account_of
from bidding.deposits.standing import standings
from bidding.tenders.models import Tender
from trading.parties.models import Party
from trading.web import Card, _


def agent_cards(request: Request) -> list[Card]:
    return buyers_cards(request, lambda tender: tender.agency_id == request.identity.party_id)


def tenderer_cards(request: Request) -> list[Card]:
    return buyers_cards(request, lambda tender: tender.tenderer_id == request.identity.party_id)


def operator_cards(request: Request) -> list[Card]:
    return buyers_cards(request, lambda tender: True)


def buyers_cards(request: Request, mine: Any) -> list[Card]:
    """Tenders after the deadline in which a refund is due or a decision is to be taken."""
    now = request.now()
    cards = []
    for tender in unsettled(request.db, closed=True):
        if not mine(tender) or now < tender.deadline:
            continue
        rows = [row for each in standings(request.db, request.registry, tender, now) for row in each.rows]
        due, deciding = (
            [row for row in rows if row.state == "due"],
            any(row.state == "decide" for row in rows),
        )
        if not due and not deciding:
            continue
        title = _("Bid securities: ${title}", mapping={"title": request.called(tender)})
        note = (
            _("A decision on a security is to be taken")
            if deciding
            else _("To be returned: ${n}", mapping={"n": len(due)})
        )
        late = any(row.light == "red" for row in due)
        address = request.route_path("deposits", code=tender.code)
        cards.append(Card(title, address, note, "late" if late else "now"))
    return cards


def bidder_cards(request: Request) -> list[Card]:
    """Notice of a decision about one's own security."""
    party = request.db.get(Party, request.identity.party_id) if request.identity.party_id else None
    if party is None:
        return []
    decided = (
        select(Tender)
        .join(DepositAccount, DepositAccount.tender_id == Tender.id)
        .join(DepositDecision, DepositDecision.account_id == DepositAccount.id)
        .where(DepositDecision.decided_at.is_not(None))
        .distinct()
    )
    return [
        Card(
            _("Decision on your bid security: ${title}", mapping={"title": request.called(tender)}),
            request.route_path("deposit", code=tender.code),
            tone="now",
        )
        for tender in request.db.scalars(decided)
        if (own := account_of(request.db, request.keys, tender, party.uscc)) is not None
        and request.db.scalars(
            select(DepositDecision.id).where(
                DepositDecision.account_id == own.id, DepositDecision.decided_at.is_not(None)
            )
        ).first()
    ]
