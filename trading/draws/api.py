"""What services of a draw speak with: they ask, and hand in documents signed with their certificate; and the public
transcript."""

from __future__ import annotations

from typing import Any

from pyramid.httpexceptions import HTTPNotFound
from pyramid.request import Request
from pyramid.view import view_config

from trading.draws import receiving, roster, showing
from trading.draws.announcement import is_hex32
from trading.draws.commands import EnterBeacon, ShowSlips, Signed
from trading.draws.entering import differs, enter_beacon
from trading.draws.secrecy import may_see
from trading.draws.service import draw_named
from trading.errors import Refused, refuse
from trading.ledger import canonical
from trading.permissions import Permission
from trading.web import PUBLIC, _, read_json

HANDED_IN = {
    "commits": receiving.take_commit,
    "deals": receiving.take_deals,
    "acks": receiving.take_ack,
    "shares": receiving.take_share,
}


@view_config(
    route_name="api-draws-wanted",
    request_method="POST",
    renderer="json",
    permission=PUBLIC,
    require_csrf=False,
)
def wanted(request: Request) -> Any:
    """What is asked of the service {name}: [{"draw":hex,"wanted":["commit"|"deal"|"ack"|"reveal"|"recover"]}]. Only
    the service itself is told: a draw may be of a secret evaluation."""
    return showing.wanted(request.db, asker(request), int(request.now().timestamp()))


@view_config(
    route_name="api-draws-cards",
    request_method="POST",
    renderer="json",
    permission=PUBLIC,
    require_csrf=False,
)
def post_card(request: Request) -> Any:
    """A service's card: its encryption key, and that it is there. The signature is the authentication."""
    command = read_json(request, Signed)
    with receiving.readable():
        name = roster.take_card(request.db, request.registry, command.document, command.p7s)
    request.response.status = 201
    return {"name": name}


@view_config(
    route_name="api-draw-papers",
    request_method="POST",
    renderer="json",
    permission=PUBLIC,
    require_csrf=False,
)
def papers(request: Request) -> Any:
    """Everything that the service {name} judges a draw by; its deals are encrypted to it. Only a service of this
    draw is told, by a signed question."""
    name, draw = asker(request), in_address(request)
    if name not in draw.certificates:
        raise HTTPNotFound()
    return showing.papers_of(request.db, draw, name)


@view_config(
    route_name="api-draw-hand-in",
    request_method="POST",
    renderer="json",
    permission=PUBLIC,
    require_csrf=False,
)
def hand_in(request: Request) -> Any:
    """A signed commits, deals, acks or shares document. The signature is the authentication."""
    command, take = read_json(request, Signed), HANDED_IN[request.matchdict["kind"]]
    take(request.db, request.registry, request.matchdict["ann"], command.document, command.p7s)
    request.response.status = 201
    return {}


@view_config(
    route_name="api-draw-slips", request_method="POST", renderer="json", permission=PUBLIC, require_csrf=False
)
def show_slips(request: Request) -> Any:
    """A party's slips: what opens its commitments needs no signature."""
    command = read_json(request, ShowSlips)
    if not all(map(is_hex32, command.slips)):
        raise refuse("draw.slips", _("These slips are not those that were committed to"))
    shown = [bytes.fromhex(slip) for slip in command.slips]
    receiving.take_slips(request.db, request.registry, request.matchdict["ann"], command.party, shown)
    request.response.status = 201
    return {}


@view_config(route_name="api-draw-floor", request_method="GET", renderer="json", permission=PUBLIC)
def floor(request: Request) -> Any:
    """What somebody on the floor needs to contribute to a public draw, and (`?party=`) what is wanted of them now.
    404 for any other draw."""
    draw = in_address(request)
    if not draw.public:
        raise HTTPNotFound()
    request.response.headers["Cache-Control"] = "no-store"
    party = request.GET.get("party", "")
    return showing.floor_papers(request.db, draw, party, int(request.now().timestamp()))


@view_config(
    route_name="api-draw-beacon",
    request_method="POST",
    renderer="json",
    permission=Permission.ENTER_BEACON,
    require_csrf=False,
)
def beacon(request: Request) -> Any:
    """Somebody types the public value: {"counts", "differs"}: whether two have typed the same now, and whether several
    have typed, each another."""
    command, draw = read_json(request, EnterBeacon), in_address(request)
    if not may_see(request, draw):
        raise HTTPNotFound()
    recording = command.recording or None
    counts = enter_beacon(request.db, request.registry, request.actor, draw.ann, command.value, recording)
    return {"counts": counts, "differs": differs(draw)}


@view_config(route_name="api-draw-transcript", request_method="GET", permission=PUBLIC)
def transcript(request: Request) -> Any:
    """The transcript (draw.md section 8) as canonical bytes; 404 before the result, and while the draw is secret."""
    draw = in_address(request)
    found = showing.transcript(request.db, request.keys, draw) if may_see(request, draw) else None
    if found is None:
        raise HTTPNotFound()
    request.response.content_type = "application/json"
    request.response.body = canonical.dumps(found)
    return request.response


def asker(request: Request) -> str:
    """The service {name}, by its signed question. Raises Refused `draw.*`, `signature.*`."""
    command, name = read_json(request, Signed), str(request.matchdict["name"])
    roster.check_question(request.db, request.registry, name, command.document, command.p7s)
    return name


def in_address(request: Request) -> Any:
    """The draw in the address; 404 for an unknown one."""
    try:
        return draw_named(request.db, request.matchdict["ann"])
    except Refused as error:
        raise HTTPNotFound() from error
