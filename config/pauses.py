"""Pauses between two questions to the hall: uneven, so that services which were started together do not ask
together for ever, and bids between them wait."""

from __future__ import annotations

from random import SystemRandom

_chance = SystemRandom()


def uneven(seconds: float) -> float:
    """Between half and one and a half times as long; as long on average."""
    return _chance.uniform(0.5, 1.5) * seconds
