"""Talks and final offers by program."""

from __future__ import annotations

from pyramid.request import Request
from pyramid.view import view_config

from bidding.offers import calling, talks
from bidding.offers.answers import BytesToSign, CallToSign, DecidedChange, ProposedChange, TalksAnswer
from bidding.offers.commands import DecideChange, GiveTime, ProposeChange, SignCall
from bidding.offers.reading import as_json, talks_of
from bidding.tenders.publication import cms_bytes, made_hash
from bidding.vault.encoding import b64
from trading.permissions import Permission
from trading.web import read_json, whole_number


@view_config(route_name="api-consultation", request_method="GET", renderer="json",
             permission=Permission.OWN_ACCOUNT)  # fmt: skip
def show(request: Request) -> TalksAnswer:
    """GET: who remains, what is to be changed, where the final offers stand."""
    return as_json(talks_of(request))


@view_config(route_name="api-consultation-changes", request_method="POST", renderer="json",
             permission=Permission.EVALUATE)  # fmt: skip
def propose(request: Request) -> ProposedChange:
    """{"subject": "technical"|"service"|"contract", "text"}: the head proposes a change. 201 {"number"}."""
    asked = read_json(request, ProposeChange)
    row = talks.propose(
        request.db, request.registry, request.actor, request.context.code, asked.subject, asked.text
    )
    request.response.status = 201
    return {"number": row.number}


@view_config(route_name="api-consultation-change", request_method="POST", renderer="json",
             permission=Permission.CONFIRM_CHANGES)  # fmt: skip
def decide(request: Request) -> DecidedChange:
    """{"decision": "confirm"|"refuse"}: the purchaser decides on a change."""
    asked = read_json(request, DecideChange)
    number = whole_number(request.matchdict["number"], otherwise=0)
    row = talks.decide(
        request.db, request.registry, request.actor, request.context.code, number, asked.decision == "confirm"
    )
    return {"number": row.number, "decision": "confirmed" if row.decision == "confirmed" else "refused"}


@view_config(route_name="api-consultation-end", request_method="POST", renderer="json",
             permission=Permission.EVALUATE)  # fmt: skip
def end(request: Request) -> TalksAnswer:
    """{"minutes": n}: the head ends the talks; the suppliers get n minutes for their final offers."""
    asked = read_json(request, GiveTime)
    talks.end(request.db, request.registry, request.actor, request.context.code, asked.minutes)
    return as_json(talks_of(request))


@view_config(route_name="api-offers-deadline", request_method="POST", renderer="json",
             permission=Permission.MANAGE_TENDER)  # fmt: skip
def postpone(request: Request) -> TalksAnswer:
    """{"minutes": n}: a later deadline, before the call goes out."""
    asked = read_json(request, GiveTime)
    calling.postpone(request.db, request.registry, request.actor, request.context.code, asked.minutes)
    return as_json(talks_of(request))


@view_config(route_name="api-offers-call", request_method="GET", renderer="json",
             permission=Permission.MANAGE_TENDER)  # fmt: skip
def to_sign(request: Request) -> CallToSign:
    """{"documents": {"call"|"notice"|"policy": {"data": base64url, "sha256"}}}: what the host signs."""
    signed = calling.prepare(request.db, request.registry, request.context)
    call, notice, policy = (
        BytesToSign(data=b64(signed[name]), sha256=made_hash(signed[name]))
        for name in ("call", "notice", "policy")
    )
    return {"documents": {"call": call, "notice": notice, "policy": policy}}


@view_config(route_name="api-offers-call", request_method="POST", renderer="json",
             permission=Permission.MANAGE_TENDER)  # fmt: skip
def call(request: Request) -> TalksAnswer:
    """{"call_cms", "notice_cms", "policy_cms"}: the suppliers that remain are called for final offers."""
    asked = read_json(request, SignCall)
    calling.call(
        request.db, request.registry, request.actor, request.identity.user_id, request.context.code,
        signatures(asked),
    )  # fmt: skip
    return as_json(talks_of(request))


def signatures(given: SignCall) -> dict[str, bytes]:
    """The signatures by the name of what they sign."""
    return {
        name: cms_bytes(getattr(given, f"{name}_cms"), f"{name}_cms") for name in ("call", "notice", "policy")
    }
