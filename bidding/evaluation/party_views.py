"""Pages of those outside the committee: the buyer, who imports its list, and the bidder, who answers."""

from __future__ import annotations

from typing import Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.view import view_config
from sqlalchemy import select

from bidding.evaluation import access, api, commands, names, pricesheet, questions, rounds, seats, service
from bidding.evaluation.corrections import correct
from bidding.evaluation.derivation import line
from bidding.evaluation.exact import fixed
from bidding.evaluation.models import Clarification
from bidding.evaluation.progress import is_open
from bidding.vault.models import Outcome
from expert_pool.selection import pools, replacing
from expert_pool.selection.api import purchase_of
from expert_pool.selection.service import was_approved
from trading.accounts import certificates
from trading.errors import Fault, Refused
from trading.ledger import canonical
from trading.permissions import Permission
from trading.supervision import papers
from trading.web import Form, whole_number

FOLDER = "bidding.evaluation:templates/"
MOST_WORDS = 2000
"""characters of a reason"""


@view_config(route_name="panel", renderer=FOLDER + "panel.jinja2", permission=Permission.IMPORT_PANEL)
def panel(request: Request) -> Any:
    """The committee's seats, and the import of its list."""
    faults: list[Fault] = []
    if request.method == "POST":
        try:
            seats.import_panel(
                request.db,
                request.registry,
                request.actor,
                request.context.code,
                uploaded(request, "list")[1],
            )
            return HTTPSeeOther(request.path)
        except Refused as refused:
            faults = list(refused.faults)
            request.response.status = 422
    return show_panel(request, faults)


def uploaded(request: Request, field: str) -> tuple[str, bytes]:
    """Name and bytes of a posted file; empty without one."""
    upload = request.POST.get(field)
    if not hasattr(upload, "file"):
        return "", b""
    return upload.filename or "", upload.file.read(papers.LARGEST + 1)


def show_panel(request: Request, faults: list[Fault]) -> dict[str, Any]:
    found = access.evaluation_of(request)
    delivered = found.report is not None and found.report.delivered_at is not None
    phase = found.phase(request.now())
    return {
        "tender": found.tender,
        "found": found,
        "seats": api.panel_json(found),
        "names": names,
        "title": names.title(request, found.tender),
        "faults": faults,
        "posted": request.POST,
        "steps": names.steps(request, phase, scored=found.scoring is not None, talks=found.talks),
        "delivered": delivered,
        "drawn_here": pools.key_of(request.registry, purchase_of(request)) == pools.OWN,
        "may_import": found.tender.state in seats.IMPORT_STATES and not found.complete,
        "drawn": found.panel is not None and found.panel.drawn and was_approved(request.db, found.panel),
        "replacing": found.tender.state == "evaluating" and not delivered,
        "recount": phase == "recount",
        "vacant": found.panel is not None and not found.complete,
        "stuck": found.panel is not None and replacing.stuck(request.db, request.registry, found.panel),
    }


@view_config(route_name="panel-replacements", request_method="POST", renderer=FOLDER + "panel.jinja2",
             permission=Permission.IMPORT_PANEL)  # fmt: skip
def replace_member(request: Request) -> Any:
    """Have a member replaced after the evaluation has begun."""
    posted = request.POST
    order = replacing.Order(
        whole_number(posted.get("seat", ""), 0), posted.get("ground", ""), posted.get("reason", "")[:MOST_WORDS],
        *uploaded(request, "document"),
    )  # fmt: skip
    try:
        seats.replace_member(request.db, request.registry, request.actor, request.context.code, order)
    except Refused as refused:
        request.response.status = 422
        return show_panel(request, list(refused.faults))
    return HTTPSeeOther(request.route_path("panel", code=request.context.code))


@view_config(route_name="panel-stop", request_method="POST", renderer=FOLDER + "panel.jinja2",
             permission=Permission.IMPORT_PANEL)  # fmt: skip
def stop(request: Request) -> Any:
    """Stop the evaluation; another committee is to be formed."""
    ground = rounds.Ground(request.POST.get("reason", "")[:MOST_WORDS], *uploaded(request, "document"))
    try:
        seats.stop(request.db, request.registry, request.actor, request.context.code, ground)
    except Refused as refused:
        request.response.status = 422
        return show_panel(request, list(refused.faults))
    return HTTPSeeOther(request.route_path("panel", code=request.context.code))


@view_config(route_name="clarifications", request_method="GET", renderer=FOLDER + "clarifications.jinja2",
             permission=Permission.BID)  # fmt: skip
@view_config(route_name="clarification", renderer=FOLDER + "clarifications.jinja2", permission=Permission.BID)
def clarifications(request: Request) -> Any:
    """The committee's questions to one's own enterprise; posted, an answer to one of them."""
    uscc, form = access.own_uscc(request), Form(request, commands.Answer)
    if form.valid():
        given = form.command
        try:
            service.answer(
                request.db, request.registry, request.actor, request.context.code, request.matchdict["ref"],
                uscc=uscc, cms=given.cms, text=given.answer, confirmed=given.confirmed,
            )  # fmt: skip
            return HTTPSeeOther(request.route_path("clarifications", code=request.context.code))
        except Refused as refused:
            form.refuse(refused)
    now = request.now()
    usable = certificates.usable(request.db, request.identity.user_id, now)
    return {
        "tender": request.context,
        "form": form,
        "names": names,
        "title": names.title(request, request.context),
        "is_open": lambda question: is_open(question, now),
        "asked": [
            (question, api.own_question_json(request, question)["sign"], corrections(request, question))
            for question in questions.questions_to(request.db, request.context, uscc)
        ],
        "certificates": ",".join(each.sha256 for each in usable),
        "ref": request.matchdict.get("ref", ""),
    }


def corrections(request: Request, question: Clarification) -> list[str]:
    """What was corrected in the bidder's price sheet, line by line."""
    if question.kind != "correction":
        return []
    outcome = request.db.scalars(select(Outcome).where(Outcome.bid_id == question.bid_id)).one()
    sheet = pricesheet.parse(canonical.loads(outcome.price_sheet))
    return [
        names.derivation_line(
            request,
            line(
                f"correction-{step.rule}",
                field=step.field,
                before=fixed(step.before),
                after=fixed(step.after),
            ),
        )
        for step in correct(sheet).steps
    ]
