"""Results and awards (定标)."""

from pyramid.config import Configurator


def includeme(config: Configurator) -> None:
    """The room's routes."""
