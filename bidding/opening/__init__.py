"""The opening hall (开标大厅)."""

from pyramid.config import Configurator


def includeme(config: Configurator) -> None:
    """The room's routes."""
