"""The opening hall (开标大厅): attendance, keys, reading out, objections on the spot, the record."""

from pyramid.config import Configurator

from bidding.opening import service
from bidding.tenders import tender_factory


def includeme(config: Configurator) -> None:
    """The room's promises and routes."""
    config.on_promise(service.START, service.start)
    config.on_promise(service.TRY, service.attempt)
    config.on_promise(service.WINDOW_ENDED, service.window_ended)
    config.on_promise(service.GIVE_UP, service.give_up)
    for name, pattern in (
        ("api-opening", "/api/tenders/{code}/opening"),
        ("api-opening-record", "/api/tenders/{code}/opening/record"),
        ("api-opening-objections", "/api/tenders/{code}/opening/objections"),
        ("api-opening-answer", "/api/tenders/{code}/opening/objections/{id}"),
    ):
        config.add_route(name, pattern, factory=tender_factory)
    config.scan("bidding.opening.api")
