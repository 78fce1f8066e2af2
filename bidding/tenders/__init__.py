"""The tender (招标项目): drafted, checked against the rulebook, published."""

from pyramid.config import Configurator


def includeme(config: Configurator) -> None:
    """The room's routes."""
    config.add_route("tender", "/tenders/{code}")
