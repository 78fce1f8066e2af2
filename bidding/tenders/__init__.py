"""The tender (招标项目): drafted, checked against the rulebook, published."""

from __future__ import annotations

from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPNotFound
from pyramid.request import Request
from sqlalchemy import select

from bidding.tenders.models import Tender


def tender_factory(request: Request) -> Tender:
    """The context of every route with `{code}`: permission rows judge the tender itself."""
    tender = request.db.scalars(select(Tender).where(Tender.code == request.matchdict["code"])).first()
    if tender is None:
        raise HTTPNotFound()
    return tender


def includeme(config: Configurator) -> None:
    """The room's routes."""
    config.add_route("tender", "/tenders/{code}", factory=tender_factory)
