"""The regulator's desk (监督): every tender's stage, every act's trail with its proof, looks that are entries."""

from __future__ import annotations

from pyramid.config import Configurator

from trading.supervision import desk

ROUTES = {
    "supervision": "/supervision",
    "supervision-trail": "/supervision/tenders/{code}",
    "trail": "/tenders/{code}/trail",
    "trail-proof": "/tenders/{code}/trail/{index}.tlog-proof",
    "trail-entry": "/tenders/{code}/trail/{index}.json",
    "api-trail": "/api/tenders/{code}/trail",
}


def includeme(config: Configurator) -> None:
    """The room's routes and desk cards."""
    for name, pattern in ROUTES.items():
        config.add_route(name, pattern)
    config.on_desk("regulator", desk.regulator_cards)
    config.scan("trading.supervision.views")
