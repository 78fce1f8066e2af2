"""Recordings over HTTP: filed by a recorder's key or the agent's, looked at by the supervisor and the buyers."""

from __future__ import annotations

import mimetypes
from typing import Any

from pydantic import ValidationError
from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.response import FileIter, Response
from pyramid.view import view_config

from bidding.opening.standing import find_opening
from bidding.recordings import service
from bidding.recordings.commands import FileRecording
from bidding.recordings.models import Recording
from trading.clock import BEIJING, rfc3339
from trading.errors import Fault, Refused
from trading.permissions import Permission
from trading.refusals import problem
from trading.web import Form, read_json

FOLDER = "bidding.recordings:templates/"


@view_config(
    route_name="api-recording-piece",
    request_method="PUT",
    renderer="json",
    permission=Permission.HOST_OPENING,
)
def put_piece(request: Request) -> dict[str, int]:
    """PUT /api/tenders/{code}/recordings/uploads/{upload}/{start}: up to 8 MiB; {"size"} says where to go on."""
    upload, start = request.matchdict["upload"], int(request.matchdict["start"])
    size = service.take_piece(
        request.db,
        request.registry,
        request.context,
        upload,
        start,
        request.body_file.read(service.PIECE + 1),
    )
    return {"size": size}


@view_config(
    route_name="api-recordings", request_method="POST", renderer="json", permission=Permission.HOST_OPENING
)
def post(request: Request) -> Any:
    """POST {"upload", "sitting", "place", "media_type", "starts_at", "ends_at", "sha256"}: files what was sent in
    pieces → 201"""
    about = read_json(request, FileRecording)
    row = service.file_recording(request.db, request.registry, request.actor, request.context.code, about)
    request.response.status = 201
    return shown(row)


@view_config(
    route_name="api-recordings", request_method="PUT", renderer="json", permission=Permission.HOST_OPENING
)
def put(request: Request) -> Any:
    """PUT /api/tenders/{code}/recordings?sitting=&place=&media_type=&sha256=&starts_at=&ends_at=, a short file as
    body → 201"""
    try:
        about = FileRecording.model_validate(dict(request.GET))
    except ValidationError as error:
        faults = [Fault("recording.malformed", str(e["msg"]), str(e["loc"][0])) for e in error.errors()]
        return problem(request, 422, faults)
    about.upload = service.take_whole(request.db, request.registry, request.context, request.body_file)
    row = service.file_recording(request.db, request.registry, request.actor, request.context.code, about)
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
    return service.filed(row) | {"deleted": rfc3339(row.deleted_at) if row.deleted_at else None}


@view_config(
    route_name="recordings",
    request_method="GET",
    renderer=FOLDER + "recordings.jinja2",
    permission=Permission.SEE_OPENING_CASES,
)
def page(request: Request) -> Any:
    """The list for people; for the agent the form to file one more."""
    return listing(request, Form(request, FileRecording, suggested(request)))


def listing(request: Request, form: Form) -> dict[str, Any]:
    return {
        "tender": request.context,
        "rows": service.recordings_of(request.db, request.context),
        "form": form,
        "may_file": bool(request.may(Permission.HOST_OPENING)) and request.context.state in service.RECORDED,
    }


def suggested(request: Request) -> dict[str, str]:
    """The opening's own times, as far as they are known."""
    opening = find_opening(request.db, request.context)
    ends = opening and (opening.recorded_at or opening.read_out_at)
    times = {"starts_at": opening.started_at if opening else None, "ends_at": ends}
    said = {name: at.astimezone(BEIJING).strftime("%Y-%m-%dT%H:%M") for name, at in times.items() if at}
    return {"sitting": "opening"} | said


@view_config(
    route_name="recordings",
    request_method="POST",
    renderer=FOLDER + "recordings.jinja2",
    permission=Permission.HOST_OPENING,
)
def file(request: Request) -> Any:
    """The agent files a recording: sent in pieces by the page's script, or with the form itself."""
    form, chosen = Form(request, FileRecording), request.POST.get("file")
    try:
        if hasattr(chosen, "file") and chosen.filename:
            kind = mimetypes.guess_type(chosen.filename)[0] or ""
            form.values["media_type"] = chosen.type if chosen.type.startswith(("audio/", "video/")) else kind
            form.values["upload"] = service.take_whole(
                request.db, request.registry, request.context, chosen.file
            )
    except Refused as refused:
        form.refuse(refused)
        return listing(request, form)
    done = form.carried_out(
        lambda: service.file_recording(
            request.db, request.registry, request.actor, request.context.code, form.command
        )
    )
    if done:
        return HTTPSeeOther(request.route_path("recordings", code=request.context.code))
    return listing(request, form)


@view_config(route_name="recording", request_method="GET", permission=Permission.SUPERVISE)
def play(request: Request) -> Response:
    """The file itself, for the supervisor; the look is recorded."""
    row, data = service.look(
        request.db, request.registry, request.actor, request.context, request.matchdict["ref"]
    )
    response = Response(app_iter=FileIter(data), content_type=row.media_type)
    response.content_length = row.size
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
