"""The draw before people (现场摇号): hall screen, phones, the citizen's own check, contributions from the floor."""

from pyramid.config import Configurator

from bidding.lottery import ceremony, works
from bidding.lottery.live_picture import Pictures
from trading.draws.subjects import found_by
from trading.events import DrawEnded

ROUTES = {
    "lottery-live": "/small-works/{code}/live",
    "lottery-parts": "/small-works/{code}/live/parts",
    "lottery-floor": "/small-works/{code}/floor",
    "lottery-record": "/api/small-works/{code}/record",
}


def includeme(config: Configurator) -> None:
    """The routes, and whose draws these are."""
    for name, pattern in ROUTES.items():
        config.add_route(name, pattern)
    config.registry["lottery.pictures"], config.registry["lottery.records"] = Pictures(), Pictures(most=4)
    config.registry["lottery.previews"] = Pictures(most=4)
    config.add_subscriber(ceremony.take_order, DrawEnded)
    found_by(config, ceremony.PURPOSE, works.by_code)
    config.scan("bidding.lottery.live_views")
