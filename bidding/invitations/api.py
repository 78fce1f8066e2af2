"""Invitations by program: list, watch, draw, sign."""

from __future__ import annotations

import base64

from pydantic import ValidationError
from pyramid.request import Request
from pyramid.view import view_config

from bidding.invitations import drawing, service
from bidding.invitations.answers import InvitationAnswer, RecordToSign
from bidding.invitations.commands import ListCandidates, SignRecord
from bidding.invitations.reading import as_json, seen_by
from bidding.tenders.api import json_object
from bidding.tenders.publication import cms_bytes
from bidding.vault.encoding import b64
from trading.errors import Refused, refuse
from trading.permissions import Permission
from trading.web import _, faults_of, read_json


@view_config(route_name="api-invitation", request_method="GET", renderer="json",
             permission=Permission.SEE_INVITATION)  # fmt: skip
def show(request: Request) -> InvitationAnswer:
    """GET: the list, who is present, who was drawn; for the buyers and the regulator."""
    return as_json(seen_by(request))


@view_config(route_name="api-invitation-list", request_method="POST", renderer="json",
             permission=Permission.MANAGE_TENDER)  # fmt: skip
def list_candidates(request: Request) -> InvitationAnswer:
    """{"source": "pool"|"recommendation", "basis", "number", "candidates": [code…], "paper": base64 of the
    recommendation, "paper_name"}."""
    body = json_object(request)
    try:
        command = ListCandidates.model_validate(body)
        paper = base64.b64decode(body.get("paper") or "", validate=True)
    except ValidationError as error:
        raise Refused(faults_of(error)) from error
    except (ValueError, TypeError, AttributeError) as error:
        raise refuse("invited.paper-encoding", _("The paper is not in base64."), field="paper") from error
    name = str(body.get("paper_name") or "recommendation")
    service.list_candidates(
        request.db, request.registry, request.actor, request.context.code, command, (name, paper)
    )
    return as_json(seen_by(request))


@view_config(route_name="api-invitation-witness", request_method="POST", renderer="json",
             permission=Permission.WITNESS_INVITATION)  # fmt: skip
def watch(request: Request) -> InvitationAnswer:
    """One of the purchaser's staff is present."""
    service.watch(request.db, request.actor, request.context.code)
    return as_json(seen_by(request))


@view_config(route_name="api-invitation-draw", request_method="POST", renderer="json",
             permission=Permission.MANAGE_TENDER)  # fmt: skip
def draw(request: Request) -> InvitationAnswer:
    """The draw begins; trustees hold it within 90 seconds."""
    drawing.start(request.db, request.registry, request.actor, request.context.code)
    return as_json(seen_by(request))


@view_config(route_name="api-invitation-record", request_method="GET", renderer="json",
             permission=Permission.WITNESS_INVITATION)  # fmt: skip
def to_sign(request: Request) -> RecordToSign:
    """GET: the record's bytes to sign (base64url) and its hash; null before the draw has ended."""
    seen = seen_by(request)
    if not seen.record:
        return {"record": None}
    return {"record": {"data": b64(seen.raw), "sha256": service.digest(seen.raw)}}


@view_config(route_name="api-invitation-record", request_method="POST", renderer="json",
             permission=Permission.WITNESS_INVITATION)  # fmt: skip
def sign(request: Request) -> InvitationAnswer:
    """{"record_cms"}: a witness signs; with the second signature those drawn are invited."""
    command: SignRecord = read_json(request, SignRecord)
    cms = cms_bytes(command.record_cms, "record_cms")
    service.sign(request.db, request.registry, request.actor, request.context.code, cms)
    return as_json(seen_by(request))
