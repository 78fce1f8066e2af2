"""The JSON interface of committees that are drawn: the buyer's side, the expert in the room, and the device that calls.

Byte fields are base64url without padding for people, base64 in the device's signed documents."""

from __future__ import annotations

import base64
import uuid
from collections.abc import Callable
from typing import Any

from pyramid.httpexceptions import HTTPNotFound
from pyramid.request import Request
from pyramid.view import view_config
from sqlalchemy.orm import Session

from expert_pool.selection import commands, completing, demanding, refused, seating, site
from expert_pool.selection.models import PanelDemand
from expert_pool.selection.purchase import Purchase
from expert_pool.selection.representatives import name_representatives
from trading.draws.commands import Signed
from trading.draws.models import Draw
from trading.errors import Refused
from trading.interfaces import IPurchases
from trading.ledger import canonical
from trading.permissions import Permission
from trading.web import PUBLIC, read_json


def purchase_of(request: Request, *, lock: bool = False) -> Purchase:
    """The tender in the address."""
    found: Purchase = request.port(IPurchases).purchase(
        request.db, request.registry, request.matchdict["code"], lock
    )
    return found


# --- asking and approving -----------------------------------------------------------------------------


@view_config(
    route_name="api-panel-demands", request_method="POST", renderer="json", permission=Permission.DEMAND_PANEL
)
def ask(request: Request) -> Any:
    """Ask for a committee → 201 with what was pointed out; nothing is drawn before a second person approves. `eligible`
    counts for each stratum no further than is enough."""
    command = read_json(request, commands.AskPanel)
    purchase = purchase_of(request, lock=True)
    row, seen = demanding.ask(request.db, request.registry, request.actor, purchase, command)
    request.response.status = 201
    return demand_json(row) | {"eligible": seen.counted}


@view_config(
    route_name="api-panel-demands",
    request_method="GET",
    renderer="json",
    permission=Permission.SEE_PANEL_DRAW,
)
def demands(request: Request) -> Any:
    """What was asked for, oldest first."""
    found = demanding.demands_of(request.db, request.matchdict["code"])
    return {"demands": [demand_json(row) for row in found]}


def demand_json(row: PanelDemand) -> dict[str, Any]:
    return {
        "number": row.number,
        "demand": row.sha256,
        "document": canonical.loads(row.raw),
        "warnings": row.warnings,
        "approved": row.approved_at is not None,
        "draw": row.draw,
    }


@view_config(
    route_name="api-panel-approval",
    request_method="POST",
    renderer="json",
    permission=Permission.APPROVE_PANEL,
)
def approve(request: Request) -> Any:
    """Approve a demand → 201, and the draw is announced."""
    command = read_json(request, commands.ApprovePanel)
    purchase = purchase_of(request, lock=True)
    draw = demanding.approve(request.db, request.registry, request.actor, purchase, command.demand)
    request.response.status = 201
    return {"draw": draw.ann}


@view_config(
    route_name="api-panel-draw", request_method="GET", renderer="json", permission=Permission.SEE_PANEL_DRAW
)
def progress(request: Request) -> Any:
    """How far the draw has come; nothing about anybody's answer."""
    return demanding.progress(request.db, request.matchdict["code"])


@view_config(
    route_name="api-panel-representatives",
    request_method="POST",
    renderer="json",
    permission=Permission.NAME_REPRESENTATIVES,
)
def representatives(request: Request) -> Any:
    """The tenderer's letter → 201."""
    command = read_json(request, commands.NameRepresentatives)
    purchase = purchase_of(request, lock=True)
    name_representatives(
        request.db, request.registry, request.actor, purchase, command.logins, command.letter
    )
    request.response.status = 201
    return {}


# --- in the room ----------------------------------------------------------------------------------------


@view_config(
    route_name="api-panel-here", request_method="POST", renderer="json", permission=Permission.ARRIVE
)
def here(request: Request) -> Any:
    """ "I am here" → 201 with a visit to ask after; the same answer for everybody."""
    read_json(request, commands.Here)
    visit = seating.here(request.db, request.registry, request.actor)
    request.response.status = 201
    return {"visit": visit.hex}


@view_config(
    route_name="api-panel-visit", request_method="GET", renderer="json", permission=Permission.ARRIVE
)
def visit(request: Request) -> Any:
    """What came of one's own visit."""
    return visit_json(request)


def visit_json(request: Request) -> dict[str, Any]:
    """state waiting | known | recused | refused; the tender only when known. Somebody else's visit is a 404."""
    try:
        name = uuid.UUID(hex=request.matchdict["visit"])
    except ValueError as error:
        raise HTTPNotFound() from error
    rows = seating.visit_of(request.db, name, request.identity.user_id)
    if not rows:
        raise HTTPNotFound()
    state, known = seating.visit_state(request.db, name), next((r for r in rows if r.state == "known"), None)
    draw = request.db.query(Draw).filter(Draw.ann == known.draw).one() if known else None
    return {"state": state, "tender": draw.tender if draw else None}


@view_config(
    route_name="api-panel-promise", request_method="GET", renderer="json", permission=Permission.EVALUATE
)
def promise(request: Request) -> Any:
    """The promise of integrity, to be signed, one's own seat, and what to sign instead to step aside."""
    code = request.matchdict["code"]
    raw, seat = seating.promise_document(request.db, request.registry, request.actor, code)
    aside = seating.interest_document(request.db, request.registry, request.actor, code)
    return {"document": url64(raw), "seat": seat.seat, "aside": url64(aside)}


def url64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


@view_config(
    route_name="api-panel-head", request_method="POST", renderer="json", permission=Permission.EVALUATE
)
def head(request: Request) -> Any:
    """An expert names the head → whether it is chosen now."""
    command = read_json(request, commands.ChooseHead)
    purchase = purchase_of(request, lock=True)
    chosen = completing.choose_head(request.db, request.registry, request.actor, purchase, command.seat)
    return {"chosen": chosen}


@view_config(
    route_name="api-panel-names", request_method="GET", renderer="json", permission=Permission.OWN_ACCOUNT
)
def names(request: Request) -> Any:
    """The members' names, once the law makes them public; who asks earlier is refused, and the regulator sees it."""
    code = request.matchdict["code"]
    purchase = purchase_of(request)
    found = seating.public_names(request.db, request.registry, purchase)
    if found is None:
        raise refused.shut(request, code, "names")
    return {"names": found}


# --- the device -------------------------------------------------------------------------------------------


@view_config(
    route_name="api-site-wanted",
    request_method="POST",
    renderer="json",
    permission=PUBLIC,
    require_csrf=False,
)
def wanted(request: Request) -> Any:
    """What is wanted of the device; its signed question alone is answered."""
    command = read_json(request, Signed)
    try:
        site.check_question(request.db, request.registry, command.document, command.p7s)
    except Refused:
        refused.shut(request, "", "site-wanted")
        raise
    return site.wanted(request.db, request.registry)


@view_config(
    route_name="api-site-waves", request_method="POST", renderer="json", permission=PUBLIC, require_csrf=False
)
def waves(request: Request) -> Any:
    """A wave of answers → 201."""
    return taken(request, site.take_wave)


@view_config(
    route_name="api-site-arrivals",
    request_method="POST",
    renderer="json",
    permission=PUBLIC,
    require_csrf=False,
)
def arrivals(request: Request) -> Any:
    """Whether somebody who came has a seat → 201."""
    return taken(request, site.take_arrival)


@view_config(
    route_name="api-site-openings",
    request_method="POST",
    renderer="json",
    permission=PUBLIC,
    require_csrf=False,
)
def openings(request: Request) -> Any:
    """The names, after the result notice → 201."""
    return taken(request, site.take_openings)


def taken(request: Request, take: Callable[[Session, Any, bytes, bytes], None]) -> dict[str, Any]:
    """201 for a document of the device; who hands one in in its name is written down."""
    command = read_json(request, Signed)
    try:
        take(request.db, request.registry, command.document, command.p7s)
    except Refused as refusal:
        if refusal.faults[0].code == "site.signature":
            refused.shut(request, "", "site-paper")
        raise
    request.response.status = 201
    return {}
