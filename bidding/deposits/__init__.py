"""Bid security (投标保证金): sub-accounts, credits, guarantees, refunds with interest, forfeiture."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyramid.config import Configurator

ROUTES = {
    "deposit": "/tenders/{code}/deposit",
    "deposit-account": "/tenders/{code}/deposit/account",
    "deposit-guarantee": "/tenders/{code}/deposit/guarantee",
    "deposit-base-account": "/tenders/{code}/deposit/base-account",
    "deposits": "/tenders/{code}/deposits",
    "deposits-refund": "/tenders/{code}/deposits/refund",
    "deposit-decision": "/tenders/{code}/deposits/{uscc}/decision",
    "deposit-decision-sign": "/tenders/{code}/deposits/{uscc}/decision/sign",
    "deposit-claim": "/tenders/{code}/deposits/{uscc}/claim",
    "deposit-claim-file": "/tenders/{code}/deposits/{uscc}/claim/{name}",
    "deposit-document": "/tenders/{code}/deposits/documents/{sha256}",
    "api-deposit": "/api/tenders/{code}/deposit",
    "api-deposit-guarantee": "/api/tenders/{code}/deposit/guarantee",
    "api-deposits": "/api/tenders/{code}/deposits",
    "api-deposits-refund": "/api/tenders/{code}/deposits/refund",
    "api-base-account": "/api/base-account",
}


def includeme(config: Configurator) -> None:
    """The room's routes, promises, desk cards, and what other rooms' pages show of it."""
    # Imported here: pure modules of this room are used without a web server.
    from bidding.deposits import deadlines, desk, own_views, returns, service, views
    from bidding.tenders import tender_factory
    from trading.events import TenderEnded
    from trading.interfaces import IClockSource

    for name, pattern in ROUTES.items():
        factory = tender_factory if "{code}" in pattern else None
        config.add_route(name, pattern, factory=factory)
    for module in ("api", "own_views", "views", "decision_views"):
        config.scan(f"bidding.deposits.{module}")
    config.add_request_method(own_views.deposit_box, "deposit_box")
    config.add_request_method(views.deposit_facts, "deposit_facts")
    config.provide(IClockSource, deadlines, "deposits")
    config.on_promise(service.COLLECT, returns.round)
    config.on_promise(returns.PAY, returns.pay)
    config.on_desk("agent", desk.agent_cards)
    config.on_desk("tenderer", desk.tenderer_cards)
    config.on_desk("operator", desk.operator_cards)
    config.on_desk("bidder", desk.bidder_cards)
    config.add_subscriber(returns.tender_ended, TenderEnded)
