"""Sealing and opening whole bids: four modes, stages, and every kind of fault."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from itertools import combinations
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bidding.vault import content, keys
from bidding.vault.encoding import b64
from bidding.vault.open import Finding, Outcome, StageEvidence, open_stage
from bidding.vault.release import Answer, unwrap
from tests.bidding.vault.support import SHEET, Bid, World, by_seeds, changed, judge, make_world, seal, world
from trading import hpke

MODES = ("custodian", "bidder", "dual", "either")
TWO = {"technical": "custodian", "price": "custodian"}


def enough(w: World, bid: Bid, mode: str) -> StageEvidence:
    kb = bid.keys["opening"] if mode in ("bidder", "dual") else None
    return StageEvidence(kb, by_seeds(w, (1, 2)) if mode != "bidder" else ())


def shares(w: World, bid: Bid, indexes: tuple[int, ...]) -> list[Answer]:
    stage = w.policy.stages[0]
    return [Answer(i, share=unwrap(stage, bid.manifest, i, w.seeds["opening"][i])) for i in indexes]


@settings(max_examples=30, deadline=None)
@given(st.sampled_from(MODES), st.binary(max_size=40_000))
def test_what_was_sealed_opens_in_every_mode(mode: str, data: bytes) -> None:
    w = world(mode)
    bid = seal(w, {"sheet": data})
    result, plain = judge(w, bid, enough(w, bid, mode))
    assert result.outcome is Outcome.OK
    assert plain == {"sheet": data}


def test_x_wing_custodians_open_a_bid() -> None:
    w = make_world(suite=hpke.X_WING)
    bid = seal(w)
    assert {len(wrap) for wrap in bid.manifest.stages[0].wraps} == {1168}
    result, plain = judge(w, bid, StageEvidence(answers=shares(w, bid, (2, 3))))
    assert (result.outcome, plain) == (Outcome.OK, {"sheet": SHEET})


@pytest.mark.parametrize("n", [2, 3, 5])
def test_any_t_custodians_open_and_fewer_wait(n: int) -> None:
    for t in range(2, n + 1):
        w = world("custodian", t, n)
        bid = seal(w)
        for count in range(n + 1):
            for chosen in combinations(range(1, n + 1), count):
                outcome = judge(w, bid, StageEvidence(answers=shares(w, bid, chosen)))[0].outcome
                assert outcome is (Outcome.OK if count >= t else Outcome.WAIT_CUSTODIANS)


def test_the_bidder_comes_first_and_custodians_are_the_remedy() -> None:
    w = world("either")
    bid = seal(w)
    assert judge(w, bid, StageEvidence())[0].outcome is Outcome.WAIT_CUSTODIANS
    assert judge(w, bid, StageEvidence(bid.keys["opening"]))[0].outcome is Outcome.OK
    assert judge(w, bid, StageEvidence(b"x" * 32))[0].outcome is Outcome.WRONG_KEY
    wrong_but_remedied = StageEvidence(b"x" * 32, shares(w, bid, (1, 3)))
    assert judge(w, bid, wrong_but_remedied)[0].outcome is Outcome.OK


def test_dual_needs_both() -> None:
    w = world("dual")
    bid = seal(w)
    kb = bid.keys["opening"]
    two = shares(w, bid, (1, 2))
    assert judge(w, bid, StageEvidence(kb, two))[0].outcome is Outcome.OK
    assert judge(w, bid, StageEvidence(None, two))[0].outcome is Outcome.WAIT_BIDDER
    assert judge(w, bid, StageEvidence(kb, two[:1]))[0].outcome is Outcome.WAIT_CUSTODIANS
    assert judge(w, bid, StageEvidence(b"x" * 32, two))[0].outcome is Outcome.WRONG_KEY


def test_a_bidders_stage_asks_no_custodian() -> None:
    w = world("bidder")
    bid = seal(w)
    assert bid.manifest.stages[0].wraps == ()
    assert judge(w, bid, StageEvidence())[0].outcome is Outcome.WAIT_BIDDER
    assert judge(w, bid, StageEvidence(b"x" * 32))[0].outcome is Outcome.WRONG_KEY


def test_a_wrong_seed_is_no_answer() -> None:
    w = world("custodian")
    bid = seal(w)
    wrong = [Answer(i, seed=b"z" * 32) for i in (1, 2, 3)]
    result, _ = judge(w, bid, StageEvidence(answers=wrong))
    assert result.outcome is Outcome.WAIT_CUSTODIANS
    assert result.stages[0].findings == tuple(Finding(i, "wrong-seed") for i in (1, 2, 3))


def test_a_corrupted_share_is_passed_over_until_all_have_answered() -> None:
    w = world("custodian")
    bid = seal(w)
    bad = [Answer(1, share=b"z" * 32), *shares(w, bid, (2,))]
    assert judge(w, bid, StageEvidence(answers=bad))[0].outcome is Outcome.WAIT_CUSTODIANS
    assert judge(w, bid, StageEvidence(answers=[*bad, *shares(w, bid, (3,))]))[0].outcome is Outcome.OK
    all_answered = [*bad, Answer(3)]
    result, _ = judge(w, bid, StageEvidence(answers=all_answered))
    assert result.outcome is Outcome.BIDDER_FAULT
    assert result.stages[0].findings == (Finding(1, "wrong-share"), Finding(3, "bad-claim"))


def test_a_bad_claim_without_the_seed_condemns_nobody() -> None:
    w = world("custodian")
    bid = seal(w)
    answers = [Answer(1), *shares(w, bid, (2, 3))]
    assert judge(w, bid, StageEvidence(answers=answers))[0].outcome is Outcome.OK


def garbage(index: int) -> Callable[[dict[str, Any]], None]:
    def change(document: dict[str, Any]) -> None:
        wraps = document["stages"][0]["wraps"]
        wraps[index - 1] = b64(os.urandom(len(wraps[index - 1]) * 3 // 4))

    return change


def test_a_garbage_wrap_is_the_bidders_fault_once_a_seed_shows_it() -> None:
    w = world("custodian")
    bid = seal(w)
    manifest = changed(bid, garbage(1))
    claim = [Answer(1), *shares(w, bid, (2,))]
    assert judge(w, bid, StageEvidence(answers=claim), manifest)[0].outcome is Outcome.WAIT_CUSTODIANS
    result, _ = judge(w, bid, StageEvidence(answers=by_seeds(w, (1,))), manifest)
    assert result.outcome is Outcome.BIDDER_FAULT
    assert result.stages[0].findings == (Finding(1, "bad-wrap"),)
    unseen = judge(w, bid, StageEvidence(answers=by_seeds(w, (2, 3))), manifest)[0]
    assert unseen.outcome is Outcome.OK


def test_an_outcome_ok_is_final_whatever_is_shown_later() -> None:
    w = world("custodian")
    bid = seal(w)
    manifest = changed(bid, garbage(1))
    first, _ = judge(w, bid, StageEvidence(answers=shares(w, bid, (2, 3))), manifest)
    later = StageEvidence(answers=by_seeds(w, (1, 2, 3)), found=first.stages[0].key)
    assert judge(w, bid, later, manifest)[0].outcome is Outcome.OK
    forged = StageEvidence(answers=by_seeds(w, (1, 2, 3)), found=b"z" * 32)
    assert judge(w, bid, forged, manifest)[0].outcome is Outcome.BIDDER_FAULT


def two_faced(w: World, bid: Bid) -> bytes:
    """Custodian 1 gets a share of the committed key, 2 and 3 shares of another; all commitments fit."""
    stage, b = w.policy.stages[0], bid.manifest.binding
    others = keys.deal(os.urandom(32), b, "opening", stage.t, stage.n)

    def change(document: dict[str, Any]) -> None:
        for index in (2, 3):
            share = others[index - 1]
            info = keys.wrap_info(b, "opening", index)
            wrap = hpke.seal(stage.suite, stage.custodians[index - 1].pk, info, share)
            document["stages"][0]["wraps"][index - 1] = b64(wrap)
            commitment = keys.share_commitment(b, "opening", index, share)
            document["stages"][0]["shares"][index - 1] = commitment.hex()

    return changed(bid, change)


@pytest.mark.parametrize("mode", ["custodian", "dual", "either"])
@pytest.mark.parametrize("chosen", [(1, 2), (2, 3), (1, 2, 3)])
def test_a_two_faced_dealer_is_found_out_by_any_quorum(mode: str, chosen: tuple[int, ...]) -> None:
    w = world(mode)
    bid = seal(w)
    evidence = StageEvidence(bid.keys["opening"] if mode == "dual" else None, by_seeds(w, chosen))
    assert judge(w, bid, evidence, two_faced(w, bid))[0].outcome is Outcome.BIDDER_FAULT


def test_a_two_faced_dealer_gains_nothing_by_releasing_the_key_itself() -> None:
    w = world("either")
    bid = seal(w)
    result, _ = judge(w, bid, StageEvidence(bid.keys["opening"]), two_faced(w, bid))
    assert result.outcome is Outcome.BIDDER_FAULT


@pytest.mark.parametrize("new_id", [False, True])
@pytest.mark.parametrize("mode", MODES)
def test_a_competitors_copy_opens_for_nobody(mode: str, new_id: bool) -> None:
    w = world(mode)
    bid = seal(w)

    def copy(document: dict[str, Any]) -> None:
        document["bidder"] = {"id": "B-2", "cert_sha256": "00" * 32}
        if new_id:
            document["bid_id"] = b64(os.urandom(16))

    result, _ = judge(w, bid, enough(w, bid, mode), changed(bid, copy))
    assert result.outcome is (Outcome.WRONG_KEY if mode == "bidder" else Outcome.BIDDER_FAULT)


def test_a_bid_replayed_in_another_tender_is_refused_and_would_not_open() -> None:
    w, other = world("custodian"), make_world({"opening": "custodian"}, tender="T-2")
    bid = seal(w)
    evidence = StageEvidence(answers=by_seeds(other, (1, 2)))
    assert judge(other, bid, evidence)[0].outcome is Outcome.WRONG_POLICY
    renamed = changed(bid, lambda m: m.update(policy=other.policy.hash.hex()))
    assert judge(other, bid, evidence, renamed)[0].outcome is Outcome.BIDDER_FAULT


def flipped(data: bytes, place: int) -> bytes:
    altered = bytearray(data)
    altered[place // 8 % len(data)] ^= 1 << place % 8
    return bytes(altered)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 1 << 20), st.booleans(), st.sampled_from(MODES))
def test_stored_bytes_that_differ_are_the_platforms_fault(place: int, cut: bool, mode: str) -> None:
    w = world(mode)
    bid = seal(w)
    good = bid.ciphertexts["sheet"]
    bad = good[: place % len(good)] if cut else flipped(good, place)
    with_keys = judge(w, bid, enough(w, bid, mode), ciphertexts={"sheet": bad})[0]
    before_keys = judge(w, bid, StageEvidence(), ciphertexts={"sheet": bad})[0]
    assert with_keys.outcome is before_keys.outcome is Outcome.STORAGE_FAULT


def test_missing_bytes_are_the_platforms_fault() -> None:
    w = world("either")
    bid = seal(w)
    evidence = StageEvidence(bid.keys["opening"])
    assert judge(w, bid, evidence, ciphertexts={"other": b""})[0].outcome is Outcome.STORAGE_FAULT


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 1 << 20))
def test_a_corrupt_ciphertext_under_the_bidders_own_tree_is_the_bidders_fault(place: int) -> None:
    w = world("either")
    bid = seal(w)
    bad = flipped(bid.ciphertexts["sheet"], place)
    found = content.measure(io.BytesIO(bad))
    manifest = changed(bid, lambda m: m["parts"][0].update(tree=found.tree.hex(), head=b64(found.head)))
    result, _ = judge(w, bid, StageEvidence(bid.keys["opening"]), manifest, {"sheet": bad})
    assert result.outcome is Outcome.BIDDER_FAULT
    assert result.part("sheet") is not None
    assert result.parts[0].cek is not None


@pytest.mark.parametrize("released", [False, True])
def test_a_head_that_is_not_that_of_the_sealed_bytes_is_the_bidders_fault(released: bool) -> None:
    w = world("either")
    bid = seal(w)
    manifest = changed(bid, lambda m: m["parts"][0].update(head=b64(bytes(56))))
    evidence = StageEvidence(bid.keys["opening"] if released else None)
    assert judge(w, bid, evidence, manifest)[0].outcome is Outcome.BIDDER_FAULT


@pytest.mark.parametrize(
    "change",
    [
        lambda m: m.update(extra=1),
        lambda m: m.pop("seq"),
        lambda m: m.update(seq="1"),
        lambda m: m.update(seq=True),
        lambda m: m["bidder"].update(cert_sha256="AB" * 32),
        lambda m: m["stages"][0]["wraps"].pop(),
        lambda m: m["stages"][0].update(kc_commit=None),
        lambda m: m["stages"][0]["wraps"].__setitem__(0, "AAAA"),
        lambda m: m["stages"].append(m["stages"][0]),
        lambda m: m["parts"].append(m["parts"][0]),
        lambda m: m["parts"][0].update(stage="other"),
        lambda m: m["parts"][0].update(name="unlisted"),
    ],
)
def test_a_manifest_that_is_not_exact_is_malformed(change: Callable[[dict[str, Any]], None]) -> None:
    w = world("custodian")
    bid = seal(w)
    result, _ = judge(w, bid, StageEvidence(answers=by_seeds(w, (1, 2))), changed(bid, change))
    assert result.outcome is Outcome.MALFORMED


def test_two_envelopes_are_opened_one_by_one() -> None:
    w = make_world(TWO)
    bid = seal(w, {"technical-sheet": b"plan", "price-sheet": b"99.00"})
    technical = StageEvidence(answers=by_seeds(w, (1, 3), "technical"))
    price = StageEvidence(answers=by_seeds(w, (2, 3), "price"))
    result, plain = judge(w, bid, {"technical": technical})
    assert plain == {"technical-sheet": b"plan"}
    assert [part.outcome for part in result.parts] == [Outcome.OK, Outcome.WAIT_CUSTODIANS]
    assert result.outcome is Outcome.WAIT_CUSTODIANS
    result, plain = judge(w, bid, {"technical": technical, "price": price})
    assert result.outcome is Outcome.OK
    assert plain == {"technical-sheet": b"plan", "price-sheet": b"99.00"}


def test_a_release_for_one_stage_never_opens_the_other() -> None:
    w = make_world(TWO)
    bid = seal(w, {"technical-sheet": b"plan", "price-sheet": b"99.00"})
    stage = w.policy.stage("technical")
    assert stage is not None
    as_seeds = by_seeds(w, (1, 2, 3), "technical")
    as_shares = [Answer(a.index, share=unwrap(stage, bid.manifest, a.index, a.seed or b"")) for a in as_seeds]
    for evidence in (StageEvidence(answers=as_seeds), StageEvidence(answers=as_shares)):
        result, plain = judge(w, bid, {"price": evidence})
        assert plain == {}
        assert result.parts[1].outcome is not Outcome.OK
    key = StageEvidence(bid.keys["technical"])
    assert judge(w, bid, {"price": key})[0].stages[1].outcome is Outcome.WRONG_KEY


def test_stage_keys_can_be_found_without_reading_any_ciphertext() -> None:
    w = world("either")
    bid = seal(w)
    found = open_stage(w.policy.stages[0], bid.manifest, StageEvidence(bid.keys["opening"]))
    assert found.key == bid.keys["opening"]


def test_the_same_randomness_gives_the_same_keys() -> None:
    w = world("dual")

    def rng(n: int) -> bytes:
        return bytes(range(n))

    first, second = seal(w, rng=rng), seal(w, rng=rng)
    assert first.keys == second.keys
    assert first.manifest.bid_id == second.manifest.bid_id
    assert first.manifest.stages[0].shares == second.manifest.stages[0].shares
    assert first.ciphertexts != second.ciphertexts  # salts are the library's own
