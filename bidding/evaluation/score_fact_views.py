"""The head's page for the facts of objective criteria (客观分陈述): filled in, checked, signed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.view import view_config

from bidding.evaluation import access, score_form, score_stating
from bidding.evaluation.phases import Phase
from bidding.evaluation.progress import Evaluation
from bidding.evaluation.score_papers import Form
from bidding.evaluation.score_service import scoring_of
from bidding.evaluation.score_views import device, names_of, page, signed
from bidding.evaluation.views import EVALUATE, FOLDER, back
from bidding.vault.encoding import b64
from expert_pool.selection.models import PanelMember
from trading.errors import Fault, Refused


@view_config(route_name="evaluation-score-facts", renderer=FOLDER + "score_facts.jinja2", permission=EVALUATE)
def facts(request: Request) -> Any:
    """The facts to state, or those that are; posted, the page to sign them. Only the head, while it may."""
    found, own = access.member(request)
    if elsewhere := not_now(request, found, own):
        return elsewhere
    form = scoring_of(found).whole_form(own.member)
    if request.method != "POST":
        return filling(request, found, own, form, score_form.facts_with(form))
    if request.POST.get("bids") != score_form.bids_of(form):
        return back(request, "evaluation-score-facts")
    try:
        raw = score_stating.draft_facts(
            request.db, request.registry, request.actor, found.tender, score_form.facts_of(request.POST, form)
        )
    except Refused as refused:
        request.response.status = 422
        faults = score_form.shown_faults(form, refused.faults, names_of(request, found, form))
        return filling(request, found, own, form, dict(request.POST), faults)
    certificate = found.seat(own.member).cert_sha256
    return page(
        request, found, own, form, raw=b64(raw), faults=[], values=dict(request.POST), certificate=certificate
    )


def not_now(request: Request, found: Evaluation, own: PanelMember) -> HTTPSeeOther | None:
    open_now = found.phase(request.now()) == Phase.SCORING and own.head and scoring_of(found).may_state
    return None if open_now else back(request)


def filling(
    request: Request, found: Evaluation, own: PanelMember, form: Form, values: dict[str, str],
    faults: Sequence[Fault] = (),
) -> dict[str, Any]:  # fmt: skip
    """The form with these values in its fields."""
    return page(
        request, found, own, form, raw=None, values=values, faults=faults,
        wrong={fault.field: fault for fault in faults}, **device(request, found, own, form, "facts"),
    )  # fmt: skip


@view_config(route_name="evaluation-score-facts-sign", request_method="POST", permission=EVALUATE)
def sign_facts(request: Request) -> Any:
    """File the signed facts; the head goes on to the own sheet."""
    command = signed(request)
    score_stating.state_facts(
        request.db, request.registry, request.actor, request.context.code, command.raw, command.cms
    )
    return back(request, "evaluation-scores")
