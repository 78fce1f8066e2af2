"""Pages of the one window: applying, an enterprise's cases, the clerk's desk."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, StringConstraints
from pyramid.httpexceptions import HTTPForbidden, HTTPSeeOther
from pyramid.request import Request
from pyramid.view import view_config
from sqlalchemy import or_, select

from plugins.approval_hall import cases, limits, place, words
from plugins.approval_hall.case_acts import base, save
from plugins.approval_hall.catalogue import publishing
from plugins.approval_hall.catalogue.item import kinds
from plugins.approval_hall.intake import service
from plugins.approval_hall.lifecycle import OPEN
from plugins.approval_hall.models import HallCase, HallMaterial
from trading.errors import Refused
from trading.interfaces import IEnterprises
from trading.refusals import not_found_view
from trading.web import Card, Form, _

FOLDER = "plugins.approval_hall:intake/templates/"
MOST = 200
"""cases on a desk"""


class Applicant(BaseModel):
    """For whom a clerk writes an application at the window."""

    uscc: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=30)]
    name: Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)] = ""
    phone: Annotated[str, StringConstraints(strip_whitespace=True, max_length=30)] = ""


@view_config(route_name="hall-apply", renderer=FOLDER + "apply.jinja2", permission="hall-deliver")
def apply(request: Request) -> Any:
    """Write an application: its words, its files, hand it in; a draft is kept whatever is still wrong with it."""
    try:
        row = publishing.current(request.db, request.matchdict["item"])
    except Refused:
        return not_found_view(request)
    item, at_window = cases.definition(row), "bidder" not in request.identity.roles
    form = Form(request, Applicant)
    if request.method == "POST":
        try:
            party_id = applicant(request, form) if at_window else request.identity.party_id
        except Refused as refused:
            form.refuse(refused)
        else:
            if party_id is not None:
                return begun(request, item.code, party_id, "window" if at_window else "online")
    values = dict(request.POST) if request.method == "POST" else {}
    return {"item": item, "form": form, "at_window": at_window, "values": values, "row": row}


def applicant(request: Request, form: Form) -> Any:
    """The enterprise of a code; filed with its name when it is not on record yet. Raises Refused, HTTPForbidden."""
    if not request.has_permission("hall-intake"):
        raise HTTPForbidden()
    place.check(request.registry, request.actor, "draft")
    if not form.valid():
        return None
    register, asked = request.port(IEnterprises), form.command
    found = register.by_code(request.db, asked.uscc)
    return (
        found or register.file(request.db, request.actor, asked.uscc, asked.name or asked.uscc, asked.phone)
    ).id


def begun(request: Request, code: str, party_id: Any, channel: str) -> Any:
    """The draft with what was sent along; handed in when that was asked for and nothing is wrong with its words."""
    said = request.POST
    case = service.draft(*base(request), code, party_id, said, said.get("title", ""), channel)
    save(request, case)
    if said.get("act") == "submit":
        saved = request.db.begin_nested()
        try:
            service.submit(*base(request), case)
        except Refused:
            saved.rollback()
            return HTTPSeeOther(request.route_path("hall-case", number=case.number, _query={"check": "1"}))
        saved.commit()
    return HTTPSeeOther(request.route_path("hall-case", number=case.number))


@view_config(
    route_name="hall-cases",
    request_method="GET",
    renderer=FOLDER + "cases.jinja2",
    permission="hall-own-cases",
)
def own_cases(request: Request) -> Any:
    """An enterprise's applications."""
    found = cases.of_party(request.db, request.identity.party_id) if request.identity.party_id else []
    return {
        "rows": [(case, cases.item_of(request.db, case)) for case in found[:MOST]],
        "words": words,
        "shown_day": limits.shown_day,
    }


@view_config(
    route_name="hall-window",
    request_method="GET",
    renderer=FOLDER + "window.jinja2",
    permission="hall-intake",
)
def window(request: Request) -> Any:
    """The clerk's desk (窗口工作台): what to check, what waits for the applicant, what to hand out; look a case up; begin one."""
    text = request.GET.get("q", "").strip()[:60]
    query = (
        select(HallCase)
        .where(HallCase.state.in_(OPEN))
        .order_by(HallCase.tell_by, HallCase.number)
        .limit(MOST)
    )
    drafts = select(HallCase).where(
        HallCase.state == "draft", HallCase.channel == "window", HallCase.clerk_id == request.identity.user_id
    )
    by_state: dict[str, list[Any]] = {
        "draft": shown(request, request.db.scalars(drafts.order_by(HallCase.number)))
    }
    for line in shown(request, request.db.scalars(query)):
        by_state.setdefault(line["case"].state, []).append(line)
    return {
        "groups": by_state, "q": text, "found": looked_up(request, text) if text else None, "words": words, "kinds": kinds(),
        "items": [cases.definition(row) for row in publishing.published(request.db)], "shown_day": limits.shown_day,
        "now": request.now(),
    }  # fmt: skip


def shown(request: Request, found: Any) -> list[dict[str, Any]]:
    register = request.port(IEnterprises)
    return [
        {
            "case": case, "item": cases.item_of(request.db, case), "party": register.get(request.db, case.party_id),
            "gaps": [row for row in cases.materials(request.db, case).values() if row.state == "promised"],
        }
        for case in found
    ]  # fmt: skip


def looked_up(request: Request, text: str) -> list[dict[str, Any]]:
    """Cases by number or title, or by the enterprise's code."""
    try:
        party = request.port(IEnterprises).by_code(request.db, text)
    except Refused:
        party = None
    places = [
        HallCase.number.icontains(text, autoescape=True),
        HallCase.title.icontains(text, autoescape=True),
    ]
    query = select(HallCase).where(or_(*places, *([HallCase.party_id == party.id] if party else [])))
    query = query.where(or_(HallCase.state != "draft", HallCase.channel == "window"))
    return shown(request, request.db.scalars(query.order_by(HallCase.number.desc()).limit(20)))


def clerk_cards(request: Request) -> list[Card]:
    """What waits at the window, most urgent first."""
    query = select(HallCase).where(HallCase.state == "prefiled").order_by(HallCase.tell_by)
    waiting = list(request.db.scalars(query.limit(MOST)))
    note = _("${n} applications to check", mapping={"n": len(waiting)}) if waiting else _("Nothing to check")
    return [Card(_("Window"), request.route_path("hall-window"), note, "now" if waiting else "neutral")]


def applicant_cards(request: Request) -> list[Card]:
    """Applications that wait for their applicant: to be completed, or a promised paper that is due."""
    if request.identity.party_id is None:
        return []
    party = request.identity.party_id
    told = select(HallCase).where(HallCase.party_id == party, HallCase.state == "supplementing")
    due = (
        select(HallCase)
        .join(HallMaterial, HallMaterial.case_id == HallCase.id)
        .where(
            HallCase.party_id == party,
            HallMaterial.state == "promised",
            HallMaterial.reminded_at.is_not(None),
        )
        .distinct()
    )
    found = [(case, _("Complete your application"), "now") for case in request.db.scalars(told)]
    found += [(case, _("A promised paper is due"), "late") for case in request.db.scalars(due)]
    own = [
        Card(title, request.route_path("hall-case", number=case.number), f"{case.number} {case.title}", tone)
        for case, title, tone in found
    ]
    return (
        [*own, Card(_("My applications in the approval hall"), request.route_path("hall-cases"))]
        if own or cases.of_party(request.db, party)
        else []
    )
