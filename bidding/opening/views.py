"""The opening hall's pages: today's openings, the hall for everybody, what bidders and the host do in it, the
record and the evidence of each bid."""

from __future__ import annotations

import hashlib
import json
import threading
import uuid
from datetime import timedelta
from typing import Any

import segno
from markupsafe import Markup
from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.renderers import render
from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import view_config
from sqlalchemy import select

from bidding.opening import second, service, words
from bidding.opening.commands import Say, SignRecord
from bidding.opening.hall import amount_in, picture, stage_of, version_of
from bidding.opening.models import Attendance, Opening
from bidding.tenders.models import Tender
from bidding.vault.closing import valid_bids
from bidding.vault.encoding import EncodingError, b64, unb64
from bidding.vault.manifest import parse_manifest
from bidding.vault.models import BidderRelease, Outcome
from bidding.vault.service import policy_of
from bidding.vault.sittings import present_sitting
from bidding.vault.views import release_box
from trading.accounts import certificates
from trading.clock import BEIJING, rfc3339
from trading.errors import Refused, refuse
from trading.permissions import Permission, Role
from trading.web import PUBLIC, Form, _

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
        .where(Tender.published_at.is_not(None), Tender.state != "cancelled")
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
    found = service.find_opening(request.db, tender)
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


def own_part(request: Request, tender: Tender, found: Opening | None, stage: str) -> dict[str, Any]:
    """What this reader may do: sign in, decrypt, object, answer, sign. `key` changes whenever that does."""
    own: dict[str, Any] = {
        "attends": False,
        "may_attend": False,
        "may_object": False,
        "box": None,
        "questions": [],
        "to_sign": None,
        "undecided": 0,
        "may_claim": False,
        "second": None,
    }
    if request.identity is None or found is None:
        return own | {"key": "nobody" if request.identity is None else stage}
    under_way = tender.state == "opening"
    seat = select(Attendance.id).where(
        Attendance.opening_id == found.id, Attendance.user_id == request.identity.user_id
    )
    own["attends"] = request.db.scalar(seat) is not None
    own["may_attend"] = under_way and not own["attends"] and bool(request.may(Permission.ATTEND_OPENING))
    if under_way and request.may(Permission.ATTEND_OPENING):
        own["may_object"] = own["may_claim"] = bool(service.bidder_of(request.db, tender, request.actor))
    sitting = present_sitting(request.db, tender, policy_of(request.db, tender))
    if sitting is not None and request.now() < sitting.window_ends_at:
        own["box"] = release_box(request, tender, sitting.stage, sitting.window_ends_at)
    if request.may(Permission.HOST_OPENING) and second.awaited(request.db, request.registry, tender):
        raw = second.act_to_sign(request.db, request.registry, tender)
        own["second"] = to_be_signed(request, raw) | {"act": json.loads(raw)}
    if under_way and request.may(Permission.HOST_OPENING):
        rows = service.objections_of(request.db, found)
        own["questions"] = [row for row in rows if row.answered_at is None]
        if found.record is not None:
            own["undecided"] = len(service.undecided(request.db, tender))
        if found.record is not None and not own["questions"] and not own["undecided"]:
            own["to_sign"] = to_be_signed(request, found.record)
    released = own["box"] is not None and own["box"]["released"]
    asked = ",".join(str(row.id) for row in own["questions"])
    state = (
        stage,
        own["attends"],
        own["may_object"],
        own["box"] is None,
        released,
        asked,
        own["to_sign"] is None,
        own["undecided"],
        own["second"] is None,
        own["box"] and own["box"]["stage"],
    )
    return own | {"key": hashlib.sha256(repr(state).encode()).hexdigest()[:16]}


def to_be_signed(request: Request, raw: bytes) -> dict[str, str]:
    """What the signing script needs."""
    usable = certificates.usable(request.db, request.identity.user_id, request.now())
    return {
        "record": b64(raw),
        "sha256": hashlib.sha256(raw).hexdigest(),
        "certificates": ",".join(each.sha256 for each in usable),
    }


@view_config(
    route_name="opening-second",
    request_method="POST",
    renderer=FOLDER + "opening.jinja2",
    permission=Permission.HOST_OPENING,
)
def start_second(request: Request) -> Any:
    """The host signs for the opening of the second envelopes."""
    form = Form(request, SignRecord)
    if form.valid():
        try:
            cms = unb64(form.command.cms)
            second.start(request.db, request.registry, request.actor, request.context.code, cms)
        except EncodingError as error:
            form.refuse(refused_signature(error))
        except Refused as refused:
            form.refuse(refused)
        else:
            return back(request)
    return page(request, form)


@view_config(route_name="opening-fragment", request_method="GET", permission=PUBLIC)
def fragment(request: Request) -> Response:
    """The public parts alone, for watchers: 304 while nothing has happened."""
    tender, now = published(request), request.now()
    stage = stage_of(tender, service.find_opening(request.db, tender), now)
    version = version_of(request.db, tender, stage)
    response = Response(conditional_response=True, charset="utf-8")
    parts = request.registry["opening.pictures"].parts(request, tender, stage, version)
    response.text = "".join(parts.values())
    response.etag = hashlib.sha256(repr((version, request.locale_name)).encode()).hexdigest()[:16]
    response.headers["Cache-Control"] = "no-cache"
    response.headers["Server-Now"] = rfc3339(request.now())
    response.vary = ["Accept-Language", "Cookie"]
    return response


# --- acts -----------------------------------------------------------------------------------------


def back(request: Request) -> HTTPSeeOther:
    return HTTPSeeOther(request.route_path("opening", code=request.context.code))


@view_config(route_name="opening-attend", request_method="POST", permission=Permission.ATTEND_OPENING)
def attend(request: Request) -> Any:
    """Sign in to the opening."""
    service.attend(request.db, request.registry, request.actor, attends_as(request), request.context)
    return back(request)


def attends_as(request: Request) -> str:
    """host, bidder, regulator, custodian or visitor."""
    if request.may(Permission.HOST_OPENING):
        return "host"
    if service.bidder_of(request.db, request.context, request.actor):
        return "bidder"
    watching = [role.value for role in (Role.REGULATOR, Role.CUSTODIAN) if role in request.identity.roles]
    return watching[0] if watching else "visitor"


@view_config(
    route_name="opening-object",
    request_method="POST",
    renderer=FOLDER + "opening.jinja2",
    permission=Permission.ATTEND_OPENING,
)
def object_to(request: Request) -> Any:
    """A bidder objects on the spot."""
    form = Form(request, Say)
    if form.valid():
        try:
            service.object_to(
                request.db, request.registry, request.actor, request.context.code, form.command.text
            )
        except Refused as refused:
            form.refuse(refused)
        else:
            return back(request)
    return page(request, form)


@view_config(
    route_name="opening-answer",
    request_method="POST",
    renderer=FOLDER + "opening.jinja2",
    permission=Permission.HOST_OPENING,
)
def answer(request: Request) -> Any:
    """The host answers an objection."""
    form = Form(request, Say)
    try:
        objection = uuid.UUID(request.matchdict["id"])
    except ValueError:
        raise HTTPNotFound() from None
    if form.valid():
        try:
            service.answer(
                request.db,
                request.registry,
                request.actor,
                request.context.code,
                objection,
                form.command.text,
            )
        except Refused as refused:
            form.refuse(refused)
        else:
            return back(request)
    return page(request, form)


@view_config(
    route_name="opening-record",
    request_method="POST",
    renderer=FOLDER + "opening.jinja2",
    permission=Permission.HOST_OPENING,
)
def sign_record(request: Request) -> Any:
    """The host signs the record; it is published at once."""
    form = Form(request, SignRecord)
    if form.valid():
        try:
            cms = unb64(form.command.cms)
            service.sign_record(request.db, request.registry, request.actor, request.context.code, cms)
        except EncodingError as error:
            form.refuse(refused_signature(error))
        except Refused as refused:
            form.refuse(refused)
        else:
            return back(request)
    return page(request, form)


def refused_signature(error: EncodingError) -> Refused:
    return refuse("signature.format", _("The signature cannot be read"), rule=str(error))


# --- the record and the evidence --------------------------------------------------------------------


def read_out(request: Request) -> tuple[Tender, Opening]:
    """The tender and its opening, once the bids are read out; 404 before."""
    tender = published(request)
    found = service.find_opening(request.db, tender)
    if found is None or found.record is None:
        raise HTTPNotFound()
    return tender, found


@view_config(
    route_name="opening-record", request_method="GET", renderer=FOLDER + "record.jinja2", permission=PUBLIC
)
def record(request: Request) -> Any:
    """The opening record for people, to be printed."""
    tender, found = read_out(request)
    seats = select(Attendance).where(Attendance.opening_id == found.id).order_by(Attendance.at)
    return {
        "tender": tender,
        "opening": found,
        "record": json.loads(found.record or b"{}"),
        "attendance": list(request.db.scalars(seats)),
        "objections": service.objections_of(request.db, found),
        "words": words,
        "amount_in": amount_in,
    }


@view_config(route_name="opening-file", request_method="GET", permission=PUBLIC)
def file(request: Request) -> Response:
    """record.json, record.p7s and outcomes.json as they are signed and kept."""
    _tender, found = read_out(request)
    files = {
        "record.json": (found.record, "application/json"),
        "record.p7s": (found.record_cms, "application/pkcs7-signature"),
        "outcomes.json": (found.outcomes, "application/json"),
    }
    data, kind = files.get(request.matchdict["name"], (None, ""))
    if data is None or found.recorded_at is None:
        raise HTTPNotFound()
    return Response(body=data, content_type=kind)


@view_config(
    route_name="opening-bid", request_method="GET", renderer=FOLDER + "bid.jinja2", permission=PUBLIC
)
def bid(request: Request) -> Any:
    """The evidence for one bid: what it committed to, what was released for it, how it was judged."""
    tender = published(request)
    found = service.find_opening(request.db, tender)
    rows = valid_bids(request.db, tender) if found is not None else []
    row = next((row for row in rows if row.manifest_hash == request.matchdict["manifest"]), None)
    if row is None or found is None:
        raise HTTPNotFound()
    shown = found.read_out_at is not None
    releases = select(BidderRelease).where(BidderRelease.bid_id == row.id).order_by(BidderRelease.received_at)
    outcome = request.db.scalars(select(Outcome).where(Outcome.bid_id == row.id)).first() if shown else None
    return {
        "tender": tender,
        "bid": row,
        "manifest": parse_manifest(row.manifest or b""),
        "outcome": outcome,
        "reasons": reasons_of(outcome),
        "releases": [(hashlib.sha256(r.raw).hexdigest(), r) for r in request.db.scalars(releases)],
        "hall": picture(request.db, tender, stage_of(tender, found, request.now())),
        "stage": policy_of(request.db, tender).stages[0],
        "words": words,
    }


def reasons_of(outcome: Outcome | None) -> list[Any]:
    """The reasons of a decision on an unopened bid, in words where there are words for them."""
    codes = (outcome.evidence.get("decision") or []) if outcome is not None else []
    return [words.REASONS.get(code, code) for code in codes]
