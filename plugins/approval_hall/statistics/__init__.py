"""Monthly statistics (统计、通报): counted from the cases, every share with its counts."""

from __future__ import annotations

from pyramid.config import Configurator

ROUTES = {
    "hall-statistics": "/hall/statistics",
    "hall-statistics-sheet": "/hall/statistics.xlsx",
    "hall-bulletin": "/hall/statistics/bulletin",
    "api-hall-statistics": "/api/hall/statistics",
    "api-hall-loading": "/api/hall/loading",
}
READERS = {
    "hall-clerk",
    "hall-officer",
    "hall-representative",
    "hall-supervisor",
    "hall-manager",
    "hall-leader",
    "regulator",
}


def includeme(config: Configurator) -> None:
    """Routes and the word for the entry of a file that was taken in."""
    from plugins.approval_hall.statistics import views
    from trading.web import _

    for name, pattern in ROUTES.items():
        config.add_route(name, pattern)
    config.permit("hall-statistics", READERS)
    config.add_act_words(
        {"hall.loaded": _("Cases of an earlier system were taken in")},
        {"cases": _("Cases"), "ratings": _("Ratings")},
    )
    for role in ("hall-manager", "hall-leader", "hall-supervisor", "regulator"):
        config.on_desk(role, views.cards)
    config.scan("plugins.approval_hall.statistics.views")
