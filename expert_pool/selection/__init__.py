"""The committee of a tender (评标委员会)."""

from pyramid.config import Configurator


def includeme(config: Configurator) -> None:
    """The room's routes."""
