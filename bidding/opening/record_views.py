"""The opening's papers as pages: the record to be printed, what is signed, the evidence of each bid."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from pyramid.httpexceptions import HTTPNotFound
from pyramid.request import Request
from pyramid.response import Response
from pyramid.view import view_config
from sqlalchemy import select

from bidding.opening import words
from bidding.opening.hall import amount_in, picture, stage_of
from bidding.opening.models import Attendance, Opening
from bidding.opening.people import objections_of
from bidding.opening.standing import find_opening
from bidding.opening.views import FOLDER, published
from bidding.tenders.models import Tender
from bidding.vault.closing import valid_bids
from bidding.vault.manifest import parse_manifest
from bidding.vault.models import BidderRelease, Outcome
from bidding.vault.service import policy_of
from trading.web import PUBLIC


def read_out(request: Request) -> tuple[Tender, Opening]:
    """The tender and its opening, once the bids are read out; 404 before."""
    tender = published(request)
    found = find_opening(request.db, tender)
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
        "objections": objections_of(request.db, found),
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
    found = find_opening(request.db, tender)
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
