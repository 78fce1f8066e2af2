"""The cases of docs/protocols/evaluation.md that two independent programs must reproduce."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bidding.evaluation.derivation import render
from bidding.evaluation.inputs import parse_bids, parse_draws, parse_rules
from bidding.evaluation.lowest import evaluate, evaluate_json

CASES = json.loads((Path(__file__).parents[2] / "vectors" / "lowest_price.json").read_text("utf-8"))["cases"]


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_a_published_case_comes_out_as_published(case: dict[str, Any]) -> None:
    assert evaluate_json(case["input"]) == case["output"]


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_every_bid_of_a_case_has_a_derivation_that_prints(case: dict[str, Any]) -> None:
    raw = case["input"]
    result = evaluate(parse_rules(raw["rules"]), parse_bids(raw["bids"]), parse_draws(raw.get("draws", [])))
    printed = {bid: [render(line) for line in lines] for bid, lines in result.derivations.items()}
    assert printed.keys() == {bid["id"] for bid in raw["bids"]}
    for rejected in result.rejected:
        assert rejected.article in printed[rejected.id][-1]
    for ranked in result.ranking:
        assert printed[ranked.id][-1] == f"Rank {ranked.rank}"


def test_the_order_of_the_bids_means_nothing() -> None:
    for case in CASES:
        turned = {**case["input"], "bids": case["input"]["bids"][::-1]}
        assert evaluate_json(turned) == case["output"], case["id"]
