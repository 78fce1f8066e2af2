"""Enterprises and authorities (市场主体): one record each, filed once."""

from pyramid.config import Configurator


def includeme(config: Configurator) -> None:
    """The room's routes."""
