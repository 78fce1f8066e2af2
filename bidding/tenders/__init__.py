"""The tender (招标项目): drafted, checked against the rulebook, published."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPNotFound
from pyramid.request import Request
from sqlalchemy import select
from sqlalchemy.orm import Session

from bidding.tenders.invited import enter
from bidding.tenders.models import Tender


def tender_factory(request: Request) -> Tender:
    """The context of every route with `{code}`: permission rows judge the tender itself; of a limited one nobody
    gets further who is not invited."""
    tender = request.db.scalars(select(Tender).where(Tender.code == request.matchdict["code"])).first()
    if tender is None:
        raise HTTPNotFound()
    return enter(request, tender)


class Tenders(NamedTuple):
    """The port ITenders."""

    context: Callable[[Request], Tender]
    find: Callable[[Session, str], Tender]
    enter: Callable[[Request, str], Tender]


ROUTES = {
    "tender-new": "/tenders/new",
    "tender-check": "/tenders/check",
    "tender": "/tenders/{code}",
    "tender-edit": "/tenders/{code}/edit",
    "tender-preview": "/tenders/{code}/preview",
    "tender-override": "/tenders/{code}/overrides",
    "tender-publish": "/tenders/{code}/publish",
    "tender-discard": "/tenders/{code}/discard",
    "tender-downloads": "/tenders/{code}/downloads",
    "tender-interrupt": "/tenders/{code}/interrupt",
    "tender-retender": "/tenders/{code}/retender",
    "tender-document": "/tenders/{code}/documents/{name}",
    "tender-amend": "/tenders/{code}/amend",
    "tender-amendment": "/tenders/{code}/amendment",
    "tender-amendment-discard": "/tenders/{code}/amendment/discard",
    "tender-questions": "/tenders/{code}/questions",
    "tender-answer": "/tenders/{code}/questions/answer",
    "tender-clarify": "/tenders/{code}/questions/clarify",
    "api-amendment": "/api/tenders/{code}/amendment",
    "api-tender-questions": "/api/tenders/{code}/questions",
    "api-answers": "/api/tenders/{code}/answers",
    "api-tenders": "/api/tenders",
    "api-tender": "/api/tenders/{code}",
    "api-tender-interruptions": "/api/tenders/{code}/interruptions",
    "api-tender-retender": "/api/tenders/{code}/retender",
    "api-tender-publish": "/api/tenders/{code}/publish",
    "api-tender-overrides": "/api/tenders/{code}/overrides",
}


def includeme(config: Configurator) -> None:
    """The room's routes and desk cards."""
    for name, pattern in ROUTES.items():
        factory = tender_factory if "{code}" in pattern else None
        config.add_route(name, pattern, factory=factory)
    # Imported here: the pages need this module's factory.
    from bidding.tenders import deadlines, desk, interruptions, invited, service
    from trading.events import OrderIssued
    from trading.interfaces import IClockSource, ITenders

    config.provide(ITenders, Tenders(tender_factory, service.find, invited.enter_at))
    config.provide(IClockSource, deadlines, "tenders")
    config.add_subscriber(interruptions.obey, OrderIssued)
    config.scan("bidding.tenders.interruption_views")
    config.on_desk("agent", desk.agent_cards)
    config.on_desk("tenderer", desk.tenderer_cards)
    config.on_desk("bidder", desk.taker_cards)
    config.scan("bidding.tenders.views")
    config.scan("bidding.tenders.amendment_views")
    config.scan("bidding.tenders.api")
