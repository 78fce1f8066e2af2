"""The acts of an opening: what starts it, what each key leads to, what the record says."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from bidding.opening import service
from bidding.opening.models import Opening
from bidding.vault.encoding import b64
from bidding.vault.models import Bid, Outcome
from bidding.vault.service import close_of
from tests.bidding.opening.staging import Stage
from tests.bidding.vault.scene import CODE
from trading import clock
from trading.errors import Refused
from trading.ledger.service import entries_of
from trading.outbox import Promise


def payloads(session: Session, kind: str) -> list[dict[str, Any]]:
    """The first payloads of the tender's entries of a type, oldest first."""
    entries = [entry for entry in entries_of(session, CODE) if entry.entry.type == kind]
    return [entry.payloads[0].document or {} for entry in entries if entry.payloads[0] is not None]


def outcomes(session: Session) -> dict[str, Outcome]:
    """Every outcome by the bidder's name."""
    rows = session.execute(select(Bid.bidder_name, Outcome).join(Outcome, Outcome.bid_id == Bid.id))
    return {name or "": outcome for name, outcome in rows}


def test_from_the_deadline_to_the_record_nobody_is_waited_for_but_bidders_and_host(stage: Stage) -> None:
    stage.close()
    for number in range(3):
        stage.release(number)
    with stage.scene.db() as session:
        opening = session.scalars(select(Opening)).one()
        assert service.record_to_sign(session, stage.tender(session)) == opening.record
        assert opening.read_out_at == opening.window_ends_at, "the window ended when the last key came"
        assert opening.read_out_at < clock.now()


def test_the_record_names_what_was_sealed_and_the_entries_say_the_same(stage: Stage) -> None:
    stage.close()
    for number in range(3):
        stage.release(number)
    with stage.scene.db() as session:
        opening = session.scalars(select(Opening)).one()
        record, written = json.loads(opening.record or b""), json.loads(opening.outcomes or b"")
        close = close_of(session, stage.tender(session))
        assert close is not None
        assert record["close"] == close.sha256
        read = [(row["name"], row["total"], row["period_days"], row["outcome"]) for row in record["bids"]]
        assert read == [
            ("Alder", "101.00", 30, "OK"),
            ("Birch", "102.50", 30, "OK"),
            ("Cedar", "103.75", 30, "OK"),
        ]
        assert payloads(session, "bid.opened") == written["bids"]
        assert [row["how"] for row in written["bids"]] == ["bidder"] * 3
        for bid, row in zip(stage.bids, written["bids"], strict=True):
            assert row["manifest"] == bid.manifest.hash.hex()
            assert {part["name"] for part in row["parts"]} == {"price-sheet", "documents"}


def test_a_bid_that_the_platform_has_damaged_is_not_the_bidders_fault(stage: Stage) -> None:
    damage(stage, 1)
    stage.close()
    for number in range(3):
        stage.release(number)
    assert stage.opening().read_out_at is None
    for seconds in (700, 3700):
        assert stage.opening().read_out_at is None, "the bidder may still hand the same bytes in again"
        stage.pass_time(seconds)
        stage.work()
    with stage.scene.db() as session:
        found = outcomes(session)
        assert found["Birch"].fault == "platform"
        assert found["Birch"].evidence["judged"] == "STORAGE_FAULT"
        assert found["Birch"].price_sheet is None
        assert [found[name].outcome for name in ("Alder", "Cedar")] == ["OK", "OK"]
        record = json.loads(session.scalars(select(Opening)).one().record or b"")
        assert [row["total"] for row in record["bids"]] == ["101.00", None, "103.75"]


def damage(stage: Stage, number: int) -> None:
    """One bit of the stored price sheet of a bid turns over."""
    folder = Path(stage.scene.registry.settings["file_store.folder"])
    stored = stage.bids[number].parts["price-sheet"]
    path = next(p for p in folder.rglob("*") if p.is_file() and p.read_bytes() == stored)
    path.chmod(0o600)
    path.write_bytes(stored[:-1] + bytes([stored[-1] ^ 1]))


def test_a_bidder_may_give_the_right_key_after_a_wrong_one(stage: Stage) -> None:
    stage.close()
    stage.release(0, bytes(32))
    stage.release(1)
    stage.release(2)
    with stage.scene.db() as session:
        assert outcomes(session)["Alder"].outcome == "WRONG_KEY"
    assert stage.opening().read_out_at is None
    stage.release(0)
    with stage.scene.db() as session:
        assert outcomes(session)["Alder"].outcome == "OK"
    assert stage.opening().read_out_at is not None


def test_a_bidder_who_is_not_there_is_opened_by_two_custodians_after_the_window(stage: Stage) -> None:
    stage.close()
    stage.release(0)
    stage.release(1)
    stage.pass_time(700)
    stage.work()
    stage.custodian_releases("custodian-audit")
    assert stage.opening().read_out_at is None
    stage.custodian_releases("custodian-centre")
    with stage.scene.db() as session:
        assert outcomes(session)["Cedar"].opened_by == "custodians"
        assert [row["how"] for row in payloads(session, "bid.opened")] == ["bidder", "bidder", "custodians"]


def test_fewer_than_three_opened_bids_end_the_tender_after_the_record(stage: Stage, app: Any) -> None:
    stage.close()
    stage.release(0)
    stage.release(1)
    for seconds in (700, 3700):
        stage.pass_time(seconds)
        stage.work()
    with stage.scene.db() as session:
        assert outcomes(session)["Cedar"].outcome == "REVOKED"
        assert stage.tender(session).state == "opening"
    browser, signer = stage.host(app)
    stage.decide(browser, 2, "bidder")
    stage.sign_record(browser, signer)
    with stage.scene.db() as session:
        assert stage.tender(session).state == "failed"
        assert [e.entry.type for e in entries_of(session, CODE)][-2:] == ["opening.recorded", "tender.failed"]


def test_every_promise_of_an_opening_may_be_kept_twice(stage: Stage) -> None:
    stage.close()
    for number in range(3):
        stage.release(number)
    before = stage.opening()
    for act in (service.start, service.attempt, service.window_ended, service.give_up):
        with stage.scene.db() as session:
            act(session, stage.scene.registry, {"tender": CODE})
    after = stage.opening()
    assert (after.record, after.window_ends_at) == (before.record, before.window_ends_at)
    with stage.scene.db() as session:
        assert len(payloads(session, "opening.started")) == 1
        assert len(payloads(session, "bid.opened")) == 3
        topics = session.scalars(select(Promise.topic).where(Promise.topic == service.GIVE_UP)).all()
        assert len(topics) == 1


def test_the_record_is_not_to_be_signed_before_the_bids_are_read_out(stage: Stage) -> None:
    stage.close()
    stage.release(0)
    with stage.scene.db() as session:
        with pytest.raises(Refused) as refused:
            service.record_to_sign(session, stage.tender(session))
        assert refused.value.faults[0].code == "opening.not-read-out"


def test_only_the_hosts_own_certificate_signs_the_record(stage: Stage, app: Any) -> None:
    stage.close()
    for number in range(3):
        stage.release(number)
    browser, _ = stage.host(app)
    page = browser.get(f"/tenders/{CODE}/opening")
    form = next(form for form in page.forms.values() if "cms" in form.fields)
    form["cms"] = b64(stage.bidders[0].signer.sign(stage.opening().record or b"", clock.now()))
    form.submit(status=422)
    assert stage.opening().recorded_at is None
    assert hashlib.sha256(stage.opening().record or b"").hexdigest() == stage.opening().record_sha256
