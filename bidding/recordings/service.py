"""Audio and video of openings and evaluations (开标评标全过程音视频, Order 87 art. 39): filed with hash, place and
retention, looked at by the supervisor, deleted by a recorded act when the retention is over."""

from __future__ import annotations

import hashlib
import uuid
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bidding.recordings.commands import FileRecording
from bidding.recordings.models import Recording
from bidding.tenders.models import Tender
from bidding.tenders.service import locked, the_rulebook
from trading.acts import Actor, record
from trading.clock import database_now, rfc3339
from trading.errors import refuse
from trading.interfaces import IRecorder
from trading.rulebook.calendar import beijing_date
from trading.web import _

RETENTION = "P12"
"""the rulebook's entry on how many years procurement documents are kept (GPL art. 42)"""
RECORDED = ("opening", "opened", "evaluating", "evaluated", "awarded", "contracted", "failed")
"""States in which there is something to be recorded, or to be filed of it."""


def keep_until(day: date, years: int) -> date:
    """The last day of a retention of `years`; 29 February ends on 28 February."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)


def file_recording(
    session: Session, registry: Any, actor: Actor, code: str, about: FileRecording, data: bytes
) -> Recording:
    """File a recording; entry `recording.filed`. The same bytes again are no error.

    Raises Refused `recording.*`."""
    tender = locked(session, code)
    if tender.state not in RECORDED:
        raise refuse("recording.early", _("There is nothing to be recorded of this tender yet"))
    digest, now = hashlib.sha256(data).hexdigest(), database_now(session)
    if digest != about.sha256 or not data:
        raise refuse(
            "recording.damaged", _("The recording was damaged on the way"), remedy=_("Send it again.")
        )
    if not about.starts_at < about.ends_at <= now:
        raise refuse("recording.times", _("A recording has a beginning, and has ended before it is filed"))
    known = select(Recording).where(Recording.tender_id == tender.id, Recording.sha256 == digest)
    if (found := session.scalars(known).first()) is not None:
        return found
    provider, identifier = registry.getUtility(IRecorder), uuid.uuid4()
    years = the_rulebook().rule(RETENTION, beijing_date(now)).integer
    row = Recording(
        id=identifier,
        tender_id=tender.id,
        sitting=about.sitting,
        place=about.place,
        media_type=about.media_type,
        size=len(data),
        sha256=digest,
        starts_at=about.starts_at,
        ends_at=about.ends_at,
        keep_until=keep_until(beijing_date(now), years),
        store=provider.keep(identifier.hex, data),
        filed_at=now,
    )
    session.add(row)
    session.flush()
    payload = {
        "ref": str(row.id),
        "sitting": row.sitting,
        "place": row.place,
        "media_type": row.media_type,
        "size": row.size,
        "sha256": digest,
        "starts": rfc3339(row.starts_at),
        "ends": rfc3339(row.ends_at),
        "keep_until": row.keep_until.isoformat(),
    }
    record(session, actor, "recording.filed", code, payload, at=now)
    return row


def recordings_of(session: Session, tender: Tender) -> list[Recording]:
    """The tender's recordings, in the order of their beginning."""
    query = select(Recording).where(Recording.tender_id == tender.id)
    return list(session.scalars(query.order_by(Recording.starts_at, Recording.filed_at)))


def one(session: Session, tender: Tender, ref: str) -> Recording:
    """Raises Refused `recording.unknown`."""
    try:
        row = session.get(Recording, uuid.UUID(ref))
    except ValueError:
        row = None
    if row is None or row.tender_id != tender.id:
        raise refuse("recording.unknown", _("There is no such recording"))
    return row


def look(session: Session, registry: Any, actor: Actor, tender: Tender, ref: str) -> tuple[Recording, bytes]:
    """The bytes of a recording; every look is an entry `confidential.viewed`. Raises Refused `recording.*`."""
    row = one(session, tender, ref)
    if row.deleted_at is not None:
        raise refuse("recording.deleted", _("This recording was deleted after its retention; its hash stays"))
    try:
        data: bytes = registry.getUtility(IRecorder).read(row.store)
    except KeyError as error:
        raise refuse("recording.lost", _("The recorder does not have this recording")) from error
    if hashlib.sha256(data).hexdigest() != row.sha256:
        raise refuse("recording.altered", _("The recording is not the one that was filed"))
    payload = {"object": f"recording {row.id}", "viewer": actor.within(tender.code)}
    record(session, actor, "confidential.viewed", tender.code, payload)
    return row, data


def delete(session: Session, registry: Any, actor: Actor, code: str, ref: str) -> Recording:
    """Delete a recording whose retention is over; entry `recording.deleted`; hash and times stay.

    Raises Refused `recording.*`."""
    tender = locked(session, code)
    row, now = one(session, tender, ref), database_now(session)
    if row.deleted_at is not None:
        return row
    if beijing_date(now) <= row.keep_until:
        raise refuse(
            "recording.kept",
            _("This recording must be kept until ${day}", mapping={"day": row.keep_until.isoformat()}),
            rule="GPL 42",
        )
    row.deleted_at = now
    payload = {"ref": str(row.id), "sha256": row.sha256, "keep_until": row.keep_until.isoformat()}
    record(session, actor, "recording.deleted", code, payload, at=now)
    registry.getUtility(IRecorder).discard(row.store)
    return row
