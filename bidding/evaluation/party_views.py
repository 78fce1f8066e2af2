"""Pages of those outside the committee: the buyer, who imports its list, and the bidder, who answers."""

from __future__ import annotations

from typing import Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.view import view_config
from sqlalchemy import select

from bidding.evaluation import access, api, commands, names, pricesheet, questions, seats, service
from bidding.evaluation.corrections import correct
from bidding.evaluation.derivation import line
from bidding.evaluation.exact import fixed
from bidding.evaluation.models import Clarification
from bidding.evaluation.progress import is_open
from bidding.vault.models import Outcome
from expert_pool.selection import pools
from expert_pool.selection.api import purchase_of
from trading.accounts import certificates
from trading.errors import Refused
from trading.ledger import canonical
from trading.permissions import Permission
from trading.web import Form

FOLDER = "bidding.evaluation:templates/"
MOST = 1 << 20


@view_config(route_name="panel", renderer=FOLDER + "panel.jinja2", permission=Permission.IMPORT_PANEL)
def panel(request: Request) -> Any:
    """The committee's seats, and the import of its list."""
    faults: list[Any] = []
    if request.method == "POST":
        upload = request.POST.get("list")
        raw = upload.file.read(MOST) if hasattr(upload, "file") else b""
        try:
            seats.import_panel(request.db, request.registry, request.actor, request.context.code, raw)
            return HTTPSeeOther(request.path)
        except Refused as refused:
            faults = list(refused.faults)
            request.response.status = 422
    found = access.evaluation_of(request)
    delivered = found.report is not None and found.report.delivered_at is not None
    return {
        "tender": found.tender,
        "found": found,
        "seats": api.panel_json(found),
        "names": names,
        "title": names.title(request, found.tender),
        "faults": faults,
        "steps": names.steps(request, found.phase(request.now()), talks=found.talks),
        "delivered": delivered,
        "drawn_here": pools.key_of(request.registry, purchase_of(request)) == pools.OWN,
        "may_import": found.tender.state in seats.IMPORT_STATES and not found.complete,
    }


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
