"""The verifier comes to the outcome that the hall comes to, whatever bidder and custodians release, and follows
a tender that ends early."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tradehall_verify as verifier
from bidding.vault import keys
from bidding.vault.encoding import b64, unb64
from bidding.vault.manifest import parse_manifest
from bidding.vault.open import StageEvidence, open_stage
from bidding.vault.release import Answer, unwrap
from tests.bidding.vault.support import Bid, World, seal, world
from tests.verifier.pki import Parties
from tests.verifier.story import SHEETS, Story
from trading import hpke
from trading.ledger.canonical import dumps

ANSWERS = ("none", "share", "wrong-share", "bad-claim", "seed", "wrong-seed", "wrong-seed-and-share")
KEYS = ("none", "right", "wrong")
MODES = ("custodian", "either", "dual")


DEALINGS = ("honest", "bad-wrap", "other-share")


def dealt(w: World, bid: Bid, how: str) -> Bid:
    """The bid as its bidder signs it: honest, with a spoiled wrap for custodian 1, or with a share for
    custodian 1 that lies on another polynomial."""
    document = json.loads(bid.manifest_raw)
    stage, rule = document["stages"][0], w.policy.stages[0]
    if how == "bad-wrap":
        wrap = bytearray(unb64(stage["wraps"][0]))
        wrap[-1] ^= 1
        stage["wraps"][0] = b64(bytes(wrap))
    if how == "other-share":
        b, share = bid.manifest.binding, b"another share".ljust(32)
        stage["shares"][0] = keys.share_commitment(b, rule.name, 1, share).hex()
        info = keys.wrap_info(b, rule.name, 1)
        stage["wraps"][0] = b64(hpke.seal(rule.suite, rule.custodians[0].pk, info, share))
    raw = dumps(document)
    return Bid(raw, parse_manifest(raw), bid.keys, bid.ciphertexts)


def release(w: World, bid: Bid, index: int, kind: str) -> dict[str, Any]:
    """A custodian's release of the given kind, as a JSON object."""
    seed = w.seeds["opening"][index]
    share = unwrap(w.policy.stages[0], bid.manifest, index, seed) or bytes(32)
    shown = {"share": share, "wrong-share": bytes(32), "wrong-seed-and-share": share}.get(kind)
    shares = [] if shown is None else [{"manifest": bid.manifest.hash.hex(), "share": b64(shown)}]
    seeds = {"seed": seed, "wrong-seed": b"z" * 32, "wrong-seed-and-share": b"z" * 32}
    return {
        "index": index,
        "shares": shares,
        "bad": [bid.manifest.hash.hex()] if kind == "bad-claim" else [],
        "seed": b64(seeds[kind]) if kind in seeds else None,
    }


def answer(bid: Bid, document: dict[str, Any]) -> Answer:
    share = unb64(document["shares"][0]["share"]) if document["shares"] else None
    seed = unb64(document["seed"]) if document["seed"] else None
    return Answer(document["index"], share, seed)


def verified(w: World, bid: Bid, key: bytes | None, releases: list[dict[str, Any]]) -> str:
    rule = json.loads(w.policy.raw)["stages"][0]
    stage = json.loads(bid.manifest_raw)["stages"][0]
    released = verifier.Released(bidder_key=key)
    for document in releases:
        verifier.take_answer(released, bid.manifest.binding, rule, stage, document, bid.manifest.hash.hex())
    return verifier.recover_stage_key(bid.manifest.binding, rule, stage, released)[0]


@settings(max_examples=150, deadline=None, derandomize=True)
@given(
    st.sampled_from(MODES),
    st.sampled_from(KEYS),
    st.tuples(*[st.sampled_from(ANSWERS)] * 3),
    st.sampled_from(DEALINGS),
)
def test_hall_and_verifier_agree_on_every_stage(
    mode: str, key: str, kinds: tuple[str, ...], how: str
) -> None:
    w = world(mode)
    bid = dealt(w, seal(w), how)
    own = bid.keys.get("opening", b"no key in mode custodian, so this").ljust(32)[:32]
    kb = {"none": None, "right": own, "wrong": hashlib.sha256(b"wrong").digest()}[key]
    releases = [release(w, bid, index, kind) for index, kind in enumerate(kinds, start=1) if kind != "none"]
    evidence = StageEvidence(kb, [answer(bid, document) for document in releases])
    found = open_stage(w.policy.stages[0], bid.manifest, evidence)
    assert verified(w, bid, kb, releases) == found.outcome.value


@pytest.mark.parametrize(
    ("kinds", "outcome"),
    [
        (("bad-claim", "bad-claim", "none"), "WRONG_KEY"),
        (("bad-claim", "bad-claim", "share"), "BIDDER_FAULT"),
    ],
)
def test_a_wrong_key_is_the_bidders_fault_once_every_custodian_has_answered(
    kinds: tuple[str, ...], outcome: str
) -> None:
    w = world("either")
    bid = seal(w)
    releases = [release(w, bid, index, kind) for index, kind in enumerate(kinds, start=1) if kind != "none"]
    assert verified(w, bid, b"x" * 32, releases) == outcome


# -- whole bundles -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def parties() -> Parties:
    return Parties()


def run(story: Story, folder: Path) -> tuple[int, str]:
    """Exit code and output of the verifier over the story's regulator bundle."""
    (folder / "bundle.tar").write_bytes(story.pack())
    (folder / "trust.json").write_bytes(story.trust())
    lines: list[str] = []
    code = verifier.main([str(folder / "bundle.tar"), "--trust", str(folder / "trust.json")], lines.append)
    return code, "\n".join(lines)


class WithoutDocuments(Story):
    """Bidder 2 sends the price sheet only: admission lets it, the committee will judge it."""

    @staticmethod
    def content(who: int) -> dict[str, bytes]:
        return {"price-sheet": SHEETS[who]} if who == 1 else Story.content(who)


class Failed(Story):
    """The hall fails the tender instead of opening it."""

    def opening(self) -> None:
        self.act("tender.failed", {"reason": "fewer than three bidders", "article": "M87 43"})

    def evaluation(self) -> None:
        pass

    def results(self) -> None:
        pass


class TwoBidders(Failed):
    def bids(self) -> None:
        self.rows = []
        for who in (0, 1):
            self.bid(who, 1, "valid")


class OpenedAllTheSame(TwoBidders):
    def opening(self) -> None:
        Story.opening(self)
        super().opening()


def test_a_bid_without_a_part_that_the_policy_allows_is_opened_as_it_is(
    parties: Parties, tmp_path: Path
) -> None:
    code, text = run(WithoutDocuments(parties).build(), tmp_path)
    assert (code, "V8  ok   3 of 3 bids opened from released keys" in text) == (0, True), text


def test_a_tender_that_failed_for_two_bidders_is_verified_unopened(parties: Parties, tmp_path: Path) -> None:
    code, text = run(TwoBidders(parties).build(), tmp_path)
    assert (code, "V8  --   nothing was opened" in text) == (0, True), text
    assert "(tender.failed): fewer than three bidders (M87 43)" in text


def test_a_tender_failed_for_few_bidders_although_enough_had_bid_is_named(
    parties: Parties, tmp_path: Path
) -> None:
    code, text = run(Failed(parties).build(), tmp_path)
    assert code == 1
    assert "the tender was failed for too few bidders, but 3 had bid and 3 are enough" in text


def test_bids_opened_although_too_few_had_bid_are_named(parties: Parties, tmp_path: Path) -> None:
    code, text = run(OpenedAllTheSame(parties).build(), tmp_path)
    assert code == 1
    assert "(vault.released) opened bids of a tender that had failed for too few bidders" in text
