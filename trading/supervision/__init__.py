"""The regulator's desk (监督): trails, objections, lights."""

from pyramid.config import Configurator


def includeme(config: Configurator) -> None:
    """The room's routes."""
