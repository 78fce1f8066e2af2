"""The report's pages (评标报告): read, sign, deliver, and take home as PDF."""

from __future__ import annotations

from typing import Any

from pyramid.httpexceptions import HTTPForbidden, HTTPNotFound
from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import view_config

from bidding.evaluation import access, commands, names, report, report_card, report_paper, service
from bidding.evaluation.progress import Evaluation
from bidding.evaluation.views import EVALUATE, FOLDER, back, room
from bidding.vault.encoding import b64
from expert_pool.selection.models import PanelMember
from trading.errors import Refused
from trading.ledger import canonical
from trading.permissions import Permission
from trading.web import Form


@view_config(
    route_name="evaluation-report", renderer=FOLDER + "report.jinja2", permission=Permission.OWN_ACCOUNT
)
def show_report(request: Request) -> Any:
    """The report with every derivation; a member signs it here, with or without dissent."""
    found = access.report_reader(request)
    if found.report is None:
        raise HTTPNotFound()
    own = next((row for row in found.seated if row.user_id == request.identity.user_id), None)
    form = Form(request, commands.SignReport)
    if request.method == "POST":
        if own is None:
            raise HTTPForbidden()
        if form.valid():
            given = form.command
            dissent_cms = given.dissent_cms if given.dissent.strip() else None
            try:
                service.sign_report(request.db, request.registry, request.actor, request.context.code, given.cms,
                                    given.dissent, dissent_cms)  # fmt: skip
                return back(request, "evaluation-report")
            except Refused as refused:
                form.refuse(refused)
    return report_page(request, found, own) | {"form": form}


def report_page(request: Request, found: Evaluation, own: PanelMember | None) -> dict[str, Any]:
    drawn = report.drawn_up(found)
    document, inputs = canonical.loads(drawn.raw), canonical.loads(drawn.inputs)
    scored = report_card.cards(document, inputs)
    signatures = {signature.member: signature for signature in report.signatures_of(request.db, drawn)}
    return room(
        request, found, found.phase(request.now()), own=own, report=drawn, document=document, raw=b64(drawn.raw),
        derivations=names.derivations(request, found.tender, document["derivations"]), signatures=signatures,
        complete=len(signatures) == len(found.seated),
        certificate=found.seat(own.member).cert_sha256 if own else "",
        cards=scored, labels={row.item: row.name for card in scored for row in card.rows},
        seats={row["member"]: row["seat"] for row in document["committee"]}, grounds=names.SCORE_WORDS,
    )  # fmt: skip


@view_config(route_name="evaluation-deliver", request_method="POST", permission=EVALUATE)
def deliver(request: Request) -> Any:
    """The head hands the report over."""
    service.deliver(request.db, request.registry, request.actor, request.context.code)
    return back(request, "evaluation-report")


@view_config(route_name="evaluation-report-pdf", request_method="GET", permission=Permission.OWN_ACCOUNT)
def paper(request: Request) -> Response:
    """The delivered report as PDF under the hall's seal."""
    found = access.report_reader(request)
    if found.report is None or found.report.delivered_at is None:
        raise HTTPNotFound()
    signatures = report.signatures_of(request.db, found.report)
    pdf = report_paper.delivered(request.registry, found.tender, found.report, signatures, request.now())
    response = Response(body=pdf, content_type="application/pdf")
    response.content_disposition = f'inline; filename="{found.tender.code}-report.pdf"'
    return response
