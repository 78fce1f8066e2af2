"""What one reader may do in the opening hall (本人操作): sign in, decrypt, hand in again, object, answer, decide,
sign."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from pyramid.request import Request
from sqlalchemy import select

from bidding.opening import second
from bidding.opening.faults import claimable
from bidding.opening.models import Attendance, Opening
from bidding.opening.people import bidder_of, objections_of
from bidding.opening.standing import undecided
from bidding.tenders.models import Tender
from bidding.vault.encoding import b64
from bidding.vault.restoring import damaged_bid
from bidding.vault.service import policy_of
from bidding.vault.sittings import present_sitting
from bidding.vault.views import release_box
from trading.accounts import certificates
from trading.permissions import Permission

NOTHING: dict[str, Any] = {
    "attends": False,
    "may_attend": False,
    "may_object": False,
    "may_claim": False,
    "box": None,
    "damaged": False,
    "questions": [],
    "undecided": 0,
    "to_sign": None,
    "second": None,
}


def own_part(request: Request, tender: Tender, found: Opening | None, stage: str) -> dict[str, Any]:
    """What this reader may do now. `key` changes whenever that does."""
    if request.identity is None or found is None:
        return NOTHING | {"key": "nobody" if request.identity is None else stage}
    own = NOTHING | as_present(request, tender, found) | as_bidder(request, tender)
    if request.may(Permission.HOST_OPENING):
        own |= as_host(request, tender, found)
    return own | {"key": key_of(stage, own)}


def as_present(request: Request, tender: Tender, found: Opening) -> dict[str, Any]:
    """Whether the reader has signed in, and may."""
    seat = select(Attendance.id).where(
        Attendance.opening_id == found.id, Attendance.user_id == request.identity.user_id
    )
    attends = request.db.scalar(seat) is not None
    may = tender.state == "opening" and bool(request.may(Permission.ATTEND_OPENING))
    return {"attends": attends, "may_attend": may and not attends}


def as_bidder(request: Request, tender: Tender) -> dict[str, Any]:
    """What a bidder may do: decrypt while the window lasts, object, say that the platform failed."""
    own: dict[str, Any] = {}
    if request.may(Permission.ATTEND_OPENING):
        uscc = bidder_of(request.db, tender, request.actor)
        own["may_object"] = tender.state == "opening" and bool(uscc)
        own["damaged"] = bool(uscc) and damaged_bid(request.db, tender, uscc) is not None
        own["may_claim"] = bool(uscc) and claimable(request.db, tender, uscc)[0] is not None
    sitting = present_sitting(request.db, tender, policy_of(request.db, tender))
    if sitting is not None and request.now() < sitting.window_ends_at:
        own["box"] = release_box(request, tender, sitting.stage, sitting.window_ends_at)
    return own


def as_host(request: Request, tender: Tender, found: Opening) -> dict[str, Any]:
    """What the host has to do: answer, decide, sign the record, open the second envelopes."""
    own: dict[str, Any] = {"undecided": len(undecided(request.db, tender))}
    if second.awaited(request.db, request.registry, tender):
        raw = second.act_to_sign(request.db, request.registry, tender)
        own["second"] = to_be_signed(request, raw) | {"act": json.loads(raw)}
    if tender.state == "opening":
        own["questions"] = [row for row in objections_of(request.db, found) if row.answered_at is None]
        if found.record is not None and not own["questions"] and not own["undecided"]:
            own["to_sign"] = to_be_signed(request, found.record)
    return own


def key_of(stage: str, own: dict[str, Any]) -> str:
    box = own["box"]
    state = (
        stage,
        own["attends"],
        own["may_object"],
        own["may_claim"],
        own["damaged"],
        box and (box["stage"], box["released"]),
        [str(row.id) for row in own["questions"]],
        own["to_sign"] is None,
        own["undecided"],
        own["second"] is None,
    )
    return hashlib.sha256(repr(state).encode()).hexdigest()[:16]


def to_be_signed(request: Request, raw: bytes) -> dict[str, str]:
    """What the signing script needs."""
    usable = certificates.usable(request.db, request.identity.user_id, request.now())
    return {
        "record": b64(raw),
        "sha256": hashlib.sha256(raw).hexdigest(),
        "certificates": ",".join(each.sha256 for each in usable),
    }
