"""The opening hall's pages: today's openings, and the hall for everybody."""

from __future__ import annotations

import hashlib
import threading
from datetime import timedelta
from typing import Any

import segno
from markupsafe import Markup
from pyramid.httpexceptions import HTTPNotFound
from pyramid.renderers import render
from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import view_config
from sqlalchemy import select

from bidding.opening import words
from bidding.opening.commands import Say
from bidding.opening.hall import picture, stage_of, version_of
from bidding.opening.models import Opening
from bidding.opening.own import own_part
from bidding.opening.standing import find_opening
from bidding.tenders.models import Tender
from trading.clock import BEIJING, rfc3339
from trading.web import PUBLIC, Form

FOLDER = "bidding.opening:templates/"
PARTS = ("top", "main", "side")
KEPT = 64
"""Pictures kept in this process."""
AHEAD = timedelta(days=7)


class Pictures:
    """The rendered parts by tender, language and version: a thousand watchers cost one rendering."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: dict[Any, dict[str, Markup]] = {}

    def parts(self, request: Request, tender: Tender, stage: str, version: Any) -> dict[str, Markup]:
        """The parts of this version; whoever comes while they are being rendered waits for them."""
        key = (tender.code, request.locale_name, version)
        with self._lock:
            if key not in self._kept:
                context = {"hall": picture(request.db, tender, stage), "words": words, "tender": tender}
                self._kept[key] = {
                    name: Markup(render(f"{FOLDER}{name}.jinja2", context, request)) for name in PARTS
                }
                while len(self._kept) > KEPT:
                    del self._kept[next(iter(self._kept))]
            return self._kept[key]


def published(request: Request) -> Tender:
    """The tender of the address; 404 for a draft."""
    tender: Tender = request.context
    if tender.published_at is None:
        raise HTTPNotFound()
    return tender


# --- the lists and the hall -----------------------------------------------------------------------


@view_config(route_name="openings", renderer=FOLDER + "openings.jinja2", permission=PUBLIC)
def openings(request: Request) -> Any:
    """Openings of today and those under way, and what opens in the next days."""
    now = request.now()
    midnight = now.astimezone(BEIJING).replace(hour=0, minute=0, second=0, microsecond=0)
    query = (
        select(Tender, Opening)
        .outerjoin(Opening, Opening.tender_id == Tender.id)
        .where(Tender.published_at.is_not(None), Tender.state != "cancelled", Tender.limited.is_(False))
        .where((Tender.opens_at >= midnight) | Tender.state.in_(("closed", "opening")))
        .where(Tender.opens_at < midnight + AHEAD)
        .order_by(Tender.opens_at, Tender.code)
        .limit(200)
    )
    rows = [(tender, stage_of(tender, opening, now)) for tender, opening in request.db.execute(query)]
    tomorrow = midnight + timedelta(days=1)
    return {
        "today": [row for row in rows if row[0].opens_at < tomorrow],
        "later": [row for row in rows if row[0].opens_at >= tomorrow],
        "words": words,
        "server_now": rfc3339(now),
        "now": now,
    }


@view_config(
    route_name="opening", request_method="GET", renderer=FOLDER + "opening.jinja2", permission=PUBLIC
)
def opening(request: Request) -> Any:
    """The hall, live."""
    return page(request)


def page(request: Request, form: Form | None = None) -> dict[str, Any]:
    """What everybody sees, and what this reader may do now."""
    tender, now = published(request), request.now()
    found = find_opening(request.db, tender)
    stage = stage_of(tender, found, now)
    version = version_of(request.db, tender, stage)
    address = request.route_url("opening", code=tender.code)
    request.response.headers["Server-Now"] = rfc3339(now)
    return {
        "tender": tender,
        "opening": found,
        "stage": stage,
        "over": stage in ("recorded", "failed"),
        "parts": request.registry["opening.pictures"].parts(request, tender, stage, version),
        "server_now": rfc3339(now),
        "projector": "projector" in request.GET,
        "qr": Markup(segno.make(address, error="m").svg_inline(border=1, omitsize=True)),
        "address": address,
        "form": form or Form(request, Say),
    } | own_part(request, tender, found, stage)


@view_config(route_name="opening-fragment", request_method="GET", permission=PUBLIC)
def fragment(request: Request) -> Response:
    """The public parts alone, for watchers: 304 while nothing has happened."""
    tender, now = published(request), request.now()
    stage = stage_of(tender, find_opening(request.db, tender), now)
    version = version_of(request.db, tender, stage)
    response = Response(conditional_response=True, charset="utf-8")
    parts = request.registry["opening.pictures"].parts(request, tender, stage, version)
    response.text = "".join(parts.values())
    response.etag = hashlib.sha256(repr((version, request.locale_name)).encode()).hexdigest()[:16]
    response.headers["Cache-Control"] = "no-cache"
    response.headers["Server-Now"] = rfc3339(request.now())
    response.vary = ["Accept-Language", "Cookie"]
    return response
