"""Bid manifests, withdrawals, and admission's checks without a database."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from typing import Any

import pytest

from bidding.vault import content
from bidding.vault.encoding import EncodingError
from bidding.vault.manifest import (
    admission_faults,
    build_withdrawal,
    parse_manifest,
    parse_withdrawal,
    received_faults,
    replay_marks,
)
from bidding.vault.policy import Part
from bidding.vault.seal import SealError
from tests.bidding.vault.support import DEADLINE, changed, make_world, seal, world


def codes(raw: bytes) -> list[str]:
    return [fault.code for fault in admission_faults(world().policy, raw)]


def test_an_honest_manifest_has_no_fault() -> None:
    assert codes(seal(world()).manifest_raw) == []


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda m: m.update(policy="00" * 32), "bid.wrong-policy"),
        (lambda m: m.update(extra=1), "bid.malformed"),
        (lambda m: m["parts"][0].update(size=56 + 16400), "bid.part-size"),
        (lambda m: m["parts"][0].update(size=56 + 15), "bid.part-size"),
        (lambda m: m["parts"][0].update(size=56), "bid.part-size"),
        (lambda m: m["parts"][0].update(size=(1 << 31) + 8), "bid.part-size"),
        (lambda m: m.update(parts=[]), "bid.parts"),
        (lambda m: m["stages"][0]["shares"].__setitem__(1, m["stages"][0]["shares"][0]), "bid.shares"),
        (lambda m: m["stages"][0]["wraps"].pop(), "bid.malformed"),
        (lambda m: m["parts"][0].update(name="unlisted"), "bid.malformed"),
    ],
)
def test_each_structural_fault_is_named(change: Callable[[dict[str, Any]], None], code: str) -> None:
    assert code in codes(changed(seal(world()), change))


def test_bytes_that_are_no_json_are_malformed() -> None:
    assert codes(b"{") == ["bid.malformed"]


def test_received_bytes_must_be_those_of_the_manifest() -> None:
    bid = seal(world())
    part, good = bid.manifest.parts[0], bid.ciphertexts["sheet"]
    assert received_faults(part, io.BytesIO(good)) == []
    cut = received_faults(part, io.BytesIO(good[:-1]))
    assert [fault.code for fault in cut] == ["bid.received-size", "bid.received-tree"]
    altered = bytes([good[0] ^ 1]) + good[1:]
    codes = [fault.code for fault in received_faults(part, io.BytesIO(altered))]
    assert codes == ["bid.received-tree", "bid.received-head"]


def test_a_replayed_bid_shares_marks_with_the_first_and_a_new_one_none() -> None:
    w = world()
    first, second = seal(w), seal(w)
    copied = parse_manifest(
        changed(first, lambda m: m.update(bidder={"id": "B-2", "cert_sha256": "00" * 32}))
    )
    assert set(replay_marks(first.manifest)) == set(replay_marks(copied))
    assert not set(replay_marks(first.manifest)) & set(replay_marks(second.manifest))
    assert len(replay_marks(first.manifest)) == 1 + 1 + 3


def test_a_withdrawal_names_bid_and_bidder() -> None:
    bid = seal(world())
    withdrawal = parse_withdrawal(build_withdrawal(bid.manifest, DEADLINE))
    assert withdrawal.manifest == bid.manifest.hash
    assert withdrawal.bidder == bid.manifest.bidder
    with pytest.raises(EncodingError):
        parse_withdrawal(bid.manifest_raw)


def test_a_replacement_names_what_it_replaces() -> None:
    first = seal(world())
    second = seal(world(), seq=2, replaces=first.manifest.hash)
    assert (second.manifest.seq, second.manifest.replaces) == (2, first.manifest.hash)


def test_parts_that_the_policy_lacks_or_that_are_too_large_are_not_sealed() -> None:
    small = make_world(parts=[Part("sheet", "opening", content.sealed_size(0), True)])
    seal(small, {"sheet": b"x" * 16376})
    with pytest.raises(SealError, match="larger"):
        seal(small, {"sheet": b"x" * 16377})
    with pytest.raises(SealError, match="no part"):
        seal(small, {"other": b""})
    with pytest.raises(SealError, match="each once"):
        seal(small, {})


def test_the_same_bid_sealed_twice_shows_nothing_in_common() -> None:
    w = world()
    data = os.urandom(100)
    first, second = seal(w, {"sheet": data}), seal(w, {"sheet": data})
    assert first.manifest.parts[0].tree != second.manifest.parts[0].tree
    assert first.manifest.binding != second.manifest.binding
