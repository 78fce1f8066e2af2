"""What waits after an evaluation (待办): experts to rate; one's own fees; records worth a look."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import islice

from pyramid.request import Request
from sqlalchemy import select
from sqlalchemy.orm import aliased

from expert_pool.conduct.models import Rating, Sitting
from trading.errors import Refused
from trading.interfaces import ITenders
from trading.web import Card, _

RECENT = timedelta(days=30)
"""so long after the delivery a rating is asked for"""
SHOWN = 10


def buyer_cards(request: Request) -> list[Card]:
    """Committees that the reader has not rated yet."""
    rated = select(Rating.sitting_id).where(Rating.rater_id == request.identity.user_id)
    newer = aliased(Sitting)
    query = select(Sitting.tender).where(
        Sitting.delivered_at > request.now() - RECENT,
        Sitting.kind == "expert",
        Sitting.id.not_in(rated),
        ~select(newer.id).where(newer.tender == Sitting.tender, newer.round > Sitting.round).exists(),
    )
    codes = request.db.scalars(query.distinct().order_by(Sitting.tender))
    return list(islice((card for code in codes for card in rating_card(request, code)), SHOWN))


def rating_card(request: Request, code: str) -> Iterator[Card]:
    """A card for those who buy there."""
    try:
        tender = request.port(ITenders).find(request.db, code)
    except Refused:
        return
    if request.identity.party_id in (tender.tenderer_id, tender.agency_id):
        address = request.route_path("ratings", code=code)
        yield Card(_("Rate the experts"), address, request.called(tender))


def expert_cards(request: Request) -> list[Card]:
    """One's evaluations and fees, once there are any."""
    mine = select(Sitting.id).where(Sitting.user_id == request.identity.user_id).limit(1)
    if request.db.scalar(mine) is None:
        return []
    return [Card(_("My evaluations and fees"), request.route_path("own-sittings"))]


def office_cards(request: Request) -> list[Card]:
    """The overview of records."""
    return [Card(_("Experts’ conduct"), request.route_path("conduct"))]
