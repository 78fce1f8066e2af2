"""Rotating the key of the receipts: a tender keeps the key that its policy names until it is done."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from bidding.tenders.models import Tender
from bidding.vault.receipt import Sent, accepted, check_receipt
from bidding.vault.receipts import find_receipt
from config import receipt_rotation
from tests.bidding.vault.scene import CODE, Scene, scene
from trading import clock
from trading.secrets import HallKeys, NoKey, next_in_ring

__all__ = ["scene"]


@pytest.fixture
def rotated_once(settings: dict[str, Any], tmp_path: Path) -> Path:
    """The key file of a hall that had rotated its receipt key before it published anything."""
    return next_in_ring(tmp_path / "receipt")


def restart(scene: Scene) -> HallKeys:
    """Every process of the hall, started again."""
    scene.registry["keys"] = HallKeys.load(scene.state)
    keys: HallKeys = scene.registry["keys"]
    return keys


def public(keys: HallKeys) -> bytes:
    return keys.receipt.public_key().public_bytes_raw()


def test_a_tender_under_way_keeps_its_receipt_key_and_later_ones_get_the_new(scene: Scene) -> None:
    next_in_ring(scene.state / "receipt")
    after = restart(scene)
    assert public(after) != scene.policy.receipt_key
    who = scene.enterprise("Green Chairs Ltd")
    bid = scene.seal(who)
    ref = scene.submit(who, bid)
    scene.sequence()
    with scene.db() as session:
        _, raw = find_receipt(session, scene.means, who.bidder.uscc, ref)
    assert raw is not None
    sent = Sent("bid", bid.raw, bid.cms, 1, bid.manifest.parts)
    assert accepted(check_receipt(raw, scene.policy, sent, now=clock.now())), "by the key its policy names"
    assert after.receipt_for(public(after)) is after.receipt


def test_an_old_receipt_key_goes_when_its_tenders_are_done_and_their_receipts_stay(
    rotated_once: Path, scene: Scene
) -> None:
    assert scene.policy.receipt_key == public(scene.registry["keys"])
    who = scene.enterprise("Green Chairs Ltd")
    bid = scene.seal(who)
    ref = scene.submit(who, bid)
    scene.sequence()
    next_in_ring(scene.state / "receipt")
    engine = scene.registry["sessions"].kw["bind"]
    assert receipt_rotation.retire(engine, scene.state) == [], "its tender is under way"
    scene.run_until(clock.now() + timedelta(minutes=11))
    with scene.db() as session:
        session.scalars(select(Tender).where(Tender.code == CODE)).one().state = "contracted"
    assert receipt_rotation.retire(engine, scene.state) == [rotated_once.name]
    after = restart(scene)
    with pytest.raises(NoKey):
        after.receipt_for(scene.policy.receipt_key)
    with scene.db() as session:
        _, raw = find_receipt(session, scene.means, who.bidder.uscc, ref)
    assert raw is not None, "it was made before the key went, though nobody had asked for it"
    sent = Sent("bid", bid.raw, bid.cms, 1, bid.manifest.parts)
    checks = check_receipt(raw, scene.policy, sent, now=clock.now() - timedelta(minutes=11))
    assert accepted(checks)
