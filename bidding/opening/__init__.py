"""The opening hall (开标大厅): attendance, keys, reading out, objections on the spot, the record."""

from pyramid.config import Configurator

from bidding.tenders import tender_factory

ROUTES = {
    "opening": "/tenders/{code}/opening",
    "opening-fragment": "/tenders/{code}/opening/fragment",
    "opening-attend": "/tenders/{code}/opening/attendance",
    "opening-object": "/tenders/{code}/opening/objections",
    "opening-answer": "/tenders/{code}/opening/objections/{id}",
    "opening-record": "/tenders/{code}/opening/record",
    "opening-file": "/tenders/{code}/opening/files/{name}",
    "opening-bid": "/tenders/{code}/opening/bids/{manifest}",
    "opening-cases": "/tenders/{code}/opening/cases",
    "opening-case": "/tenders/{code}/opening/cases/{manifest}",
    "opening-claim": "/tenders/{code}/opening/claims",
    "api-opening-cases": "/api/tenders/{code}/opening/cases",
    "api-opening-case": "/api/tenders/{code}/opening/cases/{manifest}",
    "api-opening-claim": "/api/tenders/{code}/opening/claims",
    "opening-second": "/tenders/{code}/opening/second",
    "api-opening-second": "/api/tenders/{code}/opening/second",
    "api-opening": "/api/tenders/{code}/opening",
    "api-opening-record": "/api/tenders/{code}/opening/record",
    "api-opening-objections": "/api/tenders/{code}/opening/objections",
    "api-opening-answer": "/api/tenders/{code}/opening/objections/{id}",
}


def includeme(config: Configurator) -> None:
    """The room's promises, routes and desk cards."""
    # Imported here: the vault reads this room's tables while the services read the vault.
    from bidding.opening import service, standing

    config.on_promise(service.START, service.start)
    config.on_promise(standing.TRY, service.attempt)
    config.on_promise(service.WINDOW_ENDED, service.window_ended)
    config.on_promise(service.GIVE_UP, service.give_up)
    config.add_route("openings", "/openings")
    for name, pattern in ROUTES.items():
        config.add_route(name, pattern, factory=tender_factory)
    # Imported here: the pages need the tender's room to be there.
    from bidding.opening import desk, second, views
    from trading.events import TenderResumed

    config.on_promise(second.WINDOW_ENDED, second.window_ended)
    config.on_promise(second.GIVE_UP, second.give_up)
    for act in (service.resume, second.resume):
        config.add_subscriber(act, TenderResumed)

    config.registry["opening.pictures"] = views.Pictures()
    config.on_desk("agent", desk.host_cards)
    config.on_desk("tenderer", desk.host_cards)
    config.on_desk("bidder", desk.bidder_cards)
    for module in ("views", "act_views", "record_views", "fault_views", "api"):
        config.scan(f"bidding.opening.{module}")
