"""Queues, calls and waves: quotas, caps, fallbacks, replacements, shortfalls, weights."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.draws.ceremonies import ceremony
from trading.draws.announcement import parse_params
from trading.draws.calling import Calling, order
from trading.draws.candidates import Candidate, build_list
from trading.draws.draw import replay
from trading.draws.hashing import FAMILIES
from trading.draws.refusal import DrawError

SHA = FAMILIES["sha256"]


def state(
    rows: list[dict[str, Any]], strata: list[dict[str, Any]], cap: int = 0, ordered: list[str] | None = None
) -> Calling:
    """A draw over rows whose order is that of the list unless given."""
    document = ceremony(1, k=2, trustees=("a", "b", "c"), beacon=None).transcript["params"]
    params = parse_params({**document, "strata": strata, "cap": cap})
    return Calling(params, rows, ordered or [row["h"] for row in rows if "x" not in row])


def row(number: int, *tags: str, groups: tuple[str, ...] = ()) -> dict[str, Any]:
    return {"h": f"{number:064x}", "g": [f"{g:>016}" for g in groups], "s": list(tags)}


def short(called: list[list[str]]) -> list[int]:
    return [int(handle, 16) for _, handle in called]


@given(st.integers(0, 2**32))
@settings(max_examples=40, deadline=None)
def test_no_group_ever_holds_more_seats_than_the_cap(number: int) -> None:
    transcript = ceremony(number, cap=1 + number % 2).transcript
    groups = {r["h"]: r["g"] for r in transcript["rows"] if "x" not in r}
    seated = [h for members in transcript["result"]["panel"].values() for h in members]
    taken = Counter(label for handle in seated for label in groups[handle])
    assert max(taken.values(), default=0) <= transcript["params"]["cap"]
    assert len(set(seated)) == len(seated)


@given(st.integers(0, 2**32))
@settings(max_examples=40, deadline=None)
def test_nobody_is_called_twice_and_no_excluded_candidate_ever(number: int) -> None:
    transcript = ceremony(number).transcript
    called = [handle for call in transcript["result"]["calls"] for _, handle in call]
    assert len(set(called)) == len(called)
    assert not set(called) & {r["h"] for r in transcript["rows"] if "x" in r}


def test_the_own_speciality_comes_before_the_announced_fallback() -> None:
    rows = [row(1, "A"), row(2, "A01"), row(3, "B"), row(4, "A01", "A")]
    draw = state(rows, [{"id": "s", "quota": 3, "tags": ["A01", "A"]}])
    assert short(draw.call()) == [2, 4, 1]


def test_a_capped_candidate_is_passed_over_and_may_come_back() -> None:
    rows = [row(1, "A", groups=("7",)), row(2, "A", groups=("7",)), row(3, "A"), row(4, "A")]
    draw = state(rows, [{"id": "s", "quota": 2, "tags": ["A"]}], cap=1)
    assert short(draw.call()) == [1, 3]
    draw.settle({rows[0]["h"]: "D", rows[2]["h"]: "A"})
    assert short(draw.call()) == [2]


def test_a_member_removed_later_is_replaced_from_the_same_order() -> None:
    rows = [row(n, "A") for n in range(1, 5)]
    draw = state(rows, [{"id": "s", "quota": 2, "tags": ["A"]}])
    draw.call()
    draw.settle(dict.fromkeys(draw.pending, "A"))
    assert draw.call() == []
    draw.settle({rows[1]["h"]: "X"})
    assert short(draw.call()) == [3]
    draw.settle({rows[2]["h"]: "A"})
    draw.call()
    assert draw.result(bytes(32))["panel"] == {"s": [rows[0]["h"], rows[2]["h"]]}


def test_seats_that_nobody_can_take_are_the_shortfall() -> None:
    rows = [row(1, "A"), row(2, "B")]
    draw = state(rows, [{"id": "s", "quota": 3, "tags": ["A"]}, {"id": "t", "quota": 1, "tags": ["B"]}])
    draw.settle(dict.fromkeys((handle for _, handle in draw.call()), "A"))
    draw.call()
    assert draw.result(bytes(32))["short"] == {"s": 2}


@pytest.mark.parametrize("outcome", ["X", ""])
def test_an_answer_must_be_one_that_a_called_candidate_can_give(outcome: str) -> None:
    draw = state([row(1, "A")], [{"id": "s", "quota": 1, "tags": ["A"]}])
    ((_, handle),) = draw.call()
    with pytest.raises(DrawError, match="WAVE_UNSETTLED"):
        draw.settle({handle: outcome})


def test_a_refused_wave_changes_nothing() -> None:
    draw = state([row(1, "A"), row(2, "A")], [{"id": "s", "quota": 1, "tags": ["A"]}])
    ((_, handle),) = draw.call()
    with pytest.raises(DrawError, match="WAVE_UNSETTLED"):
        draw.settle({handle: "D", row(2)["h"]: "A"})
    assert list(draw.pending) == [handle]
    assert draw.members == {}


def test_a_supplementary_draw_points_back_to_the_one_that_fell_short() -> None:
    first = replay(ceremony(5, answers="DN").transcript)
    assert first.result["short"]
    again = replay(ceremony(6, prev=first.result_hash.hex()).transcript)
    assert again.params.prev == first.result_hash.hex()


def test_weights_are_chances() -> None:
    """Weight 3 of 6: first in half of the draws; four standard deviations at most."""
    people = [Candidate({"id": n}, (f"unit{n}",), ("A",), weight) for n, weight in enumerate((1, 2, 3))]
    count = iter(range(10**6))
    listed = build_list(SHA, "T-1/lottery/1", people, 1, lambda n: SHA.tagged("nonce", str(next(count))))
    owner = {handle: record["id"] for handle, (_, record) in listed.openings.items()}
    assert len(listed.rows) == 6
    draws = 4000
    firsts = Counter(owner[order(SHA, SHA.tagged("s", str(n)), listed.rows)[0]] for n in range(draws))
    for person, chance in ((0, 1 / 6), (1, 2 / 6), (2, 3 / 6)):
        assert abs(firsts[person] - draws * chance) < 4 * (draws * chance * (1 - chance)) ** 0.5


def test_of_a_weighted_candidate_only_the_first_ticket_counts() -> None:
    people = [Candidate({"id": n}, (), ("A",), 3) for n in range(4)]
    transcript = ceremony(
        11, candidates=people, cap=1, strata=[{"id": "s", "quota": 4, "tags": ["A"]}], answers="A", waves=1
    ).transcript
    opened = {h: record["id"] for h, (_, record) in transcript["openings"].items()}
    assert sorted(opened[h] for h in transcript["result"]["panel"]["s"]) == [0, 1, 2, 3]


@pytest.mark.parametrize(("weight", "cap"), [(0, 1), (2, 0), (2, 2)])
def test_a_weight_needs_a_cap_of_one(weight: int, cap: int) -> None:
    with pytest.raises(ValueError, match="weight"):
        build_list(SHA, "T-1/lottery/1", [Candidate({"id": 1}, (), ("A",), weight)], cap, bytes)
