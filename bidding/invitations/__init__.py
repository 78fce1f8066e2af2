"""Invited tenders (邀请招标, Order 87 art. 14): candidates, the draw among them, its written record, the invitations.

The agent files a list of at least twice as many candidates as are drawn; two of the purchaser's staff say that they are
there; services of opposed organisations hold the draw (trading.draws, purpose "invited"); both sign the record, and who
was drawn is invited (bidding.tenders.invited). Until the result nobody else learns who was a candidate."""

from __future__ import annotations

from pyramid.config import Configurator

from bidding.tenders import tender_factory

ROUTES = {
    "invitation": "invitation",
    "invitation-list": "invitation/list",
    "invitation-witness": "invitation/witness",
    "invitation-draw": "invitation/draw",
    "invitation-record": "invitation/record",
}


def includeme(config: Configurator) -> None:
    """The room's routes, desk cards, and what it follows."""
    for name, place in ROUTES.items():
        config.add_route(name, f"/tenders/{{code}}/{place}", factory=tender_factory)
        config.add_route(f"api-{name}", f"/api/tenders/{{code}}/{place}", factory=tender_factory)
    # Imported here: the services read the tables of rooms that import this one's.
    from bidding.invitations import desk, drawing
    from trading.draws.secrecy import keep_secret
    from trading.events import AwardIssued, DrawEnded

    keep_secret(config, drawing.PURPOSE, drawing.knows)
    config.add_subscriber(drawing.take_result, DrawEnded)
    config.add_subscriber(drawing.open_names, AwardIssued)
    config.on_desk("agent", desk.buyer_cards)
    config.on_desk("tenderer", desk.buyer_cards)
    config.on_desk("bidder", desk.bidder_cards)
    config.scan("bidding.invitations.views")
    config.scan("bidding.invitations.api")
