"""Contracts after the award (合同)."""

from pyramid.config import Configurator


def includeme(config: Configurator) -> None:
    """Nothing of its own to route: a contract's pages stand with the award (bidding.awards)."""
