"""Who works in the hall (岗位与授权): posts, absence, letters of authority."""

from __future__ import annotations

from pyramid.config import Configurator

ROUTES = {
    "hall-posts": "/hall/posts",
    "hall-absence": "/hall/absence",
    "hall-powers": "/hall/posts/{department}/powers",
}


def includeme(config: Configurator) -> None:
    for name, pattern in ROUTES.items():
        config.add_route(name, pattern)
    config.scan("plugins.approval_hall.staff.views")
