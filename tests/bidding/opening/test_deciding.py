"""Whose fault it is that a bid was not opened, and what follows (Order 20 art. 31)."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from bidding.opening import service
from bidding.opening.deciding import Decision, StageFacts, decide
from bidding.opening.models import Opening
from bidding.vault import closing, releasing
from bidding.vault.models import Bid, Outcome
from bidding.vault.release import build_bidder_release
from bidding.vault.service import piece_key
from tests.bidding.vault.scene import CODE, Enterprise, Scene, Sealed, scene
from trading import clock
from trading.acts import Actor
from trading.ledger.service import entries_of
from trading.outbox import deliver, promise

__all__ = ["scene"]


@pytest.mark.parametrize(
    ("judged", "mode", "key", "answered", "decision"),
    [
        (
            "WAIT_CUSTODIANS",
            "either",
            None,
            2,
            Decision("REVOKED", "bidder", ("no-bidder-key", "unusable-shares")),
        ),
        (
            "WAIT_CUSTODIANS",
            "either",
            None,
            1,
            Decision("REVOKED", "bidder", ("no-bidder-key", "too-few-custodians")),
        ),
        (
            "WRONG_KEY",
            "either",
            False,
            0,
            Decision("REVOKED", "bidder", ("wrong-bidder-key", "too-few-custodians")),
        ),
        (
            "WRONG_KEY",
            "either",
            False,
            3,
            Decision("REVOKED", "bidder", ("wrong-bidder-key", "unusable-shares")),
        ),
        ("WAIT_BIDDER", "bidder", None, 0, Decision("REVOKED", "bidder", ("no-bidder-key",))),
        ("WAIT_BIDDER", "dual", None, 2, Decision("REVOKED", "bidder", ("no-bidder-key", "unusable-shares"))),
        ("WAIT_CUSTODIANS", "dual", True, 1, Decision("WITHDRAWN", "other", ("too-few-custodians",))),
        (
            "WRONG_KEY",
            "dual",
            True,
            2,
            Decision("REVOKED", "bidder", ("wrong-bidder-key", "unusable-shares")),
        ),
        ("WAIT_CUSTODIANS", "custodian", None, 1, Decision("WITHDRAWN", "other", ("too-few-custodians",))),
        ("STORAGE_FAULT", "either", None, 0, Decision("WITHDRAWN", "platform", ("storage-fault",))),
    ],
)
def test_an_unopened_bid_is_revoked_by_its_bidders_fault_and_withdrawn_by_anybody_elses(
    judged: str, mode: str, key: bool | None, answered: int, decision: Decision
) -> None:
    assert decide(judged, [StageFacts(mode, key, answered, 2)]) == decision


def test_one_stage_that_the_bidder_failed_is_enough() -> None:
    stages = [StageFacts("custodian", None, 3, 2), StageFacts("bidder", None, 0, 0)]
    assert decide("WAIT_BIDDER", stages).outcome == "REVOKED"


def release_key(scene: Scene, who: Enterprise, bid: Sealed, key: bytes) -> None:
    """The bidder posts a key for its bid."""
    raw = build_bidder_release(bid.manifest, "opening", key)
    actor = Actor(who.bidder.user_id, who.name, who.name, "192.0.2.7", scene.registry["keys"].pseudonym)
    with scene.db() as session:
        cms = who.signer.sign(raw, clock.now())
        releasing.accept_bidder_release(session, scene.means, who.bidder, actor, CODE, raw, cms)


def spoil(scene: Scene, upload: uuid.UUID) -> None:
    """One byte of a stored piece changes on the disk."""
    path = scene.means.store.folder / piece_key(upload, "documents", 0)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))


def keep_promises(scene: Scene) -> None:
    """Everything due now, the opening's promises too."""
    deliver(scene.registry["sessions"], scene.registry, scene.registry["handlers"])


def read_out(scene: Scene) -> dict[str, Any]:
    """name → outcome, after the custodians' time is over."""
    with scene.db() as session:
        ends = session.scalars(select(Opening)).one().window_ends_at
    scene.run_until(ends + timedelta(days=1))
    keep_promises(scene)
    with scene.db() as session:
        rows = session.execute(select(Bid, Outcome).join(Outcome)).all()
        return {bid.bidder_name: (outcome.outcome, outcome.fault, outcome.evidence) for bid, outcome in rows}


def test_what_nobody_opened_is_decided_with_its_reasons_and_read_out_with_them(scene: Scene) -> None:
    with scene.db() as session:
        promise(session, closing.CLOSE, {"tender": CODE}, scene.deadline)
    people = {name: scene.enterprise(name) for name in ("opens", "wrong", "away", "lost")}
    bids = {name: scene.seal(who) for name, who in people.items()}
    for name, who in people.items():
        scene.submit(who, bids[name])
    scene.close()
    with scene.db() as session:
        uploads = {bid.bidder_name: bid.upload_id for bid in session.scalars(select(Bid))}
        promise(session, service.START, {"tender": CODE})
    spoil(scene, uploads["lost"])
    keep_promises(scene)
    release_key(scene, people["opens"], bids["opens"], bids["opens"].keys["opening"])
    release_key(scene, people["wrong"], bids["wrong"], b"x" * 32)
    outcomes = read_out(scene)

    assert {name: found[:2] for name, found in outcomes.items()} == {
        "opens": ("OK", ""),
        "wrong": ("REVOKED", "bidder"),
        "away": ("REVOKED", "bidder"),
        "lost": ("WITHDRAWN", "platform"),
    }
    assert outcomes["wrong"][2]["decision"] == ["wrong-bidder-key", "too-few-custodians"]
    assert outcomes["away"][2]["decision"] == ["no-bidder-key", "too-few-custodians"]
    assert outcomes["away"][2]["custodians_answered"] == {"opening": 0}
    assert outcomes["lost"][2]["decision"] == ["storage-fault"]
    assert outcomes["lost"][2]["judged"] == "STORAGE_FAULT"
    with scene.db() as session:
        opened = [e.payloads[0].document for e in entries_of(session, CODE) if e.entry.type == "bid.opened"]
        reasons = {row["manifest"]: row.get("reasons") for row in opened}
        names = {bid.manifest_hash: bid.bidder_name for bid in session.scalars(select(Bid))}
        assert {names[m]: r for m, r in reasons.items()} == {
            "opens": None,
            "wrong": ["wrong-bidder-key", "too-few-custodians"],
            "away": ["no-bidder-key", "too-few-custodians"],
            "lost": ["storage-fault"],
        }
        assert session.scalars(select(Opening)).one().read_out_at is not None
