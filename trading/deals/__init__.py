"""Contracts after the award (合同)."""

from __future__ import annotations

from pyramid.config import Configurator


def includeme(config: Configurator) -> None:
    """Nothing of its own to route: a contract's pages stand with the award (bidding.awards)."""
    # Imported here: the room's rules are used without the web.
    from trading.deals import deadlines
    from trading.interfaces import IClockSource

    config.provide(IClockSource, deadlines, "contracts")
