"""The catalogue of items (事项目录): guides, flow charts, publishing."""

from __future__ import annotations

from pyramid.config import Configurator

ROUTES = {
    "hall": "/hall",
    "hall-items-json": "/api/hall/items",
    "hall-item-json": "/api/hall/items/{item}",
    "hall-chart": "/hall/items/{item}/{audience:public|internal}.svg",
    "hall-item": "/hall/items/{item}",
    "hall-revisions": "/hall/revisions",
    "hall-manage": "/hall/manage",
    "hall-manage-item": "/hall/manage/{item}",
}


def includeme(config: Configurator) -> None:
    """The definitions on file, routes and the manager's card."""
    from plugins.approval_hall.catalogue import library, publishing, views

    folders = (config.registry.settings.get("approval_hall.items") or "").split()
    config.registry[publishing.LIBRARY] = library.load(folders)
    for name, pattern in ROUTES.items():
        config.add_route(name, pattern)
    config.on_desk("hall-manager", views.manager_cards)
    config.scan("plugins.approval_hall.catalogue.views")
