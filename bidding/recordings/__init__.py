"""Recordings of openings and evaluations (开标评标音视频, Order 87 art. 39)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyramid.config import Configurator


def includeme(config: Configurator) -> None:
    """The room's routes; a tender's end begins the retention."""
    from bidding.recordings import service
    from bidding.tenders import tender_factory
    from trading.events import TenderEnded

    config.add_route("recordings", "/tenders/{code}/recordings", factory=tender_factory)
    config.add_route("recording", "/tenders/{code}/recordings/{ref}", factory=tender_factory)
    config.add_route("api-recordings", "/api/tenders/{code}/recordings", factory=tender_factory)
    config.add_route(
        "api-recording-piece",
        "/api/tenders/{code}/recordings/uploads/{upload:[0-9a-f]{32}}/{start:[0-9]{1,15}}",
        factory=tender_factory,
    )
    config.add_route("api-recording", "/api/tenders/{code}/recordings/{ref}", factory=tender_factory)
    config.add_subscriber(service.count_from_the_end, TenderEnded)
    config.scan("bidding.recordings.views")
