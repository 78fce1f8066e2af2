"""The closing list: what counts, and when custodians release."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from bidding.vault.close import (
    Act,
    CloseEntry,
    build_close,
    check_close,
    check_in_close,
    check_published,
    judge_acts,
    parse_close,
    why_not_release,
)
from bidding.vault.custodian_key import parse_statement
from bidding.vault.encoding import EncodingError
from bidding.vault.receipt import State, parse_receipt
from tests.bidding.vault.support import (
    DEADLINE,
    LOG,
    LOG_SEED,
    RECEIPT_KEY,
    WITNESS,
    WITNESS_SEED,
    seal,
    world,
)
from tests.bidding.vault.test_receipt import AT, INDEX, leaf_of, leaves_with, receipt_of
from trading.ledger.canonical import dumps
from trading.ledger.checkpoint import Checkpoint, add_lines, cosign, sign_checkpoint
from trading.ledger.merkle import consistency_proof, leaf_hash, leaves_reader, tree_root

NEW, OLD = b"n" * 32, b"o" * 32
LEAVES = [leaf_hash(bytes([i])) for i in range(9)]


def doc(letter: str) -> bytes:
    return letter.encode() * 32


def act(index: int, letter: str, bidder: str, policy: bytes = NEW, withdraws: str | None = None) -> Act:
    return Act(index, doc(letter), policy, bidder, doc(withdraws) if withdraws else None)


@pytest.mark.parametrize(
    ("acts", "statuses"),
    [
        ([act(1, "a", "A"), act(2, "b", "B")], "valid valid"),
        ([act(1, "a", "A"), act(2, "b", "A")], "superseded valid"),
        ([act(1, "a", "A"), act(2, "w", "A", withdraws="a")], "withdrawn withdrawn"),
        (
            [act(1, "a", "A"), act(2, "b", "A"), act(3, "w", "A", withdraws="b")],
            "superseded withdrawn withdrawn",
        ),
        ([act(1, "a", "A"), act(2, "w", "A", withdraws="a"), act(3, "b", "A")], "withdrawn withdrawn valid"),
        ([act(1, "a", "A"), act(2, "b", "A"), act(3, "w", "A", withdraws="a")], "superseded valid withdrawn"),
        ([act(1, "a", "A"), act(2, "w", "B", withdraws="a")], "valid withdrawn"),
        ([act(1, "a", "A", OLD), act(2, "b", "A")], "policy-superseded valid"),
        ([act(1, "a", "A", OLD)], "policy-superseded"),
        ([act(1, "a", "A", OLD), act(2, "w", "A", withdraws="a")], "withdrawn withdrawn"),
    ],
)
def test_the_last_standing_bid_of_each_bidder_counts(acts: list[Act], statuses: str) -> None:
    entries = judge_acts(list(reversed(acts)), NEW)
    assert [entry.leaf_index for entry in entries] == [a.leaf_index for a in acts]
    assert " ".join(entry.status for entry in entries) == statuses


def note(leaves: list[bytes] = LEAVES, witnessed: bool = True, seed: bytes = LOG_SEED) -> str:
    text = sign_checkpoint(Checkpoint(LOG, len(leaves), tree_root(leaves)), seed)
    lines = [cosign(text, WITNESS, WITNESS_SEED, int(DEADLINE.timestamp()) + 60)] if witnessed else []
    return add_lines(text, lines)


def close(**changes: Any) -> bytes:
    fields: dict[str, Any] = {
        "tender": "T-1",
        "lot": "1",
        "deadline": DEADLINE,
        "at": DEADLINE,
        "tree_size": len(LEAVES),
        "root": tree_root(LEAVES),
        "entries": [CloseEntry(2, doc("a"), "valid"), CloseEntry(4, doc("b"), "superseded")],
        "sign": RECEIPT_KEY.sign,
        **changes,
    }
    return build_close(**fields)


def faults(raw: bytes, checkpoint: str | None = None) -> list[str]:
    return check_close(world().policy, raw, checkpoint or note())[1]


def test_an_honest_closing_list_has_no_fault() -> None:
    assert faults(close()) == []
    assert parse_close(close()).valid == (doc("a"),)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"sign": lambda data: bytes(64)}, "receipt key"),
        ({"tender": "T-2"}, "another tender"),
        ({"at": DEADLINE - timedelta(milliseconds=1)}, "before"),
        ({"deadline": DEADLINE + timedelta(hours=1)}, "deadline"),
        ({"root": bytes(32)}, "another tree"),
        ({"tree_size": 10}, "another tree"),
    ],
)
def test_what_is_wrong_with_a_closing_list_is_said(changes: dict[str, Any], words: str) -> None:
    (fault,) = faults(close(**changes))
    assert words in fault


def test_a_checkpoint_of_another_key_is_refused() -> None:
    (fault,) = faults(close(), note(seed=b"f" * 32))
    assert "checkpoint" in fault


@pytest.mark.parametrize(
    "entries",
    [
        [CloseEntry(4, doc("a"), "valid"), CloseEntry(2, doc("b"), "valid")],
        [CloseEntry(2, doc("a"), "valid"), CloseEntry(2, doc("b"), "valid")],
        [CloseEntry(2, doc("a"), "valid"), CloseEntry(3, doc("a"), "valid")],
        [CloseEntry(9, doc("a"), "valid")],
        [CloseEntry(2, doc("a"), "opened")],
    ],
)
def test_a_list_out_of_order_or_outside_its_tree_is_malformed(entries: list[CloseEntry]) -> None:
    with pytest.raises(EncodingError):
        parse_close(close(entries=entries))


def why_not(raw: bytes | None = None, checkpoint: str | None = None, **changes: Any) -> list[str]:
    w = world()
    fields: dict[str, Any] = {
        "statement": parse_statement(w.statements[0][0]),
        "stamped_at": DEADLINE,
        "quorum": 1,
        "now": DEADLINE,
        **changes,
    }
    return why_not_release(w.policy, raw or close(), checkpoint or note(), **fields)


def test_a_custodian_releases_for_a_stamped_and_witnessed_close() -> None:
    assert why_not() == []


def test_a_custodian_does_not_release_early_or_unwitnessed_or_for_a_foreign_close() -> None:
    early = DEADLINE - timedelta(seconds=1)
    other = parse_statement(world().statements[0][0].replace(b'"index":1', b'"index":2'))
    for given, words in (
        ({"now": early}, "no release before"),
        ({"stamped_at": early}, "no time stamp"),
        ({"stamped_at": None}, "no time stamp"),
        ({"checkpoint": note(witnessed=False)}, "witnesses"),
        ({"statement": other}, "own key statement"),
        ({"raw": close(tender="T-2")}, "another tender"),
    ):
        (fault,) = why_not(**given)
        assert words in fault


def test_a_receipted_bid_must_stand_in_the_close() -> None:
    bid = seal(world())
    receipt = parse_receipt(receipt_of(bid))
    leaves = [*leaves_with(leaf_of(bid.manifest.hash, AT)), leaf_hash(b"closed")]
    proof = consistency_proof(leaves_reader(leaves), len(leaves) - 1, len(leaves))
    fields = {"tree_size": len(leaves), "root": tree_root(leaves)}
    mine = [CloseEntry(INDEX, bid.manifest.hash, "valid")]
    listed = parse_close(close(entries=mine, **fields))
    dropped = parse_close(close(entries=[], **fields))
    assert check_in_close(receipt, listed, proof).state is State.PASS
    assert check_in_close(receipt, dropped, proof).state is State.FAIL
    assert check_in_close(receipt, listed, []).state is State.FAIL
    before = parse_close(close(entries=[], tree_size=INDEX, root=tree_root(leaves[:INDEX])))
    assert check_in_close(receipt, before, []).state is State.FAIL


def test_published_content_must_be_what_was_sealed() -> None:
    assert check_published(b"a" * 32, b"a" * 32).state is State.PASS
    assert check_published(b"a" * 32, b"b" * 32).state is State.FAIL


def test_an_unsigned_field_cannot_be_slipped_in() -> None:
    document = json.loads(close())
    document["note"] = "x"
    with pytest.raises(EncodingError):
        parse_close(dumps(document))
