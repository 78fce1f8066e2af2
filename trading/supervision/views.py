"""The regulator's desk and trails (监督), and the trail that everybody may read."""

from __future__ import annotations

import json
import re
from typing import Any

from pyramid.httpexceptions import HTTPNotFound
from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import view_config

from trading.clock import parse_rfc3339
from trading.deals.days import last_day_before
from trading.deals.service import of_tender
from trading.errors import Refused
from trading.interfaces import IProjectRegister, ITenders
from trading.ledger.service import TrailEntry, entries_of
from trading.permissions import Permission
from trading.supervision import service
from trading.supervision.service import Line
from trading.supervision.words import ACTORS, ACTS, FIELDS, STATES, VALUES, called
from trading.web import PUBLIC, beijing, whole_number

FOLDER = "trading.supervision:templates/"
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")


@view_config(route_name="supervision", renderer=FOLDER + "desk.jinja2", permission=Permission.SUPERVISE)
def desk(request: Request) -> Any:
    """All tenders by stage and due date, searchable."""
    text, state = request.GET.get("q", "")[:100], request.GET.get("state", "")
    state = state if state in STATES else ""
    page = request.GET.get("page", "1")
    found = service.tenders(request.db, text=text, state=state, page=whole_number(page, 1))

    def page_path(number: int) -> str:
        query = {key: value for key, value in (("q", text), ("state", state), ("page", number)) if value}
        return str(request.route_path("supervision", _query=query))

    return {
        "desk": found,
        "q": text,
        "state": state,
        "states": STATES,
        "now": request.now(),
        "last_day": last_day_before,
        "page_path": page_path,
    }


@view_config(
    route_name="supervision-trail", request_method="GET", renderer=FOLDER + "trail.jinja2",
    permission=Permission.SUPERVISE,
)  # fmt: skip
def trail(request: Request) -> Any:
    """The timeline of one tender; who acted and from where stays closed until somebody looks."""
    entries = found_entries(request)
    lines = service.regulator_lines(entries)
    return trail_page(request, entries, lines) | project_of(request, lines) | {"looked_at": ""}


@view_config(
    route_name="supervision-trail", request_method="POST", renderer=FOLDER + "trail.jinja2",
    permission=Permission.SUPERVISE,
)  # fmt: skip
def look(request: Request) -> Any:
    """Open what is confidential: shown in this answer only, and recorded."""
    found_entries(request)
    wanted = request.POST.get("look", "")
    tender = request.port(ITenders).find(request.db, request.matchdict["code"])
    keys = request.keys if request.now() >= tender.deadline else None
    lines = service.look(request.db, request.actor, tender.code, wanted, keys)
    entries = found_entries(request)
    request.response.cache_control = "no-store"
    return trail_page(request, entries, lines) | project_of(request, lines) | {"looked_at": wanted}


@view_config(route_name="trail", renderer=FOLDER + "public.jinja2", permission=PUBLIC)
def public_trail(request: Request) -> Any:
    """Every act of a published tender, as everybody may know it, and how to check it offline."""
    entries = public_entries(request)
    return trail_page(request, entries, service.public_lines(entries))


@view_config(route_name="trail-proof", permission=PUBLIC)
def proof(request: Request) -> Response:
    """An entry's inclusion proof, as a file."""
    found = service.proof(request.db, wanted_entry(request))
    if found is None:
        raise HTTPNotFound()
    name = f"{request.matchdict['index']}.tlog-proof"
    response = Response(body=found.encode(), content_type="text/plain", charset="utf-8")
    response.content_disposition = f'attachment; filename="{name}"'
    return response


@view_config(route_name="trail-entry", permission=PUBLIC)
def entry_bytes(request: Request) -> Response:
    """An entry's exact bytes: what the proof is about."""
    return Response(body=wanted_entry(request).body, content_type="application/json")


@view_config(route_name="api-trail", renderer="json", permission=PUBLIC)
def api_trail(request: Request) -> Any:
    """The public trail for programs."""
    entries = public_entries(request)
    return {
        "tender": request.matchdict["code"],
        "state": service.state_of(entries),
        "entries": [
            {
                "index": line.index,
                "t": entry.entry.at,
                "type": line.type,
                "actor": line.actor,
                "commitments": list(entry.entry.commitments),
                "payload": line.payload,
            }
            for entry, line in with_lines(entries)
        ],
    }


def with_lines(entries: list[TrailEntry]) -> list[tuple[TrailEntry, Line]]:
    by_id = {entry.id: entry for entry in entries}
    return [(by_id[line.id], line) for line in service.public_lines(entries)]


# --- helpers --------------------------------------------------------------------------------------


def found_entries(request: Request) -> list[TrailEntry]:
    """The trail in the address; 404 when there is none."""
    found = entries_of(request.db, request.matchdict["code"])
    if not found:
        raise HTTPNotFound()
    return found


def public_entries(request: Request) -> list[TrailEntry]:
    """The same, of a published tender that this reader may read about."""
    found = found_entries(request)
    if not service.state_of(found):
        raise HTTPNotFound()
    if service.notice_of(request.db, request.matchdict["code"]) is not None:
        request.port(ITenders).enter(request, request.matchdict["code"])
    return found


def wanted_entry(request: Request) -> TrailEntry:
    """The entry with the index in the address, when the public trail has it."""
    shown = with_lines(public_entries(request))
    for entry, line in shown:
        if str(line.index) == request.matchdict["index"]:
            return entry
    raise HTTPNotFound()


def trail_page(request: Request, entries: list[TrailEntry], lines: list[Line]) -> dict[str, Any]:
    """What both trails' templates show."""
    code = request.matchdict["code"]
    notice = service.notice_of(request.db, code)
    title = (
        ""
        if notice is None
        else (notice.shown.get("title_en") if request.locale_name == "en" else "") or notice.title
    )
    state = service.state_of(entries)
    return {
        "code": code,
        "title": title or code,
        "lines": lines,
        "called": called,
        "acts": ACTS | request.registry["words.acts"],
        "fields": FIELDS | request.registry["words.fields"],
        "shown": shown,
        "hashlike": hashlike,
        "actors": ACTORS | request.registry["words.actors"],
        "values": VALUES,
        "state": state,
        "states": STATES,
        "sealed": state in ("", "published"),
        "head": service.head(request.db),
        "contract": of_tender(request.db, code),
        "last_day": last_day_before,
        "persons": service.PERSONS,
    }


def project_of(request: Request, lines: list[Line]) -> dict[str, Any]:
    """The investment project that a tender belongs to, and one timeline of both: (subject, line), oldest first."""
    code = request.matchdict["code"]
    register = request.registry.queryUtility(IProjectRegister)
    try:
        wanted = request.port(ITenders).find(request.db, code).investment_code
    except Refused:  # another subject of the ledger, such as a case of a plugin
        wanted = ""
    project = register.project(request.db, wanted) if register is not None and wanted else None
    trails = project.trails if project else ()
    both = [(code, line) for line in lines]
    both += [
        (each, line) for each in trails for line in service.regulator_lines(entries_of(request.db, each))
    ]
    return {"project": project, "timeline": sorted(both, key=lambda row: row[1].at) if project else both}


def shown(value: Any) -> str:
    """A payload's value as text; instants in Beijing time, like every other time on the page."""
    if not isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    return beijing(parse_rfc3339(value)) if INSTANT.fullmatch(value) else value


def hashlike(value: Any) -> bool:
    """Whether a value is for machines: printed small."""
    return not isinstance(value, str) or (len(value) >= 32 and " " not in value and value.isascii())
