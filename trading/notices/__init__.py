"""Notices and tender documents (公告、招标文件): the public board."""

from pyramid.config import Configurator


def includeme(config: Configurator) -> None:
    """The room's routes."""
    config.add_route("home", "/")
    config.add_route("notice", "/notices/{id}")
