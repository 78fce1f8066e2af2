"""Recordings over HTTP: filed by a recorder's key or the agent's, looked at by the supervisor and the buyers."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError
from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import view_config

from bidding.recordings import service
from bidding.recordings.commands import FileRecording
from bidding.recordings.models import Recording
from trading.clock import rfc3339
from trading.errors import Fault
from trading.permissions import Permission
from trading.web import problem

FOLDER = "bidding.recordings:templates/"


@view_config(
    route_name="api-recordings", request_method="PUT", renderer="json", permission=Permission.HOST_OPENING
)
def put(request: Request) -> Any:
    """PUT /api/tenders/{code}/recordings?sitting=&place=&media_type=&sha256=&starts_at=&ends_at=, the file as
    body → 201"""
    try:
        about = FileRecording.model_validate(dict(request.GET))
    except ValidationError as error:
        faults = [Fault("recording.malformed", str(e["msg"]), str(e["loc"][0])) for e in error.errors()]
        return problem(request, 422, faults)
    row = service.file_recording(
        request.db, request.registry, request.actor, request.context.code, about, request.body
    )
    request.response.status = 201
    return shown(row)


@view_config(
    route_name="api-recordings",
    request_method="GET",
    renderer="json",
    permission=Permission.SEE_OPENING_CASES,
)
def listed(request: Request) -> Any:
    """GET: the tender's recordings."""
    return [shown(row) for row in service.recordings_of(request.db, request.context)]


def shown(row: Recording) -> dict[str, Any]:
    return {
        "ref": str(row.id),
        "sitting": row.sitting,
        "place": row.place,
        "media_type": row.media_type,
        "size": row.size,
        "sha256": row.sha256,
        "starts": rfc3339(row.starts_at),
        "ends": rfc3339(row.ends_at),
        "keep_until": row.keep_until.isoformat(),
        "deleted": rfc3339(row.deleted_at) if row.deleted_at else None,
    }


@view_config(
    route_name="recordings",
    request_method="GET",
    renderer=FOLDER + "recordings.jinja2",
    permission=Permission.SEE_OPENING_CASES,
)
def page(request: Request) -> Any:
    """The list for people, with a player."""
    return {"tender": request.context, "rows": service.recordings_of(request.db, request.context)}


@view_config(route_name="recording", request_method="GET", permission=Permission.SUPERVISE)
def play(request: Request) -> Response:
    """The file itself, for the supervisor; the look is recorded."""
    row, data = service.look(
        request.db, request.registry, request.actor, request.context, request.matchdict["ref"]
    )
    response = Response(body=data, content_type=row.media_type)
    response.cache_control = "no-store"
    return response


@view_config(
    route_name="api-recording", request_method="DELETE", renderer="json", permission=Permission.HOST_OPENING
)
def delete(request: Request) -> Any:
    """DELETE /api/tenders/{code}/recordings/{ref}: once its retention is over."""
    return shown(
        service.delete(
            request.db, request.registry, request.actor, request.context.code, request.matchdict["ref"]
        )
    )
