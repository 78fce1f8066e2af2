"""Audio and video of openings and evaluations (开标评标全过程音视频, Order 87 art. 39): filed with hash, place and
retention, looked at by the supervisor, deleted by a recorded act when the retention is over."""

from __future__ import annotations

import hashlib
import uuid
from datetime import date, datetime
from typing import Any, BinaryIO

from sqlalchemy import select
from sqlalchemy.orm import Session

from bidding.recordings.commands import FileRecording
from bidding.recordings.models import Recording
from bidding.tenders.models import Tender
from bidding.tenders.service import find, locked, the_rulebook
from trading.acts import Actor, record
from trading.clock import database_now, rfc3339
from trading.errors import refuse
from trading.events import TenderEnded
from trading.interfaces import IRecorder
from trading.rulebook.calendar import beijing_date
from trading.web import _

RETENTION = "P12"
"""the rulebook's entry on how many years procurement documents are kept (GPL art. 42)"""
RECORDED = ("opening", "opened", "evaluating", "evaluated", "awarded", "contracted", "failed")
"""States in which there is something to be recorded, or to be filed of it."""
ENDED = ("contracted", "failed", "cancelled")
"""States from which the retention counts (GPL art. 42: from the end of the procurement)"""


def keep_until(day: date, years: int) -> date:
    """The last day of a retention of `years`; 29 February ends on 28 February."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)


def kept_from(at: datetime) -> date:
    """The last day of the retention that begins at an instant."""
    day = beijing_date(at)
    return keep_until(day, the_rulebook().rule(RETENTION, day).integer)


def count_from_the_end(event: TenderEnded) -> None:
    """The procurement has ended: its recordings are kept from now on as long as the law says."""
    tender = find(event.session, event.tender)
    for row in recordings_of(event.session, tender):
        row.keep_until = max(row.keep_until, kept_from(event.at))


PIECE = 8 * 1024 * 1024
"""Bytes of a piece; a recording is sent in as many as it takes."""


def name_of(tender: Tender, upload: str) -> str:
    """The recorder's name of what is sent to a tender; letters and digits."""
    return f"{tender.id.hex}{upload}"


def take_piece(session: Session, registry: Any, tender: Tender, upload: str, start: int, data: bytes) -> int:
    """A piece of a recording that is to be filed; returns how many bytes have come in, where to go on.

    Raises Refused `recording.early`, `recording.piece`."""
    must_have_begun(tender)
    if len(data) > PIECE:
        raise refuse("recording.piece", _("A piece may have 8 MiB at most"))
    taken: int = registry.getUtility(IRecorder).write(name_of(tender, upload), start, data)
    return taken


def take_whole(session: Session, registry: Any, tender: Tender, source: Any) -> str:
    """A recording that comes in one request; returns the name under which it may be filed."""
    upload, start = uuid.uuid4().hex, 0
    while data := source.read(PIECE):
        start = take_piece(session, registry, tender, upload, start, data)
    return upload


def must_have_begun(tender: Tender) -> None:
    if tender.state not in RECORDED:
        raise refuse("recording.early", _("There is nothing to be recorded of this tender yet"))


def file_recording(
    session: Session, registry: Any, actor: Actor, code: str, about: FileRecording
) -> Recording:
    """File what was sent in pieces; entry `recording.filed`. The same bytes again are no error.

    Raises Refused `recording.*`."""
    must_have_begun(find(session, code))
    if not about.media_type:
        raise refuse("recording.kind", _("Choose an audio or video file"), field="file")
    if not about.starts_at < about.ends_at <= database_now(session):
        raise refuse(
            "recording.times",
            _("A recording has a beginning, and has ended before it is filed"),
            field="ends_at",
        )
    provider, name = registry.getUtility(IRecorder), name_of(find(session, code), about.upload)
    try:
        store, size, digest = provider.keep(name)  # reads it once, before anything is locked
    except KeyError:
        size = 0
    if not size:
        raise refuse("recording.empty", _("Choose an audio or video file"), field="file")
    if about.sha256 not in ("", digest):
        provider.discard(store)
        raise refuse(
            "recording.damaged", _("The recording was damaged on the way"), remedy=_("Send it again.")
        )
    tender = locked(session, code)
    known = select(Recording).where(Recording.tender_id == tender.id, Recording.sha256 == digest)
    if (found := session.scalars(known).first()) is not None:
        if found.store != store:
            provider.discard(store)
        return found
    now = database_now(session)
    row = Recording(
        id=uuid.uuid4(), tender_id=tender.id, sitting=about.sitting, place=about.place,
        media_type=about.media_type, size=size, sha256=digest, starts_at=about.starts_at,
        ends_at=about.ends_at, keep_until=kept_from(now), store=store, filed_at=now,
    )  # fmt: skip
    session.add(row)
    session.flush()
    record(session, actor, "recording.filed", code, filed(row), at=now)
    return row


def filed(row: Recording) -> dict[str, Any]:
    """What the ledger keeps of a recording."""
    return {
        "ref": str(row.id),
        "sitting": row.sitting,
        "place": row.place,
        "media_type": row.media_type,
        "size": row.size,
        "sha256": row.sha256,
        "starts": rfc3339(row.starts_at),
        "ends": rfc3339(row.ends_at),
        "keep_until": row.keep_until.isoformat(),
    }


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


def look(
    session: Session, registry: Any, actor: Actor, tender: Tender, ref: str
) -> tuple[Recording, BinaryIO]:
    """A recording to be read, once its hash is seen to be what was filed; every look is an entry
    `confidential.viewed`. Raises Refused `recording.*`."""
    row = one(session, tender, ref)
    if row.deleted_at is not None:
        raise refuse("recording.deleted", _("This recording was deleted after its retention; its hash stays"))
    try:
        file: BinaryIO = registry.getUtility(IRecorder).open(row.store)
    except KeyError as error:
        raise refuse("recording.lost", _("The recorder does not have this recording")) from error
    if hashlib.file_digest(file, "sha256").hexdigest() != row.sha256:
        file.close()
        raise refuse("recording.altered", _("The recording is not the one that was filed"))
    file.seek(0)
    payload = {"object": f"recording {row.id}", "viewer": actor.within(tender.code)}
    record(session, actor, "confidential.viewed", tender.code, payload)
    return row, file


def delete(session: Session, registry: Any, actor: Actor, code: str, ref: str) -> Recording:
    """Delete a recording whose retention is over; entry `recording.deleted`; hash and times stay.

    Raises Refused `recording.*`."""
    tender = locked(session, code)
    row, now = one(session, tender, ref), database_now(session)
    if row.deleted_at is not None:
        return row
    if tender.state not in ENDED:
        raise refuse(
            "recording.kept", _("The time to keep it begins when the procurement has ended"), rule="GPL 42"
        )
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
