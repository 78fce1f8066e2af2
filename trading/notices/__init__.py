"""Notices and tender documents (公告、招标文件): the public board."""

from pyramid.config import Configurator


def includeme(config: Configurator) -> None:
    """The room's routes."""
    config.add_route("home", "/")
    config.add_route("notice", "/notices/{id}")
    config.add_route("notice-raw", "/notices/{id}/notice.json")
    config.add_route("notice-signature", "/notices/{id}/notice.p7s")
    config.add_route("api-notices", "/api/notices")
    config.scan("trading.notices.views")
