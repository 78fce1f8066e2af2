"""Contracts after the award (合同)."""

from pyramid.config import Configurator


def includeme(config: Configurator) -> None:
    """The room's routes."""
