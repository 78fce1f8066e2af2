"""Papers and documents of cases (文书): kept bytes, issued documents, and the page on which anybody checks one."""

from __future__ import annotations

from pyramid.config import Configurator


def includeme(config: Configurator) -> None:
    config.add_route("hall-issued", "/hall/issued/{token}.pdf")
    config.add_route("hall-check", "/hall/check")
    config.add_route("hall-check-one", "/hall/check/{token}")
    config.scan("plugins.approval_hall.papers.views")
