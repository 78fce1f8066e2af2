"""Draws inside an evaluation (评标保密, M87 66): until the result is published, nobody learns that there is one, but those
who are in the evaluation, and the trustees, who sign their questions.

The room that starts draws of a purpose says who may know of them earlier; draws of other purposes are public."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pyramid.config import Configurator
from pyramid.request import Request

from trading.draws.models import Draw

READERS = "draw-readers"
Reader = Callable[[Request, Draw], bool]


def keep_secret(config: Configurator, purpose: str, reader: Reader) -> None:
    """Draws for this purpose are shown to nobody but `reader` until their list is opened."""
    config.registry.setdefault(READERS, {})[purpose] = reader


def may_see(request: Request, draw: Draw) -> bool:
    """Whether whoever asks may know that there is this draw."""
    readers: dict[str, Any] = request.registry.get(READERS, {})
    reader = readers.get(draw.purpose)
    return reader is None or draw.opened_at is not None or bool(reader(request, draw))
