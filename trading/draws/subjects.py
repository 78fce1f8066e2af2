"""What a draw is about (抽取事项): a tender, unless the room that holds draws for a purpose says where its own things are.

Permissions for a draw's acts are judged on the thing itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPNotFound
from pyramid.request import Request
from sqlalchemy.orm import Session

from trading.draws.service import draw_named
from trading.errors import Refused
from trading.interfaces import ITenders

FINDERS = "draw-subjects"
Finder = Callable[[Session, str], Any]


def found_by(config: Configurator, purpose: str, finder: Finder) -> None:
    """Draws for this purpose are about what `finder` gives for a code; it raises Refused for an unknown one."""
    config.registry.setdefault(FINDERS, {})[purpose] = finder


def subject_of(request: Request) -> Any:
    """The context of a draw's page or door: what the draw in the address is about; 404 where there is none."""
    at, finders = request.matchdict, request.registry.get(FINDERS, {})
    try:
        if "ann" in at:
            draw = draw_named(request.db, at["ann"])
            code, purpose = draw.tender, draw.purpose
        else:
            code, purpose = at["tender"], at["purpose"]
        if purpose in finders:
            return finders[purpose](request.db, code)
        return request.port(ITenders).find(request.db, code)
    except Refused as error:
        raise HTTPNotFound() from error
