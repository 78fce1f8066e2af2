"""Consultation and negotiation (竞争性磋商、竞争性谈判): talks, the call, final offers sealed like bids."""

from __future__ import annotations

from pyramid.config import Configurator

from bidding.tenders import tender_factory

ROUTES = {
    "consultation": "consultation",
    "consultation-changes": "consultation/changes",
    "consultation-change": "consultation/changes/{number}",
    "consultation-end": "consultation/end",
    "offers-deadline": "consultation/deadline",
    "offers-call": "consultation/call",
}


def includeme(config: Configurator) -> None:
    """The room's routes, desk cards, and what it follows."""
    for name, place in ROUTES.items():
        config.add_route(name, f"/tenders/{{code}}/{place}", factory=tender_factory)
        config.add_route(f"api-{name}", f"/api/tenders/{{code}}/{place}", factory=tender_factory)
    # Imported here: the evaluation reads this room's tables while its services read the evaluation.
    from bidding.offers import desk, pausing, taking
    from trading.events import OpeningRecorded, TenderEnded, TenderResumed, TenderSuspended

    config.add_subscriber(taking.opened, OpeningRecorded)
    config.add_subscriber(taking.ended, TenderEnded)
    config.add_subscriber(pausing.suspended, TenderSuspended)
    config.add_subscriber(pausing.resumed, TenderResumed)
    config.on_desk("agent", desk.buyer_cards)
    config.on_desk("tenderer", desk.buyer_cards)
    config.on_desk("bidder", desk.bidder_cards)
    config.scan("bidding.offers.views")
    config.scan("bidding.offers.api")
