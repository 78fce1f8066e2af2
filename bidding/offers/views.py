"""The page of talks and final offers (磋商与最后报价), for the group, the buyers and the regulator."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.view import view_config

from bidding.evaluation import names
from bidding.offers import calling, talks
from bidding.offers.api import signatures
from bidding.offers.commands import DecideChange, GiveTime, ProposeChange, SignCall
from bidding.offers.reading import talks_of
from bidding.offers.words import DECISIONS, SUBJECTS
from bidding.tenders.interruptions import standstill
from bidding.tenders.publication import made_hash
from bidding.vault.encoding import b64
from trading.accounts import certificates
from trading.clock import rfc3339
from trading.errors import Refused
from trading.permissions import Permission
from trading.web import Form, whole_number

PAGE = "bidding.offers:templates/talks.jinja2"


@view_config(
    route_name="consultation", request_method="GET", renderer=PAGE, permission=Permission.OWN_ACCOUNT
)
def page(request: Request) -> Any:
    """What the reader has to do now."""
    return shown(request, Form(request, ProposeChange, {"subject": "technical"}))


def shown(request: Request, form: Form) -> dict[str, Any]:
    """What the page shows; `form` has the faults of what was tried."""
    seen = talks_of(request)
    buys = bool(request.has_permission(Permission.MANAGE_TENDER))
    waits = seen.phase == "final-offers" and seen.offers is not None and seen.offers.called_at is None
    signed, usable = {}, []
    if buys and waits and seen.keys_ready and not seen.late:
        documents = calling.prepare(request.db, request.registry, seen.tender)
        signed = {name: (b64(raw), made_hash(raw)) for name, raw in documents.items()}
        usable = certificates.usable(request.db, request.identity.user_id, request.now())
    return {
        "seen": seen,
        "standstill": standstill(request.db, seen.tender),
        "tender": seen.tender,
        "title": names.title(request, seen.tender),
        "steps": names.steps(request, seen.phase, scored=seen.found.scoring is not None, talks=True),
        "names": names,
        "form": form,
        "buys": buys,
        "confirms": bool(request.has_permission(Permission.CONFIRM_CHANGES)),
        "waits": waits,
        "signed": signed,
        "certificates": ",".join(each.sha256 for each in usable),
        "subjects": SUBJECTS,
        "decisions": DECISIONS,
        "server_now": rfc3339(request.now()),
        "deadline": rfc3339(seen.child.deadline) if seen.child else "",
    }


def carried_out(request: Request, model: Any, act: Callable[[Any], Any]) -> Any:
    """Do what the posted form asks, and show the page again; with the faults when it is refused."""
    form = Form(request, model)
    if form.valid():
        try:
            act(form.command)
            return HTTPSeeOther(request.route_path("consultation", code=request.context.code))
        except Refused as refused:
            form.refuse(refused)
    return shown(request, form)


def means(request: Request) -> tuple[Any, ...]:
    return request.db, request.registry, request.actor


@view_config(route_name="consultation-changes", request_method="POST", renderer=PAGE,
             permission=Permission.EVALUATE)  # fmt: skip
def propose(request: Request) -> Any:
    """The head proposes a change."""
    code = request.context.code
    return carried_out(
        request, ProposeChange, lambda given: talks.propose(*means(request), code, given.subject, given.text)
    )


@view_config(route_name="consultation-change", request_method="POST", renderer=PAGE,
             permission=Permission.CONFIRM_CHANGES)  # fmt: skip
def decide(request: Request) -> Any:
    """The purchaser confirms or refuses a change."""
    code, number = request.context.code, whole_number(request.matchdict["number"], otherwise=0)
    return carried_out(
        request, DecideChange,
        lambda given: talks.decide(*means(request), code, number, given.decision == "confirm"),
    )  # fmt: skip


@view_config(route_name="consultation-end", request_method="POST", renderer=PAGE,
             permission=Permission.EVALUATE)  # fmt: skip
def end(request: Request) -> Any:
    """The head ends the talks."""
    code = request.context.code
    return carried_out(request, GiveTime, lambda given: talks.end(*means(request), code, given.minutes))


@view_config(route_name="offers-deadline", request_method="POST", renderer=PAGE,
             permission=Permission.MANAGE_TENDER)  # fmt: skip
def postpone(request: Request) -> Any:
    """The host sets a later deadline."""
    code = request.context.code
    return carried_out(
        request, GiveTime, lambda given: calling.postpone(*means(request), code, given.minutes)
    )


@view_config(route_name="offers-call", request_method="POST", renderer=PAGE,
             permission=Permission.MANAGE_TENDER)  # fmt: skip
def call(request: Request) -> Any:
    """The host signs the call."""
    code, user = request.context.code, request.identity.user_id
    return carried_out(
        request, SignCall, lambda given: calling.call(*means(request), user, code, signatures(given))
    )
