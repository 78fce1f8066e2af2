"""What waits for agents and purchasers (待办): their drafts and their tenders, by what comes next."""

from __future__ import annotations

from typing import Any

from pyramid.request import Request
from sqlalchemy import or_, select

from bidding.tenders.models import Tender
from bidding.tenders.readiness import publishable
from trading.notices.models import Notice
from trading.notices.service import has_taken, notices_of
from trading.web import Card, _, beijing

NEXT = {
    "published": _("Bids may be handed in until ${time}"),
    "closed": _("Closed: the opening is next"),
    "evaluating": _("The committee is evaluating"),
    "result_published": _("Result published: the award is next"),
}
NEWS = {
    "amendment": _("The documents you took were amended on ${time}"),
    "clarification": _("A question about the documents was answered on ${time}"),
}
ACTING = {"result_published"}
"""States in which the buyers have something to do and no other room says what."""
SHOWN = ("draft", *NEXT)
"""For all other states that have not ended another room puts its own card on the same desk: opening, committee,
award, contract."""


def agent_cards(request: Request) -> list[Card]:
    """A new tender, and everything that one's agency runs."""
    new = Card(
        _("Publish a tender"), request.route_path("tender-new"), _("From a template, in a few minutes")
    )
    return [new, *cards(request, Tender.agency_id == request.identity.party_id)]


def taker_cards(request: Request) -> list[Card]:
    """Amendments and clarifications of open tenders whose documents this account has taken. Found by the
    account's own keyed hash: nothing is kept that would tell who is told."""
    open_tenders = select(Tender).where(Tender.state == "published", Tender.deadline > request.now())
    news = select(Notice.tender).where(Notice.kind.in_(("amendment", "clarification")))
    cards = []
    for tender in request.db.scalars(open_tenders.where(Tender.code.in_(news)).order_by(Tender.deadline)):
        if not has_taken(request.db, request.keys, tender.code, str(request.identity.user_id)):
            continue
        last = next(n for n in reversed(notices_of(request.db, tender.code)) if n.kind in NEWS)
        words = _(NEWS[last.kind], mapping={"time": beijing(last.published_at, "%Y-%m-%d %H:%M")})
        cards.append(Card(request.called(tender), request.route_path("notice", id=last.id), words, "now"))
    return cards


def tenderer_cards(request: Request) -> list[Card]:
    """What is bought for one's organisation."""
    new = Card(
        _("Publish a tender"), request.route_path("tender-new"), _("From a template, in a few minutes")
    )
    return [new, *cards(request, Tender.tenderer_id == request.identity.party_id)]


def cards(request: Request, mine: Any) -> list[Card]:
    """One card for each tender that has not ended, the newest first."""
    if request.identity.party_id is None:
        return []
    # A draft of final offers or prices is prepared by the hall: what there is to do stands on the card of talks or works.
    prepared = (Tender.state == "draft") & or_(
        Tender.parent_id.is_not(None), Tender.form["prices_of"].astext.is_not(None)
    )
    query = select(Tender).where(mine, Tender.state.in_(SHOWN), ~prepared)
    query = query.order_by(Tender.created_at.desc()).limit(50)
    return [card(request, tender) for tender in request.db.scalars(query)]


def card(request: Request, tender: Tender) -> Card:
    """The tender's title and what comes next."""
    if tender.state == "draft":
        readiness = publishable(request.db, request.registry, tender, request.now())
        note = _("Draft: ready to sign") if readiness.ready else _("Draft")
        return Card(
            request.called(tender), request.route_path("tender-preview", code=tender.code), note, "now"
        )
    words = NEXT[tender.state] % {"time": beijing(tender.deadline, "%Y-%m-%d %H:%M")}
    tone = "now" if tender.state in ACTING else "neutral"
    return Card(request.called(tender), request.route_path("tender", code=tender.code), words, tone)
