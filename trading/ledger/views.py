"""The log's public face (C2SP tlog-tiles): checkpoint, tiles, entry bundles, and proofs as a convenience.

Everything is read from the folder that the sequencer writes; nothing here touches the database, so a
mirror, a cache or a plain file server can stand in for these views.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pyramid.httpexceptions import HTTPNotFound
from pyramid.request import Request
from pyramid.response import Response

from trading.errors import Fault
from trading.ledger import merkle
from trading.ledger.checkpoint import NoteError, b64, parse_checkpoint, parse_decimal
from trading.ledger.folder import TileFolder
from trading.ledger.tiles import parse_path, tile_reader, width_at
from trading.refusals import problem
from trading.web import _

IMMUTABLE = "public, max-age=31536000, immutable"
MOMENTARY = "public, max-age=1"


def files_of(request: Request) -> TileFolder:
    """The folder that the setting `ledger.folder` names."""
    return TileFolder(Path(request.registry.settings["ledger.folder"]))


def published(request: Request) -> str:
    """The published checkpoint's note; not found before the first, or when it is another log's."""
    note = files_of(request).note()
    if note is None or parse_checkpoint(note).origin != request.registry.settings["ledger.origin"]:
        raise HTTPNotFound()
    return note


def checkpoint(request: Request) -> Response:
    """The newest signed tree head, with the cosignatures that have arrived."""
    return _answer(published(request).encode(), "text/plain", MOMENTARY)


def tile(request: Request) -> Response:
    """A tile or an entry bundle that the published checkpoint promises; it never changes."""
    size = parse_checkpoint(published(request)).size
    try:
        wanted = parse_path(request.path_info.lstrip("/"))
    except ValueError as error:
        raise HTTPNotFound() from error
    level = wanted.level if isinstance(wanted.level, int) else 0
    if not 0 < wanted.width <= width_at(level, wanted.index, size):
        raise HTTPNotFound()
    try:
        data = files_of(request).read(wanted)
    except FileNotFoundError as error:
        raise HTTPNotFound() from error
    return _answer(data, "application/octet-stream", IMMUTABLE)


def proof(request: Request) -> Any:
    """`?index=&size=`: inclusion proof of a leaf; `?old=&new=`: consistency proof. Sizes default to the
    published checkpoint's. JSON, hashes in base64, as RFC 6962 orders them."""
    newest = parse_checkpoint(published(request)).size
    old_name, new_name = ("old", "new") if "old" in request.params else ("index", "size")
    try:
        old = parse_decimal(request.params.get(old_name, ""))
        new = parse_decimal(request.params.get(new_name, str(newest)))
        if new > newest:
            raise ValueError("no such tree")
        prove = merkle.consistency_proof if old_name == "old" else merkle.inclusion_proof
        path = prove(tile_reader(files_of(request).read, new), old, new)
    except (NoteError, ValueError):
        fault = Fault(
            "ledger.no-proof",
            _("There is no such proof"),
            field=old_name,
            remedy=_("Give index and size, or old and new, within the published checkpoint."),
        )
        return problem(request, 400, [fault])
    request.response.cache_control = IMMUTABLE if new_name in request.params else MOMENTARY
    return {old_name: old, new_name: new, "proof": [b64(node) for node in path]}


def _answer(data: bytes, content_type: str, caching: str) -> Response:
    charset = "utf-8" if content_type.startswith("text/") else None
    response = Response(data, content_type=content_type, charset=charset)
    response.headers["Cache-Control"] = caching
    return response
