"""The public page of a draw (抽取公示页): step by step, with the real numbers, why nobody could arrange its outcome."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.request import Request
from pyramid.view import view_config
from sqlalchemy import select

from trading.draws import roster, showing
from trading.draws.calling import Calling
from trading.draws.commands import EnterBeacon
from trading.draws.entering import differs, enter_beacon
from trading.draws.models import Draw
from trading.draws.secrecy import may_see
from trading.draws.service import calling_of, opened_of, params_of
from trading.ledger import canonical
from trading.permissions import Permission
from trading.web import PUBLIC, Form, _, whole_number

PURPOSES = {
    "tie": _("Order of equal bids"),
    "panel": _("Evaluation experts"),
    "invited": _("Invited suppliers"),
    "lot": _("Lottery"),
    "lottery": _("Lottery of small works"),
}


@view_config(
    route_name="draw",
    request_method="GET",
    renderer="trading.draws:templates/draw.jinja2",
    permission=PUBLIC,
)
def show(request: Request) -> dict[str, Any]:
    """Everything about one draw; the names once its list was opened. 404 while whoever asks may not know of it."""
    draw = request.db.scalars(select(Draw).where(*place(request))).first()
    if draw is None or not may_see(request, draw):
        raise HTTPNotFound()
    said = showing.steps(request.db, draw, int(request.now().timestamp()))
    params, facts = said["params"], said["facts"]
    known = roster.trustees(request.registry.settings)
    names = opened_of(request.registry["keys"], draw)
    state = calling_of(request.db, draw)[0] if draw.result else None
    rows = canonical.loads(draw.rows)
    return {
        "draw": draw,
        "params": params,
        "facts": facts,
        "missing": said["missing"],
        "fixed": showing.fixed(request.db, draw),
        "purpose": PURPOSES.get(draw.purpose, draw.purpose),
        "organisations": {name: known[name].org if name in known else name for name in draw.certificates},
        "times": {at: moment(getattr(params, at)) for at in ("t_commit", "t_freeze", "t_reveal")},
        "rows": rows,
        "excluded": sum("x" in row for row in rows),
        "order": state.order if state else [],
        "fates": fates(draw, state) if state else {},
        "names": {handle: opening[1].get("name", "") for handle, opening in names.items()},
    }


@view_config(
    route_name="draw-beacon",
    renderer="trading.draws:templates/beacon.jinja2",
    permission=Permission.ENTER_BEACON,
)
def beacon(request: Request) -> Any:
    """One of two people types the value that everybody has just seen; it counts when both typed the same."""
    draw = request.db.scalars(select(Draw).where(*place(request))).first()
    if draw is None or not may_see(request, draw) or params_of(draw).beacon is None:
        raise HTTPNotFound()
    form = Form(request, EnterBeacon)

    def carry_out() -> None:
        given = form.command
        enter_beacon(
            request.db, request.registry, request.actor, draw.ann, given.value, given.recording or None
        )

    if form.carried_out(carry_out):
        return HTTPSeeOther(request.path)
    return {
        "draw": draw,
        "form": form,
        "beacon": params_of(draw).beacon,
        "awaited": showing.steps(request.db, draw, int(request.now().timestamp()))["missing"] == ("beacon",),
        "typed_by_me": request.actor.within(draw.tender) in (draw.typed or {}),
        "differs": differs(draw),
    }


def place(request: Request) -> tuple[Any, ...]:
    """The draw in the address."""
    at = request.matchdict
    number = whole_number(at["number"], otherwise=0)
    return Draw.tender == at["tender"], Draw.purpose == at["purpose"], Draw.number == number


FATES = {
    "A": (_("drawn"), "good"),
    "D": (_("asked, and declined"), "neutral"),
    "N": (_("called, and did not answer"), "neutral"),
    "R": (_("left out: was asked before, or a colleague has a seat"), "neutral"),
    "X": (_("had accepted, and stepped aside"), "neutral"),
}
"""What came of somebody who was asked, by the last answer."""


def fates(draw: Draw, state: Calling) -> dict[str, tuple[str, str]]:
    """handle → (words, mark): why this one sits, and why the ones before it do not."""
    answers = {handle: outcome for wave in draw.waves for handle, outcome in wave.items()}
    passed, left = (_("passed over: a colleague has a seat"), "neutral"), (_("was not needed"), "neutral")
    return {
        handle: FATES[answers[handle]] if handle in answers else passed if state.capped(handle) else left
        for handle in state.order
    }


def moment(instant: int) -> datetime:
    return datetime.fromtimestamp(instant, UTC)
