"""The archive's pages: what the public may read of a foreign tender, from its own signed files."""

from __future__ import annotations

import io
import json
import re
from typing import Any

from pyramid.httpexceptions import HTTPNotFound
from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import view_config
from sqlalchemy import select

from bidding.archive import service
from bidding.archive.models import Archive
from trading.clock import parse_rfc3339
from trading.interfaces import IFileStore
from trading.permissions import Permission
from trading.supervision.words import ACTS, OPEN_TO_ALL
from trading.web import PUBLIC

FOLDER = "bidding.archive:templates/"
ENTRY = re.compile(r"log/entries/(\d+)\.json")
DOCUMENT = re.compile(
    r"tender/(files/.+|notice\.json|documents\.json|evaluation\.json)|opening/record\.json|"
    r"evaluation/report\.json|result/[^/]+\.json"
)


@view_config(route_name="archives", renderer=FOLDER + "archives.jinja2", permission=PUBLIC)
def archives(request: Request) -> dict[str, Any]:
    """Every imported tender, the newest first."""
    query = select(Archive).order_by(Archive.imported_at.desc()).limit(200)
    return {"archives": request.db.scalars(query).all()}


@view_config(route_name="archive", renderer=FOLDER + "archive.jinja2", permission=PUBLIC)
def archive(request: Request) -> dict[str, Any]:
    """One imported tender: verdict, timeline, bids as read out, documents."""
    found = held(request)
    files = {row.path: row for row in service.files_of(request.db, found)}
    read = Reader(request, files)
    return {
        "archive": found,
        "timeline": timeline(read),
        "bids": (read.json("opening/record.json") or {}).get("bids", []),
        "winner": (read.json("result/result.json") or {}).get("winner"),
        "documents": [row for path, row in files.items() if row.public and DOCUMENT.fullmatch(path)],
        "files": len(files),
        "may_take": request.has_permission(Permission.SUPERVISE),
    }


class Reader:
    """Reads files of a package."""

    def __init__(self, request: Request, files: dict[str, Any]) -> None:
        self.store = request.port(IFileStore)
        self.files = files

    def bytes(self, path: str) -> bytes | None:
        row = self.files.get(path)
        return self.store.get(service.file_key(row.sha256)) if row else None

    def json(self, path: str) -> Any:
        """A file's JSON, None when there is none."""
        raw = self.bytes(path)
        return json.loads(raw) if raw is not None else None


def timeline(read: Reader) -> list[dict[str, Any]]:
    """The public acts in the order of the log."""
    places = sorted(int(match[1]) for path in read.files if (match := ENTRY.fullmatch(path)))
    found = []
    for place in places:
        entry = read.json(f"log/entries/{place}.json")
        if entry.get("type") in OPEN_TO_ALL:
            found.append(
                {
                    "index": place,
                    "at": parse_rfc3339(entry["t"]),
                    "act": ACTS.get(entry["type"], entry["type"]),
                }
            )
    return found


def held(request: Request) -> Archive:
    found = service.find(request.db, request.matchdict["code"])
    if found is None:
        raise HTTPNotFound()
    return found


@view_config(route_name="archive-file", permission=PUBLIC)
def file(request: Request) -> Response:
    """A public document of the package, byte for byte."""
    found, path = held(request), request.matchdict["path"]
    row = next((row for row in service.files_of(request.db, found) if row.path == path), None)
    if row is None or not row.public or not DOCUMENT.fullmatch(path):
        raise HTTPNotFound()
    response = Response(
        body=request.port(IFileStore).get(service.file_key(row.sha256)),
        content_type="application/octet-stream",
    )
    response.headerlist.append(("Content-Disposition", "attachment"))
    return response


@view_config(route_name="archive-package", permission=Permission.SUPERVISE)
def package(request: Request) -> Response:
    """The whole package again; it holds what only the regulator may read."""
    out = io.BytesIO()
    service.export(request.db, request.registry, held(request), out)
    return Response(body=out.getvalue(), content_type="application/x-tar")
