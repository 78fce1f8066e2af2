"""Tenders of other installations (外来项目档案): imported as one signed package, readable and checkable here."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyramid.config import Configurator

ROUTES = {
    "archives": "/archive",
    "archive": "/archive/{code}",
    "archive-package": "/archive/{code}/package.tar",
    "archive-file": "/archive/{code}/files/{path:.+}",
}


def includeme(config: Configurator) -> None:
    """The room's routes."""
    for name, pattern in ROUTES.items():
        config.add_route(name, pattern)
    config.scan("bidding.archive.views")
