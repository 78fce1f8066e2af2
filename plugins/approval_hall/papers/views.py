"""Documents and papers as files; anybody checks a document by its QR code or by the file itself."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from pyramid.httpexceptions import HTTPForbidden, HTTPNotFound
from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import view_config

from plugins.approval_hall import cases, words
from plugins.approval_hall.models import HallCase, HallIssued
from plugins.approval_hall.papers import documents, keeping
from plugins.approval_hall.uploads import uploaded
from trading.interfaces import IEnterprises
from trading.web import PUBLIC

FOLDER = "plugins.approval_hall:papers/templates/"


@view_config(route_name="hall-issued", request_method="GET", permission="hall-look")
def issued(request: Request) -> Response:
    """A document as PDF, for the applicant and whoever works in the hall."""
    row = documents.by_token(request.db, request.matchdict["token"])
    if row is None:
        raise HTTPNotFound()
    context = Found(request.db.get_one(HallCase, row.case_id))
    if not request.has_permission("hall-read", context):
        raise HTTPForbidden()
    data = documents.pdf(request.registry, row)
    return as_file(data, f"{row.number}.pdf", "application/pdf", inline=True)


class Found:
    """A case as context of a permission."""

    def __init__(self, case: HallCase) -> None:
        self.case = case


@view_config(route_name="hall-paper", request_method="GET", permission="hall-read")
def paper(request: Request) -> Response:
    """A paper of a case as it was handed in."""
    row = keeping.find(request.db, request.context.case, request.matchdict["sha256"])
    if row is None:
        raise HTTPNotFound()
    name, data = keeping.opened(request.keys, row)
    return as_file(data, name or row.sha256[:16], "application/octet-stream")


def as_file(data: bytes, name: str, kind: str, inline: bool = False) -> Response:
    response = Response(body=data, content_type=kind)
    how = "inline" if inline else "attachment"
    response.content_disposition = f"{how}; filename*=UTF-8''{quote(name)}"
    return response


@view_config(route_name="hall-check", renderer=FOLDER + "check.jinja2", permission=PUBLIC)
@view_config(route_name="hall-check-one", renderer=FOLDER + "check.jinja2", permission=PUBLIC)
def check(request: Request) -> Any:
    """Whether a document is ours: what the QR code stands for, and a file compared bit by bit."""
    token = request.matchdict.get("token", "")
    row = documents.by_token(request.db, token) if token else None
    if token and row is None:
        request.response.status = 404
    verdict, found = "", row
    if request.method == "POST":
        name, data = uploaded(request, "file")
        verdict, found = documents.judge(request.db, request.registry, data, row) if data else ("empty", row)
    return {"token": token, "verdict": verdict, "issued": found, "words": words, **told(request, found)}


def told(request: Request, row: HallIssued | None) -> dict[str, Any]:
    """What everybody may know of a document: whose it is, about what, with which outcome."""
    if row is None:
        return {"case": None, "item": None, "party": None}
    case = request.db.get_one(HallCase, row.case_id)
    return {
        "case": case, "item": cases.item_of(request.db, case),
        "party": request.port(IEnterprises).get(request.db, case.party_id),
    }  # fmt: skip
