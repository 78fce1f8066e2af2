"""Handling only from the hall's own network (限定审批系统登录IP地址): setting `approval_hall.addresses`."""

from __future__ import annotations

from typing import Any

from pyramid.request import Request
from pyramid.response import Response

from plugins.approval_hall.models import HallRefusal
from trading.acts import Actor, record
from trading.clock import database_now
from trading.db import apart
from trading.errors import Fault
from trading.networks import within
from trading.refusals import error_page
from trading.web import _, acting


class Elsewhere(Exception):
    """An act of handling that was tried from outside the hall's network; `number` is the case's, "" for none."""

    def __init__(self, number: str, act: str) -> None:
        self.number, self.act = number, act
        super().__init__(act)


FAULT = Fault(
    "hall.elsewhere",
    _("Cases are handled in the hall only, not from this address"),
    rule="HALL 34",
    remedy=_("Use a computer of the hall's network. That it was tried is on record."),
)


def check(registry: Any, actor: Actor, act: str, number: str = "") -> None:
    """Raises Elsewhere for a person at an address that the setting does not list; the hall's own processes have none."""
    networks = registry.settings.get("approval_hall.addresses") or ""
    if actor.user_id is not None and not within(networks, actor.address):
        raise Elsewhere(number, act)


def refused_view(elsewhere: Elsewhere, request: Request) -> Response:
    """403 and an entry: the act's own transaction is undone, this one stands."""
    count(
        request.registry,
        acting(request),
        "elsewhere",
        "hall.address-refused",
        elsewhere.number,
        {"act": elsewhere.act},
    )
    return error_page(request, 403, FAULT.code, FAULT.message, FAULT.remedy)


def count(registry: Any, actor: Actor, what: str, type: str, number: str, payload: dict[str, Any]) -> None:
    """Write down an act that was refused, in a transaction of its own."""
    with apart(registry["sessions"]) as session:
        at = database_now(session)
        session.add(HallRefusal(number=number, what=what, user_id=actor.user_id, at=at))
        record(session, actor, type, number or None, {"case": number, **payload}, at)
