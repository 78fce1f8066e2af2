"""Custodians' and bidders' releases."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bidding.vault.encoding import EncodingError, b64
from bidding.vault.manifest import parse_manifest
from bidding.vault.open import Outcome, StageEvidence
from bidding.vault.release import (
    Answer,
    ReleaseError,
    answers,
    bidder_key_fits,
    build_bidder_release,
    build_release,
    check_release,
    parse_bidder_release,
    parse_release,
)
from tests.bidding.vault.support import DEADLINE, Bid, World, changed, judge, seal, world
from tests.bidding.vault.test_open import garbage
from trading.ledger.canonical import dumps


def release(w: World, bids: list[Bid], index: int = 1, **more: Any) -> bytes:
    manifests = [bid.manifest for bid in bids]
    seed = w.seeds["opening"][index]
    return build_release(w.policy, "opening", seed, manifests, close_hash=b"c" * 32, at=DEADLINE, **more)


def test_releases_of_t_custodians_open_every_listed_bid() -> None:
    w = world("custodian")
    bids = [seal(w), seal(w, bidder="B-2")]
    releases = [parse_release(release(w, bids, i)) for i in (1, 3)]
    assert all(check_release(w.policy, r, [b.manifest for b in bids]) == [] for r in releases)
    for bid in bids:
        evidence = StageEvidence(answers=answers(releases, "opening", bid.manifest.hash))
        assert judge(w, bid, evidence)[0].outcome is Outcome.OK


def test_a_bid_that_is_not_in_the_list_gets_no_share() -> None:
    w = world("custodian")
    listed, superseded = seal(w), seal(w)
    released = parse_release(release(w, [listed]))
    assert answers([released], "opening", superseded.manifest.hash) == []


def test_a_bad_wrap_is_claimed_and_the_seed_proves_it() -> None:
    w = world("custodian")
    good, bid = seal(w), seal(w)
    raw = changed(bid, garbage(1))
    bad = Bid(raw, parse_manifest(raw), bid.keys, bid.ciphertexts)
    claim = parse_release(release(w, [good, bad]))
    assert claim.bad == {bad.manifest.hash}
    assert answers([claim], "opening", bad.manifest.hash) == [Answer(1)]
    proof = parse_release(release(w, [good, bad], reveal_seed=True))
    evidence = StageEvidence(answers=answers([proof], "opening", bad.manifest.hash))
    assert judge(w, bad, evidence)[0].outcome is Outcome.BIDDER_FAULT
    assert answers([proof], "price", good.manifest.hash) == []


def altered(raw: bytes, **fields: Any) -> bytes:
    return dumps({**json.loads(raw), **fields})


def test_what_is_wrong_with_a_release_is_said() -> None:
    w = world("custodian")
    bid, other = seal(w), seal(w)
    raw = release(w, [bid])
    share = {"manifest": bid.manifest.hash.hex(), "share": b64(b"z" * 32)}
    foreign = {"manifest": "00" * 32, "share": b64(b"z" * 32)}
    for bad, manifests, words in (
        (altered(raw, index=9), [bid], "no custodian 9"),
        (altered(raw, index=2), [bid], "not the committed one"),
        (altered(raw, shares=[share]), [bid], "not the committed one"),
        (altered(raw, shares=[foreign]), [], "not to be opened"),
        (altered(raw, seed=b64(b"z" * 32)), [bid], "the seed is not"),
        (raw, [bid, other], "passes over"),
    ):
        faults = check_release(w.policy, parse_release(bad), [b.manifest for b in manifests])
        assert len(faults) == 1, faults
        assert words in faults[0]


def test_a_release_that_names_a_bid_twice_is_malformed() -> None:
    w = world("custodian")
    bid = seal(w)
    raw = altered(release(w, [bid]), bad=[bid.manifest.hash.hex()])
    with pytest.raises(EncodingError, match="twice"):
        parse_release(raw)


def test_only_a_custodian_of_the_stage_can_release() -> None:
    w = world("custodian")
    for stage, seed in (("opening", b"z" * 32), ("price", w.seeds["opening"][1])):
        with pytest.raises(ReleaseError):
            build_release(w.policy, stage, seed, [], close_hash=b"c" * 32, at=DEADLINE)


def test_a_bidders_release_is_checked_at_once_except_in_dual_mode() -> None:
    for mode, right, wrong in (("either", True, False), ("bidder", True, False), ("dual", None, None)):
        w = world(mode)
        bid = seal(w)
        released = parse_bidder_release(build_bidder_release(bid.manifest, "opening", bid.keys["opening"]))
        assert released.manifest == bid.manifest.hash
        stage = w.policy.stages[0]
        assert bidder_key_fits(stage, bid.manifest, released.kb) is right
        assert bidder_key_fits(stage, bid.manifest, b"z" * 32) is wrong
