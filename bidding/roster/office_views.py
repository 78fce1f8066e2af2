"""The roster office's desk: applications, objections, decisions, imports, the quarter's publication, what is worth a look."""

from __future__ import annotations

from typing import Any

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import view_config
from sqlalchemy import func, select

from bidding.lottery import watching
from bidding.lottery.alarms import Cluster, Trace, clusters
from bidding.roster import deciding, importing, issues, service, standing, views, words
from bidding.roster.commands import Act, Answer, Exclude, ImportFirms, Lift
from bidding.roster.lines import COLUMNS
from bidding.roster.models import RosterDocument, RosterFirm, RosterObjection
from expert_pool.experts import sheet, waiting
from expert_pool.experts.office_views import spreadsheet
from trading.errors import refuse
from trading.ledger import canonical
from trading.parties import service as parties
from trading.permissions import Permission
from trading.rulebook.calendar import beijing_date
from trading.supervision import papers
from trading.web import Card, Form, _

FOLDER = views.FOLDER


@view_config(
    route_name="roster-office",
    request_method="GET",
    renderer=FOLDER + "office.jinja2",
    permission=Permission.SEE_ROSTER_FILES,
)
def office(request: Request) -> Any:
    """What waits: applications, publicity that is over, objections; decisions in force; clusters of applicants."""
    return office_data(request, Form(request, Exclude, {}))


def office_data(request: Request, form: Form) -> dict[str, Any]:
    waits = select(RosterFirm).where(RosterFirm.status.in_(["applied", "announced"]))
    rows = list(request.db.scalars(waits.order_by(RosterFirm.applied_at)))
    firms = {row.id: row for row in request.db.scalars(select(RosterFirm))} if rows else {}
    objections = select(RosterObjection).where(RosterObjection.answered_at.is_(None))
    day = beijing_date(request.now())
    return views.base(request) | {
        "form": form,
        "waiting": rows,
        "objections": [
            (each, firms[each.firm_id]) for each in request.db.scalars(objections) if each.firm_id in firms
        ],
        "clusters": applicants(request),
        "runs": [(run, parties.by_code(request.db, run.firm)) for run in watching.improbable(request.db)],
        "quarter": issues.quarter_of(day),
        "published": [each.quarter for each in issues.issued(request.db)],
        "today": day,
    }


def applicants(request: Request) -> list[tuple[Cluster, list[RosterFirm]]]:
    """Groups of enterprises whose applications share a mark, or that share an address: evidence to look at, never a
    verdict. An enterprise counts once, whatever number of categories it applied for."""
    query = select(RosterFirm).where(RosterFirm.sealed != b"").order_by(RosterFirm.applied_at)
    rows, traces = {}, []
    for row in request.db.scalars(query):
        rows[row.party.uscc] = row
        told = canonical.loads(request.keys.unseal(row.sealed, f"roster_firm/{row.id}"))
        marks = {name: told.get(name, "") for name in ("address", "device", "payer", "minute")}
        traces.append(Trace(row.party.uscc, marks | {"address": marks["address"] or row.party.address}))
    return [(each, [rows[org] for org in each.firms]) for each in clusters(traces)]


@view_config(
    route_name="roster-examine",
    request_method="GET",
    renderer=FOLDER + "examine.jinja2",
    permission=Permission.SEE_ROSTER_FILES,
)
def examine(request: Request) -> Any:
    """One firm's papers, and what the office can do."""
    return examined(request, views.firm_of(request), {})


def examined(request: Request, row: RosterFirm, forms: dict[str, Form]) -> dict[str, Any]:
    query = select(RosterDocument).where(RosterDocument.party_id == row.party_id)
    return views.firm_data(request, row, forms.get("act") or Form(request, Act, {})) | {
        "documents": list(request.db.scalars(query.order_by(RosterDocument.filed_at.desc()))),
        "acts": standing.possible(row.status, "office"),
        "lifting": forms.get("lift") or Form(request, Lift, {}),
        "answering": forms.get("answer") or Form(request, Answer, {}),
        "may_list": bool(row.announced_until and beijing_date(request.now()) > row.announced_until),
    }


@view_config(
    route_name="roster-act",
    request_method="POST",
    renderer=FOLDER + "examine.jinja2",
    permission=Permission.KEEP_ROSTER,
)
def carry_out(request: Request) -> Any:
    """Announce, turn down, list, take out."""
    row, form = views.firm_of(request), Form(request, Act)

    def act() -> None:
        command = form.command
        service.carry_out(
            request.db, request.keys, request.registry, request.actor, row, command.act, command.reason,
            views.attached(request),
        )  # fmt: skip

    if form.carried_out(act):
        return HTTPSeeOther(request.route_path("roster-examine", number=row.number))
    return examined(request, row, {"act": form})


@view_config(
    route_name="roster-answer",
    request_method="POST",
    renderer=FOLDER + "examine.jinja2",
    permission=Permission.KEEP_ROSTER,
)
def answer(request: Request) -> Any:
    """Answer an objection."""
    row, form = views.firm_of(request), Form(request, Answer)
    found = next(
        (each for each in service.objections_of(request.db, row) if str(each.id) == request.matchdict["id"]),
        None,
    )
    if found is None:
        raise HTTPNotFound()

    def act() -> None:
        command = form.command
        service.answer(request.db, request.actor, row, found, command.answer, command.upheld)

    if form.carried_out(act):
        return HTTPSeeOther(request.route_path("roster-examine", number=row.number))
    return examined(request, row, {"answer": form})


@view_config(
    route_name="roster-exclude",
    request_method="POST",
    renderer=FOLDER + "office.jinja2",
    permission=Permission.DECIDE_ROSTER,
)
def exclude(request: Request) -> Any:
    """File a decision that keeps a firm out."""
    form = Form(request, Exclude)

    def act() -> None:
        deciding.exclude(request.db, request.keys, request.actor, form.command, views.attached(request))

    if form.carried_out(act):
        return HTTPSeeOther(request.route_path("roster-office"))
    return office_data(request, form)


@view_config(
    route_name="roster-lift",
    request_method="POST",
    renderer=FOLDER + "examine.jinja2",
    permission=Permission.DECIDE_ROSTER,
)
def lift(request: Request) -> Any:
    """End an exclusion early."""
    row, form = views.firm_of(request), Form(request, Lift)

    def act() -> None:
        deciding.lift(
            request.db, request.keys, request.actor, row.party, form.command, views.attached(request)
        )

    if form.carried_out(act):
        return HTTPSeeOther(request.route_path("roster-examine", number=row.number))
    return examined(request, row, {"lift": form})


@view_config(route_name="roster-publish", request_method="POST", permission=Permission.KEEP_ROSTER)
def publish(request: Request) -> Any:
    """Publish the running quarter's roster."""
    issues.publish(request.db, request.actor)
    return HTTPSeeOther(request.route_path("roster"))


# --- spreadsheets ----------------------------------------------------------------------------------


@view_config(route_name="roster-import", renderer=FOLDER + "import.jinja2", permission=Permission.KEEP_ROSTER)
def import_firms(request: Request) -> Any:
    """First look a file through and tell everything that is wrong with it; then take it over."""
    form = Form(request, ImportFirms, {})
    data: dict[str, Any] = {"plan": None, "file": "", "basis": ""}

    def act() -> None:
        file, basis = handed_in(request, form)
        looking = form.command.act == "look"
        plan = importing.examine(request.db, request.registry, file, binding=not looking)
        if looking:
            data.update(plan=plan, file=plan.sha256, basis=basis)
            return
        importing.carry_out(
            request.db, request.keys, request.actor, plan, basis, form.command.reason,
            good_ones=form.command.act == "good",
        )  # fmt: skip
        waiting.forget(request.db, request.actor, plan.sha256)
        data["done"] = True

    if form.carried_out(act) and data.get("done"):
        return HTTPSeeOther(request.route_path("roster"))
    return views.base(request) | data | {"form": form}


def handed_in(request: Request, form: Form) -> tuple[bytes, str]:
    """The spreadsheet and the hash of its basis, uploaded now or kept when they were looked through. Raises Refused
    `sheet.none`, `roster.evidence`."""
    db, keys, actor = request.db, request.keys, request.actor
    if form.command.act != "look":
        file = waiting.read(db, keys, actor, form.command.file)
        if file is None or papers.find(db, service.ROSTER, form.command.basis) is None:
            raise refuse("sheet.none", _("Choose the file again"), field="sheet")
        return file, form.command.basis
    given = views.attached(request, "sheet")
    if not given.data:
        raise refuse("sheet.none", _("Choose a spreadsheet"), field="sheet")
    basis = service.kept(db, keys, views.attached(request))
    waiting.keep(db, keys, actor, given.name, given.data)
    return given.data, basis


@view_config(route_name="roster-export", request_method="GET", permission=Permission.SEE_ROSTER_FILES)
def export(request: Request) -> Response:
    """The whole roster as a spreadsheet that imports to the same."""
    data = importing.export(request.db, request.registry, request.now())
    return spreadsheet(data, f"roster-{beijing_date(request.now()).isoformat()}.xlsx")


@view_config(route_name="roster-template", request_method="GET", permission=Permission.SEE_ROSTER_FILES)
def template(request: Request) -> Response:
    """An empty spreadsheet with the headings."""
    return spreadsheet(sheet.write(list(COLUMNS.values()), []), "roster.xlsx")


# --- the desk --------------------------------------------------------------------------------------


def cards(request: Request) -> list[Card]:
    """Applications to examine, publicity that is over, objections, a quarter without its publication."""
    day, path = beijing_date(request.now()), request.route_path
    per_state = select(RosterFirm.status, func.count()).group_by(RosterFirm.status)
    counted = {row[0]: row[1] for row in request.db.execute(per_state)}
    found = []
    if applied := counted.get("applied", 0):
        note = _("${n} wait", mapping={"n": str(applied)})
        found.append(Card(_("Examine applications for the roster"), path("roster-office"), note, "now"))
    over = select(func.count()).where(RosterFirm.status == "announced", RosterFirm.announced_until < day)
    if ready := request.db.scalar(over) or 0:
        note = _("${n} wait", mapping={"n": str(ready)})
        found.append(
            Card(_("Publicity is over: take firms into the roster"), path("roster-office"), note, "now")
        )
    if counted.get("listed") and issues.quarter_of(day) not in {i.quarter for i in issues.issued(request.db)}:
        quarter = issues.quarter_of(day)
        found.append(Card(_("Publish the quarter's roster"), path("roster-office"), quarter, "now"))
    return found


assert set(words.DO) == {act for act, step in standing.STEPS.items() if step.by == "office"}
