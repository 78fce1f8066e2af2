"""Receipts, refusals, and what a bidder's client checks in them."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from bidding.vault.encoding import EncodingError, sha256
from bidding.vault.receipt import (
    Check,
    Sent,
    State,
    accepted,
    build_receipt,
    build_refusal,
    check_receipt,
    leaf_bytes,
    leaf_commitment,
    parse_receipt,
    parse_refusal,
)
from tests.bidding.vault.support import (
    DEADLINE,
    LOG,
    LOG_SEED,
    RECEIPT_KEY,
    WITNESS,
    WITNESS_SEED,
    Bid,
    seal,
    world,
)
from trading.ledger.canonical import dumps
from trading.ledger.checkpoint import Checkpoint, add_lines, cosign, sign_checkpoint
from trading.ledger.merkle import consistency_proof, inclusion_proof, leaf_hash, leaves_reader, tree_root

AT = DEADLINE - timedelta(hours=1)
CMS = b"cms"
SALT = b"s" * 32
INDEX = 5


def note_of(leaves: list[bytes], witnessed: bool = True) -> str:
    note = sign_checkpoint(Checkpoint(LOG, len(leaves), tree_root(leaves)), LOG_SEED)
    if not witnessed:
        return note
    return add_lines(note, [cosign(note, WITNESS, WITNESS_SEED, int(AT.timestamp()) + 30)])


def leaf_of(digest: bytes, at: datetime, salt: bytes = SALT) -> bytes:
    return leaf_bytes(
        leaf_commitment(salt=salt, kind="bid", tender="T-1", lot="1", seq=1, digest=digest, at=at)
    )


def leaves_with(leaf: bytes) -> list[bytes]:
    return [leaf_hash(bytes([i])) for i in range(INDEX)] + [leaf_hash(leaf), leaf_hash(b"after")]


def receipt_of(bid: Bid, at: datetime = AT, witnessed: bool = True, **changes: Any) -> bytes:
    leaves = leaves_with(leaf_of(bid.manifest.hash, at))
    fields: dict[str, Any] = {
        "kind": "bid",
        "tender": "T-1",
        "lot": "1",
        "ref": "R-7Q4X",
        "seq": 1,
        "manifest": bid.manifest.hash,
        "cms": sha256(CMS),
        "parts": bid.manifest.parts,
        "at": at,
        "salt": SALT,
        "leaf_index": INDEX,
        "proof": inclusion_proof(leaves_reader(leaves), INDEX, len(leaves)),
        "checkpoint": note_of(leaves, witnessed),
        "tsa": b"token",
        "sign": RECEIPT_KEY.sign,
        **changes,
    }
    return build_receipt(**fields)


def sent_of(bid: Bid) -> Sent:
    return Sent("bid", bid.manifest_raw, CMS, 1, bid.manifest.parts)


def states(raw: bytes, bid: Bid, sent: Sent | None = None, **more: Any) -> dict[int, State]:
    fields = {"now": AT, "stamped_at": AT, **more}
    checks = check_receipt(raw, world().policy, sent or sent_of(bid), **fields)
    return {check.number: check.state for check in checks}


def test_an_honest_receipt_passes_every_check() -> None:
    bid = seal(world())
    assert states(receipt_of(bid), bid) == dict.fromkeys(range(1, 8), State.PASS)


def test_a_receipt_signed_by_another_key_or_altered_fails_check_1() -> None:
    bid = seal(world())
    document = json.loads(receipt_of(bid))
    document["ref"] = "another"
    assert states(dumps(document), bid)[1] is State.FAIL
    assert states(b"{}", bid) == {1: State.FAIL}


@pytest.mark.parametrize(
    "change",
    [{"document": b"other"}, {"cms": b"other"}, {"seq": 2}, {"parts": ()}, {"kind": "withdraw"}],
)
def test_a_receipt_for_something_else_fails_check_2(change: dict[str, Any]) -> None:
    bid = seal(world())
    assert states(receipt_of(bid), bid, replace(sent_of(bid), **change))[2] is State.FAIL


@pytest.mark.parametrize(
    "changes", [{"leaf_index": 4}, {"salt": b"t" * 32}, {"proof": []}, {"ref": "R", "seq": 2}]
)
def test_a_leaf_that_is_not_in_the_tree_fails_check_4(changes: dict[str, Any]) -> None:
    bid = seal(world())
    assert states(receipt_of(bid, **changes), bid)[4] is State.FAIL


def test_a_checkpoint_that_is_not_the_logs_fails_check_5() -> None:
    bid = seal(world())
    leaves = leaves_with(leaf_of(bid.manifest.hash, AT))
    forged = sign_checkpoint(Checkpoint(LOG, len(leaves), tree_root(leaves)), b"f" * 32)
    assert states(receipt_of(bid, checkpoint=forged), bid)[5] is State.FAIL
    foreign = sign_checkpoint(Checkpoint("other.example/1", len(leaves), tree_root(leaves)), LOG_SEED)
    assert states(receipt_of(bid, checkpoint=foreign), bid)[5] is State.FAIL
    assert states(receipt_of(bid, checkpoint="no note"), bid)[4] is State.FAIL


def test_a_missing_witness_is_waited_for_ten_minutes() -> None:
    bid = seal(world())
    raw = receipt_of(bid, witnessed=False)
    assert states(raw, bid)[5] is State.PENDING
    assert states(raw, bid, now=AT + timedelta(minutes=11))[5] is State.FAIL
    assert states(raw, bid, quorum=0)[5] is State.PASS


def test_a_tree_that_does_not_continue_the_earlier_one_fails_check_6() -> None:
    bid = seal(world())
    leaves = leaves_with(leaf_of(bid.manifest.hash, AT))
    proof = consistency_proof(leaves_reader(leaves), 3, len(leaves))
    earlier = note_of(leaves[:3])
    assert states(receipt_of(bid), bid, earlier=(earlier, proof))[6] is State.PASS
    split = note_of([leaf_hash(b"x"), *leaves[1:3]])
    assert states(receipt_of(bid), bid, earlier=(split, proof))[6] is State.FAIL


def test_a_bid_received_at_the_deadline_instant_fails_check_7() -> None:
    bid = seal(world())
    for at, state in ((DEADLINE, State.FAIL), (DEADLINE - timedelta(milliseconds=1), State.PASS)):
        assert states(receipt_of(bid, at=at), bid, now=at, stamped_at=at)[7] is state


def test_clocks_that_differ_warn_and_stamps_that_differ_fail() -> None:
    bid = seal(world())
    raw = receipt_of(bid)
    assert states(raw, bid, now=AT + timedelta(seconds=301))[7] is State.WARN
    assert states(raw, bid, stamped_at=AT + timedelta(seconds=61))[7] is State.FAIL
    assert states(receipt_of(bid, tsa=None), bid, stamped_at=None)[7] is State.PENDING


def test_a_bid_counts_as_submitted_while_witness_and_stamp_are_pending() -> None:
    assert accepted([Check(1, State.PASS, ""), Check(5, State.PENDING, ""), Check(7, State.WARN, "")])
    assert not accepted([Check(1, State.PASS, ""), Check(4, State.FAIL, "")])


def test_the_leaf_tells_nothing_without_the_salt() -> None:
    digest = b"d" * 32
    assert leaf_of(digest, AT) == leaf_of(digest, AT)
    assert leaf_of(digest, AT) != leaf_of(digest, AT, b"t" * 32)
    assert json.loads(leaf_of(digest, AT)).keys() == {"v", "typ", "c"}
    with pytest.raises(EncodingError):
        leaf_commitment(salt=b"short", kind="bid", tender="T", lot="1", seq=1, digest=digest, at=AT)


def test_a_receipt_whose_two_times_differ_is_malformed() -> None:
    document = json.loads(receipt_of(seal(world())))
    document["received"] = "2026-11-30T00:00:00.000Z"
    with pytest.raises(EncodingError, match="differ"):
        parse_receipt(dumps(document))


def test_a_refusal_is_signed_and_says_why() -> None:
    key = RECEIPT_KEY.public_key().public_bytes_raw()
    raw = build_refusal(b"m" * 32, "bid.late", DEADLINE, RECEIPT_KEY.sign)
    assert parse_refusal(raw, key).reason == "bid.late"
    with pytest.raises(EncodingError):
        parse_refusal(raw.replace(b"late", b"fate"), key)
