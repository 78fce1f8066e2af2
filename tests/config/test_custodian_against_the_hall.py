"""A hall that lies with every key it has: a policy, a log, a witness and a closing list of its own."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from bidding.tenders.models import Tender
from bidding.vault.close import CloseEntry, build_close
from bidding.vault.custodian import Declined, WantedRelease
from bidding.vault.encoding import b64, sha256, unb64
from bidding.vault.policy import StagePlan, build_policy
from tests.bidding.vault.scene import CODE, LOT, Scene, Sealed, scene, statement, tenderer_signer
from tests.config.test_custodian import WiredBox
from trading import clock
from trading.ledger.canonical import dumps
from trading.ledger.checkpoint import (
    LOG_KEY,
    WITNESS_KEY,
    Checkpoint,
    add_lines,
    cosign,
    sign_checkpoint,
    verifier_key,
)
from trading.ledger.entry import Entry, payload_commitment
from trading.ledger.merkle import leaf_hash

__all__ = ["scene"]
SEED = b"\7" * 32
ORIGIN, WITNESS = "ledger.forged.example/1", "witness.forged.example/w1"


class Liar:
    """A hall whose people forge a policy over earlier key statements, and everything that hangs on it."""

    def __init__(self, scene: Scene, bid: Sealed, deadline: datetime) -> None:
        self.scene, self.bid, self.deadline = scene, bid, deadline
        with scene.db() as session:
            tender = session.query(Tender).one()
            rows = json.loads(scene.registry.settings["vault.custodians"])
            self.statements = [statement(scene.state, tender, row, release_after=deadline) for row in rows]
        self.receipt = scene.registry["keys"].receipt
        self.policy = build_policy(
            tender=CODE, lot=LOT, deadline=deadline, open_at=deadline, log=ORIGIN,
            log_key=str(verifier_key(ORIGIN, LOG_KEY, SEED)),
            receipt_key=self.receipt.public_key().public_bytes_raw(),
            witnesses=[(WITNESS, str(verifier_key(WITNESS, WITNESS_KEY, SEED)))], tsa=[],
            stages=[StagePlan("opening", "custodian", 2, 3, [raw for raw, _ in self.statements])],
            parts=scene.policy.parts,
        )  # fmt: skip

    def answer(self) -> dict[str, Any]:
        """The closing bundle over the forged policy, with a real stamp and a real bid in it."""
        now = clock.now()
        payload, nonce = dumps({"policy": sha256(self.policy).hex()}), b"\1" * 32
        pl = (payload_commitment(nonce, payload).hex(),)
        entry = Entry("0" * 32, clock.rfc3339(now), "tender.closed", CODE, "scheduler", None, pl).to_bytes()
        head = Checkpoint(ORIGIN, 1, leaf_hash(entry))
        note = sign_checkpoint(head, SEED)
        close = build_close(
            tender=CODE, lot=LOT, deadline=self.deadline, at=now, tree_size=1, root=head.root,
            entries=[CloseEntry(0, self.bid.manifest.hash, "valid")], sign=self.receipt.sign,
        )  # fmt: skip
        cms = tenderer_signer(self.scene).sign(self.policy, now)
        return {
            "close": b64(close),
            "tst": b64(self.scene.stamper.stamp(sha256(close))),
            "checkpoint": add_lines(note, [cosign(note, WITNESS, SEED, int(now.timestamp()))]),
            "proof": {"entry": b64(entry), "index": 0, "path": []},
            "closed": {"payload": b64(payload), "nonce": b64(nonce)},
            "policies": [{"policy": b64(self.policy), "p7s": b64(cms)}],
            "policy": b64(self.policy),
            "p7s": b64(cms),
            "bids": [{"manifest": b64(self.bid.raw)}],
        }

    def asks(self, box: WiredBox) -> WantedRelease:
        """Turns the box's hall into this one; returns what it asks for."""
        bundle = self.answer()
        keys = [{"cks": b64(raw), "p7s": b64(cms)} for raw, cms in self.statements]
        box.get = lambda path: bundle if "/close?" in path else keys  # type: ignore[method-assign]
        return WantedRelease(
            CODE, "opening", box.who.index, sha256(unb64(bundle["close"])), (self.bid.manifest.hash,), "t"
        )


def test_no_share_is_released_before_the_latest_time_that_a_statement_names(scene: Scene) -> None:
    bid = scene.seal(scene.enterprise("A"))
    liar = Liar(scene, bid, clock.now().replace(microsecond=0) + timedelta(minutes=10))
    scene.run_until(liar.deadline + timedelta(minutes=1))
    assert clock.now() < scene.deadline
    box = WiredBox(scene)
    with pytest.raises(Declined) as declined:
        box.ready(liar.asks(box))
    assert any("a statement of ours forbids" in reason for reason in declined.value.reasons)


def test_no_share_is_released_under_another_policy_than_the_bid_was_sealed_for(scene: Scene) -> None:
    bid = scene.seal(scene.enterprise("A"))
    liar = Liar(scene, bid, scene.deadline)
    scene.run_until(scene.deadline + timedelta(hours=1))
    box = WiredBox(scene)
    with pytest.raises(Declined) as declined:
        box.ready(liar.asks(box))
    assert declined.value.reasons == ("a bid was sealed for another policy than the one given",)
