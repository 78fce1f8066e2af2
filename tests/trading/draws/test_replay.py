"""Whole draws: vectors, properties, and what is refused with which reason."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.draws.ceremonies import ceremony
from tests.draws.mutations import byte_mutated, raw_bytes
from trading.draws.calling import order
from trading.draws.draw import read_transcript, replay
from trading.draws.hashing import FAMILIES
from trading.draws.refusal import DrawError

VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "draw_ebid.json").read_text())
REASONS = {
    "one candidate row dropped": "LIST_DIFFERS",
    "row moved (order broken)": "ROWS_UNORDERED",
    "list swapped after the announcement (root recomputed in params only)": "SLIPS_UNOPENED",
    "a slip altered at reveal": "SLIPS_UNOPENED",
    "a mandatory party left out after the reveal": "PARTY_MISSING",
    "another party's slips copied": "SLIPS_UNOPENED",
    "beacon value added though none announced": "BEACON_UNEXPECTED",
    "pending handle not settled": "WAVE_UNSETTLED",
    "outcome for a handle that was not called": "WAVE_UNSETTLED",
    "result panel altered": "RESULT_DIFFERS",
    "opened record altered": "OPENING_DIFFERS",
    "quota changed after announcement": "SLIPS_UNOPENED",
}
numbers = st.integers(min_value=0, max_value=2**32)
TEN = [{"id": "win", "quota": 3, "tags": ["A"]}]


def code_of(transcript: Any, seen: frozenset[bytes] = frozenset()) -> str:
    with pytest.raises(DrawError) as refused:
        replay(transcript, seen)
    return refused.value.code


@pytest.mark.parametrize("entry", VECTORS["negative"], ids=lambda entry: entry["name"])
def test_a_bent_draw_is_refused_for_its_reason(entry: Any) -> None:
    assert code_of(entry["transcript"]) == REASONS[entry["name"]]


@given(numbers)
@settings(max_examples=40, deadline=None)
def test_any_complete_ceremony_replays_to_its_published_result(number: int) -> None:
    transcript = ceremony(number).transcript
    found = replay(read_transcript(raw_bytes(transcript)))
    assert found.result == transcript["result"]


@given(numbers)
@settings(max_examples=40, deadline=None)
def test_any_other_byte_is_refused_unless_it_only_renames_a_refusal(number: int) -> None:
    transcript = ceremony(number).transcript
    raw = byte_mutated(raw_bytes(transcript), random.Random(number))
    try:
        replay(read_transcript(raw))
    except DrawError:
        return
    # Declined, no answer and recused have the same effect; which it was, the ledger's wave binds.
    changed = read_transcript(raw)
    assert {**changed, "waves": 0} == {**transcript, "waves": 0}
    for wave, before in zip(changed["waves"], transcript["waves"], strict=True):
        assert {h: o for h, o in wave.items() if o not in "DNR"} == {
            h: o for h, o in before.items() if o not in "DNR"
        }


@given(numbers)
@settings(max_examples=25, deadline=None)
def test_the_order_of_parties_and_of_answers_does_not_matter(number: int) -> None:
    transcript = ceremony(number).transcript
    turned = dict(transcript)
    for part in ("commits", "slips", "openings"):
        turned[part] = dict(reversed(transcript[part].items()))
    turned["waves"] = [dict(reversed(wave.items())) for wave in transcript["waves"]]
    assert replay(turned).result_hash == replay(transcript).result_hash


@given(numbers)
@settings(max_examples=25, deadline=None)
def test_the_order_depends_on_seed_and_handles_only(number: int) -> None:
    rows = ceremony(number).transcript["rows"]
    family, seed = FAMILIES["sha256"], number.to_bytes(32, "big")
    shuffled = random.Random(number).sample(rows, len(rows))
    assert order(family, seed, shuffled) == order(family, seed, rows)


def test_a_slip_of_another_draw_is_refused() -> None:
    transcript = ceremony(7).transcript
    used = bytes.fromhex(next(iter(transcript["slips"].values()))[0])
    assert code_of(transcript, frozenset({used})) == "SLIP_REUSED"
    assert replay(transcript, frozenset({bytes(32)})).seed


def test_an_announced_beacon_may_not_be_left_out() -> None:
    transcript = ceremony(8, beacon={"source": "dice", "rule": "digits"}).transcript
    assert code_of({**transcript, "beacon": ""}) == "BEACON_UNEXPECTED"


def test_a_result_is_refused_while_an_answer_is_open() -> None:
    whole = ceremony(9, waves=0).transcript
    bare = {**whole, "waves": whole["waves"][:-1]}
    assert whole["waves"]
    assert code_of(bare) == "WAVE_UNSETTLED"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("v", True),
        ("alg", "md5"),
        ("scope", "T-1/experts"),
        ("scope", "T-1/experts/01"),
        ("prev", ""),
        ("cap", -1),
        ("k", 1),
        ("k", 3),
        ("trustees", ["a", "b", "b"]),
        ("must", ["é"]),
        ("strata", []),
        ("strata", [*TEN, *TEN]),
        ("strata", [{"id": "x", "quota": 0, "tags": ["A"]}]),
        ("strata", [{"id": "x", "quota": 1, "tags": []}]),
        ("beacon", {"source": "dice"}),
        ("t_freeze", 0),
        ("extra", 1),
        ("list_size", 1.0),
    ],
)
def test_an_announcement_of_the_wrong_form_is_refused(field: str, value: Any) -> None:
    transcript = ceremony(3, k=2, trustees=("a", "b", "c")).transcript
    assert replay(transcript)
    assert code_of({**transcript, "params": {**transcript["params"], field: value}}) == "MALFORMED"


def test_bytes_that_are_not_canonical_are_refused() -> None:
    raw = raw_bytes(ceremony(4).transcript)
    for other in (
        b" " + raw,
        raw.replace(b'"v":1', b'"v":1.0'),
        raw.replace(b'"v":1', b'"v":1,"v":1'),
        b"\xff",
    ):
        with pytest.raises(DrawError, match="MALFORMED"):
            read_transcript(other)
