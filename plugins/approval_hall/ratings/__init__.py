"""Ratings of closed cases (一事一评、满意度)."""

from __future__ import annotations

from pyramid.config import Configurator


def includeme(config: Configurator) -> None:
    """Asked when a case closes, answered on one page; follow-ups run under the same lights as everything else."""
    from plugins.approval_hall import events
    from plugins.approval_hall.ratings import service, views
    from trading.interfaces import IClockSource
    from trading.web import _

    config.add_route("hall-rating", "/hall/cases/{number}/rating")
    config.add_route("hall-ratings", "/hall/ratings")
    config.add_route("api-hall-rating", "/api/hall/cases/{number}/rating")
    config.provide(IClockSource, service, "approval_hall_ratings")
    config.add_subscriber(service.asked, events.CaseClosed)
    config.add_act_words(
        {
            "hall.rated": _("The applicant rated a case"),
            "hall.followed-up": _("A bad rating was followed up"),
        },
        {"grade": _("Rating")},
    )
    config.on_desk("bidder", views.cards)
    config.on_desk("hall-supervisor", views.follow_up_cards)
    config.scan("plugins.approval_hall.ratings.views")
