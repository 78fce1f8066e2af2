"""Results, awards and contracts (定标、中标公告、中标通知书、合同)."""

from __future__ import annotations

from pyramid.config import Configurator

from bidding.awards import candidates, deadlines, desk, orders
from bidding.evaluation.report import DELIVERED
from bidding.tenders import tender_factory
from trading.events import OrderIssued, TenderResumed
from trading.interfaces import IClockSource

ROUTES = {
    "award": "/tenders/{code}/award",
    "award-confirm": "/tenders/{code}/award/confirm",
    "award-decline": "/tenders/{code}/award/decline",
    "my-result": "/tenders/{code}/my-result",
    "my-result-award": "/tenders/{code}/my-result/award.{ending:json|p7s}",
    "my-result-contract": "/tenders/{code}/my-result/contract",
    "my-contract-file": "/tenders/{code}/my-result/contract/file",
    "contract": "/tenders/{code}/contract",
    "contract-publish": "/tenders/{code}/contract/publish",
    "contract-file": "/tenders/{code}/contract/file",
    "api-award": "/api/tenders/{code}/award",
    "api-award-confirm": "/api/tenders/{code}/award/confirm",
    "api-award-decline": "/api/tenders/{code}/award/decline",
    "api-my-result": "/api/tenders/{code}/my-result",
    "api-my-result-decline": "/api/tenders/{code}/my-result/decline",
    "api-my-contract": "/api/tenders/{code}/my-result/contract",
    "api-contract": "/api/tenders/{code}/contract",
    "api-contract-publish": "/api/tenders/{code}/contract/publish",
}


def includeme(config: Configurator) -> None:
    """The room's routes, promises and desk cards."""
    for name, pattern in ROUTES.items():
        config.add_route(name, pattern, factory=tender_factory)
    config.add_route("turnover", "/results/turnover")
    config.add_route("api-turnover", "/api/results/turnover")
    config.on_promise(DELIVERED, candidates.begin)
    config.on_promise(candidates.SILENCE, candidates.silence)
    config.add_subscriber(candidates.resume, TenderResumed)
    config.add_subscriber(orders.obey, OrderIssued)
    config.provide(IClockSource, deadlines, "awards")
    config.on_desk("tenderer", desk.tenderer_cards)
    config.on_desk("agent", desk.agent_cards)
    config.on_desk("bidder", desk.bidder_cards)
    config.scan("bidding.awards.api")
    config.scan("bidding.awards.turnover_views")
    config.scan("bidding.awards.views")
