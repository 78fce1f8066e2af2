"""The regulator's desk (监督): every tender's stage, every act's trail with its proof, looks that are entries;
queries and complaints with their clocks, the public docket, and the authority's orders."""

from __future__ import annotations

from pyramid.config import Configurator

from trading.rulebook.citing import cited, instruments_of
from trading.supervision import desk

ROUTES = {
    "supervision": "/supervision",
    "supervision-trail": "/supervision/tenders/{code}",
    "trail": "/tenders/{code}/trail",
    "trail-proof": "/tenders/{code}/trail/{index}.tlog-proof",
    "trail-entry": "/tenders/{code}/trail/{index}.json",
    "api-trail": "/api/tenders/{code}/trail",
    "docket": "/docket",
    "limits": "/docket/limits",
    "paper": "/papers/{code}/{sha256}",
    "cases": "/supervision/cases",
    "api-docket": "/api/docket",
    "api-limits": "/api/limits",
    "deadlines": "/supervision/deadlines",
    "api-deadlines": "/api/deadlines",
}
IN_TENDER = {
    "query-new": "/tenders/{code}/queries/new",
    "queries": "/tenders/{code}/queries",
    "order-new": "/supervision/tenders/{code}/order",
    "api-queries": "/api/tenders/{code}/queries",
    "api-orders": "/api/tenders/{code}/orders",
}
IN_CASE = {
    "case": "/cases/{number}",
    "case-paper": "/cases/{number}/paper",
    "api-case": "/api/cases/{number}",
}
IN_ORDER = {
    "order": "/supervision/orders/{number}",
    "order-answer": "/orders/{number}/answer",
    "api-order": "/api/orders/{number}",
    "api-order-answer": "/api/orders/{number}/answer",
}


def includeme(config: Configurator) -> None:
    """The room's routes and desk cards."""
    # Imported here: the pure modules of this room stay free of the web.
    from trading.interfaces import IClockSource
    from trading.supervision import acts, case_api, case_clocks, case_views, deadlines, telling

    for name, pattern in ROUTES.items():
        config.add_route(name, pattern)
    named = {f"case-{act}": f"/cases/{{number}}/{act}" for act in acts.CASE_ACTS}
    named |= {f"api-case-{act}": f"/api/cases/{{number}}/{act}" for act in acts.CASE_ACTS}
    for factory, routes in (
        (acts.in_tender, IN_TENDER),
        (acts.InCase, IN_CASE | named),
        (acts.InOrder, IN_ORDER),
    ):
        for name, pattern in routes.items():
            config.add_route(name, pattern, factory=factory)
    known = instruments_of(case_clocks.the_limits().book)
    config.add_request_method(
        lambda request, text: cited({**known, **request.registry["instruments"]}, text, request.locale_name),
        "cited",
    )
    config.on_promise(telling.TELL, telling.tell)
    config.provide(IClockSource, deadlines, "cases")
    config.on_desk("regulator", desk.regulator_cards)
    for role in ("agent", "tenderer"):
        config.on_desk(role, desk.buyer_cards)
    config.on_desk("bidder", desk.bidder_cards)
    config.scan("trading.supervision.views")
    config.scan("trading.supervision.deadline_views")
    config.scan("trading.supervision.case_views")
    config.scan("trading.supervision.case_api")
    case_views.add_case_acts(config)
    case_api.add_case_acts(config)
