"""Pages of committees that are drawn: the demand, its approval and progress, arriving in the room, the regulator's alert."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError
from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.view import view_config

from expert_pool.experts.specialities import catalogue, path_of
from expert_pool.selection import api, commands, completing, demanding, refused, seating
from expert_pool.selection.commands import AskPanel, DemandForm
from expert_pool.selection.representatives import name_representatives
from trading.draws import roster
from trading.errors import Refused
from trading.interfaces import ITenders
from trading.ledger import canonical
from trading.permissions import Permission
from trading.web import Form, _, faults_of

FOLDER = "expert_pool.selection:templates/"
ROWS = 4
"""rows of specialities and of organisations that a form shows"""
WARNINGS = {
    "pool-small": _("The pool is small for this speciality: fewer than five drawable experts for each seat"),
    "merged": _("Fewer than five people have this speciality; the wider one is announced instead"),
    "avoided": _("Experts are left out by the list of organisations to avoid"),
    "early": _("The draw would be earlier before the evaluation than practice allows"),
}
STATES = {
    "none": (_("Nothing has been asked for"), "neutral"),
    "demanded": (_("Waits for approval by a second person"), "now"),
    "announced": (_("Announced: the trustees commit and acknowledge"), "now"),
    "frozen": (_("Frozen: the order is fixed and is being revealed"), "now"),
    "calling": (_("Experts are being called by machine"), "now"),
    "ready": (_("Everybody who is needed has accepted"), "good"),
    "short": (_("Too few accepted: another draw must fill the seats"), "bad"),
    "void": (_("Void: a trustee did not do its part; approve again"), "bad"),
}
DOORS = {
    "names": _("Asked for the members' names"),
    "arrival": _("Said to be here, without a seat"),
    "draw": _("Looked for the draw of a committee"),
    "sign-in": _("Wanted to sit down without a seat"),
    "site-wanted": _("Asked in the name of the device that calls"),
    "site-paper": _("Handed in a paper in the name of the device that calls"),
    "pool": _("Wanted to look into the pool of experts"),
    "conduct": _("Wanted to look into experts' conduct"),
    "advisory": _("Wanted to look into the advisory committee"),
}
"""what was tried; the pool's addresses are named by the folder that they begin with"""
TRUSTEE_STATES = {
    "awaited": (_("awaited"), "neutral"),
    "committed": (_("has committed"), "now"),
    "acked": (_("has acknowledged"), "now"),
    "revealed": (_("has revealed"), "good"),
}


# --- the demand -----------------------------------------------------------------------------------------


def given(form: Form) -> AskPanel:
    """The demand of a form. Raises Refused with every fault."""
    try:
        return AskPanel.model_validate(form.command.asked())
    except ValidationError as error:
        raise Refused(faults_of(error)) from error


def page(request: Request, form: Form) -> dict[str, Any]:
    tender = request.port(ITenders).context(request)
    tags = [(code, path_of(code, request.locale_name)) for code in catalogue()]
    return {
        "tender": tender,
        "title": request.called(tender),
        "form": form,
        "tags": tags,
        "rows": range(ROWS),
        "WARNINGS": WARNINGS,
    }


@view_config(route_name="panel-demand", renderer=FOLDER + "demand.jinja2", permission=Permission.DEMAND_PANEL)
def demand(request: Request) -> Any:
    """Ask for a committee: one form, one button."""
    purchase = api.purchase_of(request, lock=request.method == "POST")
    members = purchase.committee or 5
    experts = demanding.asking.fewest_experts(members)
    form = Form(request, DemandForm, {"members": members, "experts": experts, "quota": [experts]})

    def carry_out() -> None:
        demanding.ask(request.db, request.registry, request.actor, purchase, given(form))

    if form.carried_out(carry_out):
        return HTTPSeeOther(request.route_path("panel-draw", code=purchase.code))
    return page(request, form) | {"look": None, "faults": form.faults}


@view_config(
    route_name="panel-demand-check",
    request_method="POST",
    renderer=FOLDER + "demand_check.jinja2",
    permission=Permission.DEMAND_PANEL,
)
def check(request: Request) -> Any:
    """What the law and the pool say of a demand, while it is being typed; nothing is kept."""
    form, look, faults = Form(request, DemandForm), None, []
    if form.valid():
        purchase = api.purchase_of(request)
        try:
            look = demanding.look(request.db, request.registry, purchase, given(form), request.now())
            faults = look.faults
        except Refused as refusal:
            faults = list(refusal.faults)
    return page(request, form) | {"look": look, "faults": faults}


# --- approval and progress --------------------------------------------------------------------------------


@view_config(
    route_name="panel-draw",
    request_method="GET",
    renderer=FOLDER + "draw.jinja2",
    permission=Permission.SEE_PANEL_DRAW,
)
def draw(request: Request) -> Any:
    """What was asked for, who approves, and how far the draw has come."""
    return show_draw(request, Form(request, commands.RepresentativesForm))


def show_draw(request: Request, form: Form) -> dict[str, Any]:
    tender = request.port(ITenders).context(request)
    rows = demanding.demands_of(request.db, tender.code)
    known = roster.trustees(request.registry.settings)
    said = demanding.progress(request.db, tender.code)
    newest = rows[-1] if rows else None
    return {
        "tender": tender,
        "title": request.called(tender),
        "form": form,
        "demand": canonical.loads(newest.raw) if newest else None,
        "begins": demanding.demand_of(newest).at if newest else None,
        "row": newest,
        "own": newest is not None and newest.asked_by == request.identity.user_id,
        "state": said["state"],
        "draw": said["draw"],
        "trustees": {known[n].org if n in known else n: s for n, s in said["trustees"].items()},
        "may_approve": request.has_permission(Permission.APPROVE_PANEL, tender),
        "may_demand": request.has_permission(Permission.DEMAND_PANEL, tender),
        "may_name": request.has_permission(Permission.NAME_REPRESENTATIVES, tender),
        "STATES": STATES,
        "TRUSTEE_STATES": TRUSTEE_STATES,
        "WARNINGS": WARNINGS,
        "catalogue": catalogue(),
    }


@view_config(
    route_name="panel-approve",
    request_method="POST",
    renderer=FOLDER + "draw.jinja2",
    permission=Permission.APPROVE_PANEL,
)
def approve(request: Request) -> Any:
    """The second person's click: the draw is announced."""
    form = Form(request, commands.ApprovePanel)
    purchase = api.purchase_of(request, lock=True)

    def carry_out() -> None:
        demanding.approve(request.db, request.registry, request.actor, purchase, form.command.demand)

    if form.carried_out(carry_out):
        return HTTPSeeOther(request.route_path("panel-draw", code=purchase.code))
    return show_draw(request, form)


@view_config(
    route_name="panel-representatives",
    request_method="POST",
    renderer=FOLDER + "draw.jinja2",
    permission=Permission.NAME_REPRESENTATIVES,
)
def representatives(request: Request) -> Any:
    """The tenderer's letter."""
    form = Form(request, commands.RepresentativesForm)
    purchase = api.purchase_of(request, lock=True)

    def carry_out() -> None:
        logins = form.command.logins.replace(",", " ").replace("，", " ").split()
        name_representatives(
            request.db, request.registry, request.actor, purchase, logins, form.command.letter
        )

    if form.carried_out(carry_out):
        return HTTPSeeOther(request.route_path("panel-draw", code=purchase.code))
    return show_draw(request, form)


# --- in the room ------------------------------------------------------------------------------------------


@view_config(route_name="here", renderer=FOLDER + "here.jinja2", permission=Permission.ARRIVE)
def here(request: Request) -> Any:
    """The computer in the evaluation room: one button."""
    form = Form(request, commands.Here)
    found: dict[str, str] = {}

    def carry_out() -> None:
        found["visit"] = seating.here(request.db, request.registry, request.actor).hex

    if form.carried_out(carry_out):
        return HTTPSeeOther(request.route_path("here-visit", visit=found["visit"]))
    return {"form": form, "state": None, "tender": None}


@view_config(
    route_name="here-visit",
    request_method="GET",
    renderer=FOLDER + "here.jinja2",
    permission=Permission.ARRIVE,
)
def here_visit(request: Request) -> Any:
    """What came of it; leads on when the seat is known."""
    said = api.visit_json(request)
    return {"form": Form(request, commands.Here), **said}


@view_config(route_name="panel-head", request_method="POST", renderer="json", permission=Permission.EVALUATE)
def head(request: Request) -> Any:
    """An expert names the head; back to the evaluation."""
    form = Form(request, commands.HeadForm)
    purchase = api.purchase_of(request, lock=True)
    if form.valid():
        completing.choose_head(request.db, request.registry, request.actor, purchase, form.command.seat)
    return HTTPSeeOther(request.route_path("evaluation", code=purchase.code))


# --- the regulator ------------------------------------------------------------------------------------------


@view_config(
    route_name="names-refused",
    request_method="GET",
    renderer=FOLDER + "refused.jinja2",
    permission=Permission.SUPERVISE,
)
def names_refused(request: Request) -> dict[str, Any]:
    """Who wanted to know experts' names and was refused (监督：名单查询被拒)."""
    return {"rows": [(row, door_words(row.door)) for row in refused.newest(request.db)]}


def door_words(door: str) -> Any:
    """A door of this room by its name, one of the pool's by the folder it belongs to."""
    folder = next((name for name in ("conduct", "advisory", "pool") if name in door), door)
    return DOORS.get(door, DOORS.get(folder, door))
