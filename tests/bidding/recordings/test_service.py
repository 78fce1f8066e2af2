"""Recordings: filed with hash and retention, looked at with an entry, deleted when the retention is over."""

from __future__ import annotations

import hashlib
from datetime import date, timedelta

import pytest
from pyramid.config import Configurator
from sqlalchemy.orm import Session

from bidding.recordings import service
from bidding.recordings.commands import FileRecording
from plugins.recorder.simulator import tone
from tests.tenders import make_buyers, published_tender
from trading.clock import database_now
from trading.errors import Refused
from trading.interfaces import IRecorder
from trading.ledger.service import entries_of

SOUND = tone()


def about(session: Session, **changes: object) -> FileRecording:
    now = database_now(session)
    values = {
        "sitting": "opening",
        "place": "Opening room 1",
        "media_type": "audio/wav",
        "sha256": hashlib.sha256(SOUND).hexdigest(),
        "starts_at": now - timedelta(hours=1),
        "ends_at": now - timedelta(minutes=1),
    }
    return FileRecording.model_validate(values | changes)


def test_a_recording_is_filed_looked_at_and_kept_as_long_as_the_rulebook_says(
    session: Session, config: Configurator
) -> None:
    config.commit()
    registry, buyers = config.registry, make_buyers(session, config.registry)
    tender = published_tender(session, registry, buyers)
    with pytest.raises(Refused) as early:
        service.file_recording(session, registry, buyers.actor, tender.code, about(session), SOUND)
    assert early.value.faults[0].code == "recording.early"
    tender.state = "opening"
    with pytest.raises(Refused) as damaged:
        service.file_recording(session, registry, buyers.actor, tender.code, about(session), SOUND[:-1])
    assert damaged.value.faults[0].code == "recording.damaged"
    row = service.file_recording(session, registry, buyers.actor, tender.code, about(session), SOUND)
    again = service.file_recording(session, registry, buyers.actor, tender.code, about(session), SOUND)
    assert again is row
    assert row.keep_until.year == database_now(session).year + 15
    found, data = service.look(session, registry, buyers.actor, tender, str(row.id))
    assert data == SOUND
    with pytest.raises(Refused) as kept:
        service.delete(session, registry, buyers.actor, tender.code, str(row.id))
    assert kept.value.faults[0].code == "recording.kept"
    row.keep_until = date(2026, 1, 1)
    service.delete(session, registry, buyers.actor, tender.code, str(row.id))
    assert (found.deleted_at is not None, found.sha256) == (True, hashlib.sha256(SOUND).hexdigest())
    with pytest.raises(KeyError):
        registry.getUtility(IRecorder).read(row.store)
    types = [entry.entry.type for entry in entries_of(session, tender.code)]
    assert types[-3:] == ["recording.filed", "confidential.viewed", "recording.deleted"]


def test_a_retention_that_begins_on_a_leap_day_ends_in_february() -> None:
    assert service.keep_until(date(2028, 2, 29), 15) == date(2043, 2, 28)
