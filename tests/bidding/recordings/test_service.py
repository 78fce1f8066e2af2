"""Recordings: filed with hash and retention, looked at with an entry, deleted when the retention is over."""

from __future__ import annotations

import hashlib
import os
import re
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from pyramid.config import Configurator
from sqlalchemy import select
from sqlalchemy.orm import Session
from webtest import TestApp, Upload

from bidding.recordings import service
from bidding.recordings.commands import FileRecording
from bidding.recordings.models import Recording
from bidding.tenders.models import Tender
from plugins.recorder.simulator import tone
from tests.helpers import log_in, make_user
from tests.tenders import make_buyers, published_tender
from trading.clock import database_now
from trading.db import committing
from trading.errors import Refused
from trading.events import TenderEnded
from trading.interfaces import IRecorder
from trading.ledger.service import entries_of
from trading.rulebook.calendar import beijing_date

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


def file_one(session: Session, registry: Any, buyers: Any, code: str, data: bytes = SOUND) -> Recording:
    """Send a recording in two pieces and file it."""
    tender = session.scalars(select(Tender).where(Tender.code == code)).one()
    upload = os.urandom(16).hex()
    for start in (0, 1000):
        piece = data[start : start + 1000 if start == 0 else None]
        assert service.take_piece(session, registry, tender, upload, start, piece) == start + len(piece)
    return service.file_recording(session, registry, buyers.actor, code, about(session, upload=upload))


def test_a_recording_is_filed_looked_at_and_kept_as_long_as_the_rulebook_says(
    session: Session, config: Configurator
) -> None:
    config.commit()
    registry, buyers = config.registry, make_buyers(session, config.registry)
    tender = published_tender(session, registry, buyers)
    with pytest.raises(Refused) as early:
        file_one(session, registry, buyers, tender.code)
    assert early.value.faults[0].code == "recording.early"
    tender.state = "opening"
    with pytest.raises(Refused) as damaged:
        file_one(session, registry, buyers, tender.code, SOUND[:-1])
    assert damaged.value.faults[0].code == "recording.damaged"
    row = file_one(session, registry, buyers, tender.code)
    assert file_one(session, registry, buyers, tender.code) is row
    assert row.keep_until.year == database_now(session).year + 15
    found, file = service.look(session, registry, buyers.actor, tender, str(row.id))
    with file:
        assert file.read() == SOUND
    with pytest.raises(Refused) as kept:
        service.delete(session, registry, buyers.actor, tender.code, str(row.id))
    assert kept.value.faults[0].code == "recording.kept"
    row.keep_until = date(2026, 1, 1)
    with pytest.raises(Refused) as not_ended:
        service.delete(session, registry, buyers.actor, tender.code, str(row.id))
    assert not_ended.value.faults[0].code == "recording.kept"
    tender.state = "contracted"
    ended = database_now(session) + timedelta(days=400)
    registry.notify(TenderEnded(session, registry, tender.code, ended, "contracted"))
    assert row.keep_until == service.keep_until(beijing_date(ended), 15)
    row.keep_until = date(2026, 1, 1)
    service.delete(session, registry, buyers.actor, tender.code, str(row.id))
    assert (found.deleted_at is not None, found.sha256) == (True, hashlib.sha256(SOUND).hexdigest())
    with pytest.raises(KeyError):
        registry.getUtility(IRecorder).open(row.store)
    types = [entry.entry.type for entry in entries_of(session, tender.code)]
    assert types[-3:] == ["recording.filed", "confidential.viewed", "recording.deleted"]


def test_a_recording_that_was_changed_on_the_disk_is_not_played(
    session: Session, config: Configurator
) -> None:
    config.commit()
    registry, buyers = config.registry, make_buyers(session, config.registry)
    tender = published_tender(session, registry, buyers)
    tender.state = "evaluating"
    row = file_one(session, registry, buyers, tender.code)
    path = Path(registry.settings["recorder.folder"]) / row.store
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(Refused) as altered:
        service.look(session, registry, buyers.actor, tender, str(row.id))
    assert altered.value.faults[0].code == "recording.altered"


def test_the_agent_files_a_recording_with_the_page_and_the_supervisor_plays_it(
    app: TestApp, config: Configurator
) -> None:
    with committing(config.registry["sessions"]) as session:
        buyers = make_buyers(session, config.registry)
        tender = published_tender(session, config.registry, buyers)
        tender.state, code = "opening", tender.code
        agent = buyers.agent.login
        officer = make_user(session, "regulator", keys=config.registry["keys"]).login
    page = log_in(app, config, agent).get(f"/tenders/{code}/recordings")
    form = next(form for form in page.forms.values() if "place" in form.fields)
    form["place"], form["starts_at"], form["ends_at"] = "开标室一", "2020-11-02T09:30", "2020-11-02T10:30"
    assert "recording" not in form.submit(status=422).headers.get("Location", "")
    form["file"] = Upload("opening.wav", SOUND, "audio/wav")
    shown = form.submit(status=303).follow()
    assert hashlib.sha256(SOUND).hexdigest() in shown.text
    reader = log_in(TestApp(app.app), config, officer)
    link = re.search(
        rf"/tenders/{code}/recordings/[0-9a-f-]{{36}}", reader.get(f"/tenders/{code}/recordings").text
    )
    assert link is not None
    played = reader.get(link[0])
    assert (played.body, played.content_type) == (SOUND, "audio/wav")


def test_a_retention_that_begins_on_a_leap_day_ends_in_february() -> None:
    assert service.keep_until(date(2028, 2, 29), 15) == date(2043, 2, 28)
