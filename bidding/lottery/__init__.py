"""Small works by lottery (小型工程摇号): routed by the gates, announced, listed, drawn in public, awarded, rated.

Before and after the draw: works, listing, awarding; the draw itself: ceremony, live; docs/roster.md."""

from pyramid.config import Configurator

OPEN = {
    "api-works": "/api/small-works",
    "works": "/small-works",
    "works-routing": "/small-works/routing",
    "works-rules": "/small-works/rules",
    "works-new": "/small-works/new",
}
ROUTES = {
    "api-works-one": "/api/small-works/{code}",
    "works-one": "/small-works/{code}",
    "works-change": "/small-works/{code}/edit",
    "works-balls": "/small-works/{code}/balls",
    "works-draw": "/small-works/{code}/draw",
    "works-answer": "/small-works/{code}/firm/{act:decline|manager|refuse}",
    "works-prices": "/small-works/{code}/prices/{act:call|postpone}",
    "works-act": "/small-works/{code}/{act:publish|award|forfeit|aside|contract|rate|cancel}",
    "works-file": "/small-works/{code}/{name:notice.json|notice.p7s|balls.json}",
}


def includeme(config: Configurator) -> None:
    """The room's routes, promises, cards and words."""
    # Imported here: the pure modules of this room stay free of the web.
    from bidding.lottery import desk, listing, taking, words, works, works_views
    from trading.events import OpeningRecorded, TenderEnded
    from trading.web import _

    for name, pattern in OPEN.items():
        config.add_route(name, pattern)
    for name, pattern in ROUTES.items():
        config.add_route(name, pattern, factory=works_views.works_of)
    config.include("bidding.lottery.live")
    config.add_subscriber(taking.opened, OpeningRecorded)
    config.add_subscriber(taking.ended, TenderEnded)
    config.on_promise(works.FREEZE, listing.freeze_due)
    config.on_promise(works.NOTIFY, listing.notify_due)
    config.add_act_words(words.ENTRIES)
    config.add_nav(_("Small works"), "works")
    config.on_desk("bidder", desk.firm_cards)
    config.on_desk("tenderer", desk.buyer_cards)
    config.on_desk("agent", desk.buyer_cards)
    config.scan("bidding.lottery.works_views")
    config.scan("bidding.lottery.api")
