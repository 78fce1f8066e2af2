"""The pages of a draw before people, and the record that a citizen's own browser judges."""

from __future__ import annotations

import gzip
import hashlib
from typing import Any

import segno
from markupsafe import Markup
from pyramid.httpexceptions import HTTPNotFound
from pyramid.renderers import render
from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import view_config

from bidding.lottery import ceremony, live_picture, works
from bidding.lottery.live_picture import picture, version_of
from bidding.lottery.models import SmallWorks
from trading.clock import rfc3339
from trading.errors import Refused
from trading.ledger import canonical
from trading.permissions import Permission
from trading.web import PUBLIC

FOLDER = "bidding.lottery:templates/"


def published(request: Request) -> SmallWorks:
    """The works in the address; 404 for an unknown one, and for a draft."""
    try:
        found = works.by_code(request.db, request.matchdict["code"])
    except Refused as error:
        raise HTTPNotFound() from error
    if found.published_at is None:
        raise HTTPNotFound()
    return found


def parts(request: Request, small: SmallWorks, version: Any) -> Markup:
    """The public parts of this version."""

    def make() -> Markup:
        shown = picture(request.db, request.registry, small, request.now())
        context = {"hall": shown, "small": small, "words": live_picture}
        return Markup(render(FOLDER + "live_parts.jinja2", context, request))

    kept: live_picture.Pictures = request.registry["lottery.pictures"]
    found: Markup = kept.get((small.code, request.locale_name, version), make)
    return found


@view_config(
    route_name="lottery-live", request_method="GET", renderer=FOLDER + "live.jinja2", permission=PUBLIC
)
def live(request: Request) -> Any:
    """The draw as the hall screen and a phone show it."""
    small, now = published(request), request.now()
    address = request.route_url("lottery-live", code=small.code)
    newest = next(reversed(ceremony.draws_of(request.db, small.code)), None)
    request.response.headers["Server-Now"] = rfc3339(now)
    return {
        "small": small,
        "parts": parts(request, small, version_of(request.db, small, now)),
        "server_now": rfc3339(now),
        "projector": "projector" in request.GET,
        "qr": Markup(segno.make(address, error="m").svg_inline(border=1, omitsize=True)),
        "newest": newest,
        "enters": newest is not None
        and not newest.ended
        and request.identity is not None
        and request.has_permission(Permission.ENTER_BEACON, small),
    }


@view_config(route_name="lottery-parts", request_method="GET", permission=PUBLIC)
def fragment(request: Request) -> Response:
    """The parts alone, for watchers: 304 while nothing has happened."""
    small, now = published(request), request.now()
    version = version_of(request.db, small, now)
    response = Response(conditional_response=True, charset="utf-8")
    response.text = str(parts(request, small, version))
    response.etag = hashlib.sha256(repr((version, request.locale_name)).encode()).hexdigest()[:16]
    response.headers["Cache-Control"] = "no-cache"
    response.headers["Server-Now"] = rfc3339(now)
    response.vary = ["Accept-Language", "Cookie"]
    return response


@view_config(
    route_name="lottery-floor", request_method="GET", renderer=FOLDER + "floor.jinja2", permission=PUBLIC
)
def floor(request: Request) -> Any:
    """Where a phone from the floor puts its own chance into the draw."""
    small = published(request)
    draws = [draw for draw in ceremony.draws_of(request.db, small.code) if not draw.ended]
    return {"small": small, "draw": draws[-1] if draws else None, "server_now": rfc3339(request.now())}


@view_config(route_name="lottery-record", request_method="GET", permission=PUBLIC)
def record(request: Request) -> Response:
    """Everything public about the draws of a works (docs/protocols/draw.md section 14.5), as canonical bytes."""
    small = published(request)
    version = version_of(request.db, small, request.now())
    kept: live_picture.Pictures = request.registry["lottery.records"]
    packed: bytes = kept.get(
        (small.code, version),
        lambda: gzip.compress(canonical.dumps(ceremony.record(request.db, request.registry, small)), mtime=0),
    )
    zipped = (
        bool(request.accept_encoding) and "gzip" in request.accept_encoding
    )  # of thousands of firms: megabytes
    response = Response(conditional_response=True, content_type="application/json")
    response.body = packed if zipped else gzip.decompress(packed)
    response.content_encoding = "gzip" if zipped else None
    response.etag = hashlib.sha256(repr((version, zipped)).encode()).hexdigest()[:16]
    response.headers["Cache-Control"] = "no-cache"
    response.vary = ["Accept-Encoding"]
    return response
