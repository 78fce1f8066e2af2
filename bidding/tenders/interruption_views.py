"""Pages and JSON of what stops a tender: suspension, resumption, cancellation, failure, and tendering again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.view import view_config

from bidding.tenders import interruptions, repeating
from bidding.tenders.answers import Interrupted, TenderedAgain
from bidding.tenders.interruptions import ARTICLES, Ground
from bidding.tenders.models import Tender
from trading.accounts.models import User
from trading.clock import rfc3339
from trading.errors import Refused
from trading.permissions import Permission
from trading.supervision.acts import paper
from trading.supervision.commands import Asked, Words
from trading.supervision.words import ACTS
from trading.web import Form, _, read_json

FOLDER = "bidding.tenders:templates/"


class Interrupt(Asked):
    """What the buyers decide, and why."""

    act: Literal["suspend", "resume", "cancel", "fail"]
    reason: Words


DO: dict[str, Callable[..., Tender]] = {
    "suspend": interruptions.suspend, "resume": interruptions.resume, "cancel": interruptions.cancel,
    "fail": interruptions.fail,
}  # fmt: skip
KINDS = {"suspend": "suspended", "resume": "resumed", "cancel": "cancelled", "fail": "failed"}
CHOICES = {
    "suspend": (
        _("Suspend"), _("No bid is admitted; there is no closing, opening, report or award until you resume.")
    ),
    "resume": (_("Resume"), _("The procedure goes on at once, with the deadline that then holds.")),
    "cancel": (
        _("Cancel"), _("For good: the purchase is given up after a grave change. Sealed bids stay sealed.")
    ),
    "fail": (
        _("Declare failed"), _("For good: an unlawful act or a grave change makes the tender fail (GPL 36). It can be tendered again.")
    ),
}  # fmt: skip


def act(request: Request, command: Interrupt) -> Tender:
    """The buyers' decision about the tender in the context."""
    code = request.context.code
    document = paper(request, command, code, public=True).sha256
    ground = Ground(command.reason, ARTICLES[KINDS[command.act]], document)
    return DO[command.act](request.db, request.registry, request.actor, code, ground)


@view_config(
    route_name="tender-interrupt",
    renderer=FOLDER + "interrupt.jinja2",
    permission=Permission.INTERRUPT_TENDER,
)
def interrupt(request: Request) -> Any:
    """Choose what to do and say why; everybody reads it."""
    tender, form = request.context, Form(request, Interrupt)
    if form.valid():
        try:
            act(request, form.command)
        except Refused as refused:
            form.refuse(refused)
        else:
            return HTTPSeeOther(request.route_path("tender", code=tender.code))
    ordered = interruptions.suspended_by_order(request.db, tender)
    first = () if ordered else ("resume",) if tender.suspended_at else ("suspend",)
    offered = (*first, "cancel", "fail")
    return {
        "form": form, "tender": tender, "choices": {name: CHOICES[name] for name in offered},
        "articles": {name: ARTICLES[KINDS[name]] for name in offered},
        "ordered": ordered, "acts": ACTS,
        "past": interruptions.interruptions_of(request.db, tender),
    }  # fmt: skip


@view_config(route_name="tender-retender", request_method="POST", permission=Permission.MANAGE_TENDER)
def retender(request: Request) -> Any:
    """One click: a new draft of a failed or cancelled tender."""
    made = again(request)
    return HTTPSeeOther(request.route_path("tender-preview", code=made.code))


def again(request: Request) -> Tender:
    user = request.db.get(User, request.identity.user_id)
    return repeating.retender(request.db, request.registry, request.actor, user, request.context.code)


@view_config(
    route_name="api-tender-interruptions", request_method="POST", renderer="json",
    permission=Permission.INTERRUPT_TENDER,
)  # fmt: skip
def api_interrupt(request: Request) -> Interrupted:
    """{"act": "suspend"|"resume"|"cancel"|"fail", "reason", "paper_name", "paper": base64url}."""
    tender = act(request, read_json(request, Interrupt))
    since = rfc3339(tender.suspended_at) if tender.suspended_at else None
    return {"tender": tender.code, "state": tender.state, "suspended": since}


@view_config(
    route_name="api-tender-retender",
    request_method="POST",
    renderer="json",
    permission=Permission.MANAGE_TENDER,
)
def api_retender(request: Request) -> TenderedAgain:
    """A new draft of a failed or cancelled tender → 201 {"tender", "predecessor"}."""
    made = again(request)
    request.response.status = 201
    return {"tender": made.code, "predecessor": request.context.code}
