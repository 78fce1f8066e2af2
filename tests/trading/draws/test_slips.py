"""Slips: nobody can bend, withhold or foresee a contribution alone."""

from __future__ import annotations

import random
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.draws.ceremonies import ceremony
from trading.draws import slips
from trading.draws.announcement import Params, parse_params
from trading.draws.refusal import DrawError

SCHEMES = st.sampled_from([(2, ("a", "b", "c")), (2, ("d", "c", "b", "a")), (3, ("e", "d", "c", "b", "a"))])


def prepared(number: int, scheme: tuple[int, tuple[str, ...]]) -> tuple[Params, list[bytes], list[bytes]]:
    """An announcement, a party's slips and its commitments."""
    k, trustees = scheme
    params = parse_params(ceremony(number, k=k, trustees=trustees).transcript["params"])
    drawn = slips.draw_slips(params, random.Random(number).randbytes)
    return params, drawn, slips.commit(params, "p", drawn)


@given(st.integers(0, 2**32), SCHEMES)
@settings(max_examples=20, deadline=None)
def test_any_k_trustees_recover_a_withheld_contribution_and_k_minus_1_never_do(
    number: int, scheme: Any
) -> None:
    params, drawn, commits = prepared(number, scheme)
    for group in combinations(params.trustees, params.k):
        assert slips.recover(params, "p", commits, [slips.dealt_to(params, t, drawn) for t in group]) == drawn
    for group in combinations(params.trustees, params.k - 1):
        with pytest.raises(DrawError, match="SLIPS_UNOPENED"):
            slips.recover(params, "p", commits, [slips.dealt_to(params, t, drawn) for t in group])


@given(st.integers(0, 2**32))
@settings(max_examples=10, deadline=None)
def test_a_recovered_contribution_gives_the_same_seed(number: int) -> None:
    transcript = ceremony(number, k=2, trustees=("a", "b", "c")).transcript
    params = parse_params(transcript["params"])
    commits = {p: [bytes.fromhex(c) for c in row] for p, row in transcript["commits"].items()}
    revealed = {p: [bytes.fromhex(s) for s in row] for p, row in transcript["slips"].items()}
    silent = sorted(revealed)[0]
    shares = [slips.dealt_to(params, trustee, revealed[silent]) for trustee in ("c", "a")]
    recovered = {**revealed, silent: slips.recover(params, silent, commits[silent], shares)}
    seed = slips.seed(params, slips.freeze(params, commits), recovered, transcript["beacon"])
    assert seed.hex() == transcript["result"]["seed"]


def test_a_false_slip_of_one_trustee_does_no_harm_where_another_holds_the_right_one() -> None:
    params, drawn, commits = prepared(1, (2, ("a", "b", "c")))
    shares = [slips.dealt_to(params, trustee, drawn) for trustee in params.trustees]
    shares[0] = {number: bytes(32) for number in shares[0]} | {99: bytes(32)}
    assert slips.recover(params, "p", commits, shares) == drawn


def test_a_trustee_acks_only_slips_that_open_the_commitments_and_are_all_there() -> None:
    params, drawn, commits = prepared(2, (2, ("a", "b", "c")))
    dealt = slips.dealt_to(params, "b", drawn)
    slips.check_deal(params, "b", "p", commits, dealt)
    first = min(dealt)
    for bent in (
        {**dealt, first: bytes(32)},
        {n: s for n, s in dealt.items() if n != first},
        dict(enumerate(drawn)),
    ):
        with pytest.raises(DrawError, match="SLIPS_UNOPENED"):
            slips.check_deal(params, "b", "p", commits, bent)


def test_a_commitment_of_one_party_serves_no_other_and_no_other_draw() -> None:
    params, drawn, commits = prepared(3, (2, ("a", "b", "c")))
    other, _, _ = prepared(4, (2, ("a", "b", "c")))
    assert slips.commit(params, "q", drawn) != commits
    assert slips.commit(other, "p", drawn) != commits


def test_slips_go_to_those_outside_their_subset() -> None:
    assert slips.holders(("c", "a", "b"), 2) == [["b", "c"], ["a", "c"], ["a", "b"]]
    assert len(slips.subsets(("1", "2", "3", "4", "5"), 3)) == 10
