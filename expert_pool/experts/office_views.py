"""The pool as a whole: spreadsheets, statistics, parameters, courses, and what fees are paid to."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import view_config

from expert_pool.experts import importing, limits, payment, service, sheet, statistics, training, waiting
from expert_pool.experts.commands import ChangeLimits, ImportPeople, NewCourse, Payment
from expert_pool.experts.lines import COLUMNS
from expert_pool.experts.looking import looked, looked_apart
from expert_pool.experts.service import POOL
from expert_pool.experts.views import FOLDER, attached, the_expert, to_record, today
from trading.accounts.entrance import needs_step_up
from trading.errors import Refused, refuse
from trading.permissions import Permission
from trading.supervision import papers
from trading.web import Form, _

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


# --- spreadsheets ---------------------------------------------------------------------------------


@view_config(route_name="pool-import", renderer=FOLDER + "import.jinja2", permission=Permission.MANAGE_POOL)
def import_people(request: Request) -> Any:
    """First look a file through and tell everything that is wrong with it; then, when the officer says so, take it
    over. In between the file waits under seal (waiting.py)."""
    form = Form(request, ImportPeople)
    if not form.valid():
        return {"form": form, "plan": None}
    try:
        file, evidence = handed_in(request, form)
        looking = form.command.act == "look"
        plan = importing.examine(request.db, request.keys, file, binding=not looking)
        if looking:
            return {"form": form, "plan": plan, "file": plan.sha256, "evidence": evidence}
        importing.carry_out(
            request.db, request.keys, request.actor, plan, evidence, form.command.reason,
            good_ones=form.command.act == "good",
        )  # fmt: skip
        waiting.forget(request.db, request.actor, plan.sha256)
    except Refused as refused:
        form.refuse(refused)
        return {"form": form, "plan": None}
    return HTTPSeeOther(request.route_path("pool"))


def handed_in(request: Request, form: Form) -> tuple[bytes, str]:
    """The spreadsheet and the hash of its evidence: uploaded now, or kept when they were looked through. Raises
    Refused `sheet.none`, `expert.evidence`."""
    if form.command.act != "look":
        file = waiting.read(request.db, request.keys, request.actor, form.command.file)
        known = papers.find(request.db, POOL, form.command.basis)
        if file is None or known is None:
            raise refuse("sheet.none", _("Choose the file again"), field="sheet")
        return file, known.sha256
    upload = request.POST.get("sheet")
    if not hasattr(upload, "file"):
        raise refuse("sheet.none", _("Choose a spreadsheet"), field="sheet")
    data = upload.file.read(sheet.LARGEST + 1)
    if len(data) > sheet.LARGEST:
        raise refuse("sheet.large", importing.WHY_UNREADABLE["large"], field="sheet")
    if not data:
        raise refuse("sheet.empty", importing.WHY_UNREADABLE["empty"], field="sheet")
    basis = attached(request)
    if basis.data == data:  # evidence stays for good, a spreadsheet with people's numbers must not
        raise refuse("expert.evidence", _("The spreadsheet is not its own evidence"), field="evidence")
    digest = service.kept_evidence(request.db, request.keys, basis)
    waiting.keep(request.db, request.keys, request.actor, upload.filename or "", data)
    return data, digest


@view_config(
    route_name="pool-export",
    request_method="GET",
    permission=Permission.MANAGE_POOL,
    decorator=needs_step_up,
)
def export(request: Request) -> Response:
    """The whole pool, without bank and tax data."""
    data = importing.export(request.db, request.keys, request.actor)
    return spreadsheet(data, f"experts-{today(request).isoformat()}.xlsx")


@view_config(route_name="pool-template", request_method="GET", permission=Permission.MANAGE_POOL)
def template(request: Request) -> Response:
    """An empty spreadsheet with the headings."""
    return spreadsheet(sheet.write(list(COLUMNS.values()), []), "experts.xlsx")


def spreadsheet(data: bytes, name: str) -> Response:
    response = Response(body=data, content_type=XLSX)
    response.content_disposition = f'attachment; filename="{name}"'
    return response


# --- the pool's numbers and rules -----------------------------------------------------------------


@view_config(
    route_name="pool-statistics",
    request_method="GET",
    renderer=FOLDER + "statistics.jinja2",
    permission=Permission.SEE_POOL,
)
def numbers(request: Request) -> Any:
    """How many each speciality has, with a bar each, and which are too small to be drawn of."""
    known = limits.current(request.db)
    people = service.people_shown(request.db, request.keys, request.now())
    looked(request.db, request.actor, "pool/statistics")
    counted = statistics.counts(people, today(request), known)
    leaves = [line for line in counted if line.speciality.level == 3]
    return {
        "lines": [line for line in counted if line.active],
        "empty": [line for line in leaves if not line.active],
        "too_small": statistics.too_small(counted),
        "limits": known,
        "most": max([known.safe_minimum, *(line.active for line in leaves)]),
    }


@view_config(
    route_name="pool-settings", renderer=FOLDER + "settings.jinja2", permission=Permission.MANAGE_POOL
)
def settings(request: Request) -> Any:
    """Parameters and courses."""
    wants_course = request.POST.get("what") == "course"
    form = Form(request, NewCourse if wants_course else ChangeLimits, asdict(limits.current(request.db)))

    def act() -> None:
        if wants_course:
            training.add_course(request.db, request.actor, form.command)
        else:
            limits.change(request.db, request.actor, form.command)

    if form.carried_out(act):
        return HTTPSeeOther(request.route_path("pool-settings"))
    initial = asdict(limits.current(request.db))
    if wants_course:
        form.values = initial | form.values
    return {"form": form, "courses": training.courses(request.db)}


@view_config(
    route_name="pool-payment",
    renderer=FOLDER + "payment.jinja2",
    permission=Permission.MANAGE_POOL,
    decorator=needs_step_up,
)
def pay_to(request: Request) -> Any:
    """Where fees go; each look is a ledger entry, and needs a fresh code."""
    row = the_expert(request)
    form = Form(request, Payment)
    if form.carried_out(lambda: payment.pay_to(request.db, request.keys, request.actor, row, form.command)):
        return to_record(request, row)
    if form.posted:
        looked_apart(request, f"pool/{row.number}")  # the name; bank data are not read out of the record
    else:
        found = payment.view(request.db, request.keys, request.actor, row)
        form.values = found.model_dump() if found else {}
    return {"form": form, "number": row.number, "name": service.read(request.keys, row).name}
