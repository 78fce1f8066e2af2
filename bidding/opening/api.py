"""The JSON interface of an opening."""

from __future__ import annotations

import hashlib
import uuid
from typing import Any

from pyramid.request import Request
from pyramid.view import view_config

from bidding.opening import people, second, service
from bidding.opening.commands import Say, SignRecord
from bidding.opening.papers import ReadOut
from bidding.opening.standing import find_opening, second_of
from bidding.tenders.invited import only_own
from bidding.tenders.models import Tender
from bidding.tenders.publication import cms_bytes
from bidding.vault.encoding import b64
from bidding.vault.service import policy_of
from trading.clock import rfc3339
from trading.errors import refuse
from trading.permissions import Permission
from trading.web import PUBLIC, _, read_json


@view_config(route_name="api-opening", request_method="GET", renderer="json", permission=PUBLIC)
def show(request: Request) -> Any:
    """Where the opening stands. Before the window has ended it tells who bids and who has released a key,
    never what a bid says."""
    tender: Tender = request.context
    opening = find_opening(request.db, tender)
    answer: dict[str, Any] = {
        "tender": tender.code,
        "state": tender.state,
        "deadline": rfc3339(tender.deadline),
        "now": rfc3339(request.now()),
        "opening": None,
    }
    if opening is None:
        return answer
    answer["opening"] = {
        "started": rfc3339(opening.started_at),
        "window_ends": rfc3339(opening.window_ends_at),
        "read_out": rfc3339(opening.read_out_at) if opening.read_out_at else None,
        "recorded": rfc3339(opening.recorded_at) if opening.recorded_at else None,
        "record_sha256": opening.record_sha256,
        "bids": [read_out_row(row) for row in rows_for(request, tender)] if opening.read_out_at else [],
        "stage": service.stage_now(request.db, tender, request.now()),
        "stages": [stage.name for stage in policy_of(request.db, tender).stages],
    }
    return answer


def rows_for(request: Request, tender: Tender) -> list[ReadOut]:
    """What this reader may see of the bids read out: of final offers a supplier its own."""
    rows = service.rows_of(request.db, tender)
    if not only_own(request.db, tender, request.identity):
        return rows
    own = people.bidder_of(request.db, tender, request.actor)
    return [row for row in rows if row.bid.bidder_uscc == own]


def read_out_row(row: ReadOut) -> dict[str, Any]:
    return {
        "manifest": row.bid.manifest_hash,
        "bidder": row.bid.bidder_uscc,
        "name": row.bid.bidder_name,
        "outcome": row.outcome.outcome,
        "opened_by": row.outcome.opened_by or None,
        "fault": row.outcome.fault or None,
        "total": row.total,
        "period_days": row.period_days,
    }


@view_config(
    route_name="api-opening-record", request_method="GET", renderer="json", permission=Permission.HOST_OPENING
)
def record_to_sign(request: Request) -> Any:
    """{"record": b64, "sha256"}: the bytes that the host signs."""
    raw = service.record_to_sign(request.db, request.context)
    opening = find_opening(request.db, request.context)
    assert opening is not None
    return {"record": b64(raw), "sha256": opening.record_sha256}


@view_config(
    route_name="api-opening-record",
    request_method="POST",
    renderer="json",
    permission=Permission.HOST_OPENING,
)
def sign_record(request: Request) -> Any:
    """{"cms": b64} → the record is published."""
    command = read_json(request, SignRecord)
    opening = service.sign_record(
        request.db, request.registry, request.actor, request.context.code, cms_bytes(command.cms, "cms")
    )
    return {"recorded": rfc3339(opening.recorded_at) if opening.recorded_at else None}


@view_config(
    route_name="api-opening-objections",
    request_method="POST",
    renderer="json",
    permission=Permission.ATTEND_OPENING,
)
def object_to(request: Request) -> Any:
    """{"text"} → 201 {"id"}"""
    command = read_json(request, Say)
    row = people.object_to(request.db, request.registry, request.actor, request.context.code, command.text)
    request.response.status = 201
    return {"id": str(row.id)}


@view_config(
    route_name="api-opening-answer",
    request_method="POST",
    renderer="json",
    permission=Permission.HOST_OPENING,
)
def answer(request: Request) -> Any:
    """{"text"} → the objection is answered."""
    command = read_json(request, Say)
    row = people.answer(
        request.db, request.registry, request.actor, request.context.code, identifier(request), command.text
    )
    return {"id": str(row.id)}


def identifier(request: Request) -> uuid.UUID:
    """The `{id}` of the address. Raises Refused `objection.unknown`."""
    try:
        return uuid.UUID(request.matchdict["id"])
    except ValueError as error:
        raise refuse("objection.unknown", _("There is no such objection")) from error


@view_config(
    route_name="api-opening-second", request_method="GET", renderer="json", permission=Permission.HOST_OPENING
)
def second_to_sign(request: Request) -> Any:
    """{"act": b64, "sha256"}: what the host signs to have the second envelopes opened; where they are."""
    row = second_of(request.db, request.context)
    if row is None:
        raw = second.act_to_sign(request.db, request.registry, request.context)
        return {"act": b64(raw), "sha256": hashlib.sha256(raw).hexdigest(), "started": None, "read_out": None}
    return {
        "act": b64(row.act),
        "sha256": hashlib.sha256(row.act).hexdigest(),
        "started": rfc3339(row.started_at),
        "window_ends": rfc3339(row.window_ends_at),
        "read_out": rfc3339(row.read_out_at) if row.read_out_at else None,
    }


@view_config(
    route_name="api-opening-second",
    request_method="POST",
    renderer="json",
    permission=Permission.HOST_OPENING,
)
def start_second(request: Request) -> Any:
    """{"cms": b64} → the second envelopes are being opened."""
    command = read_json(request, SignRecord)
    row = second.start(
        request.db, request.registry, request.actor, request.context.code, cms_bytes(command.cms, "cms")
    )
    return {"started": rfc3339(row.started_at), "window_ends": rfc3339(row.window_ends_at)}
