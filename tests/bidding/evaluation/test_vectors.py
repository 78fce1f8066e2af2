"""The cases of docs/protocols/evaluation.md that two independent programs must reproduce."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bidding.evaluation.derivation import render
from bidding.evaluation.inputs import parse_bids, parse_draws, parse_rules
from bidding.evaluation.lowest import evaluate, evaluate_json
from bidding.evaluation.report import FAILURES, OF_RESPONSES
from tradehall_verify import derivations, evaluate_lowest_price

CASES = json.loads((Path(__file__).parents[2] / "vectors" / "lowest_price.json").read_text("utf-8"))["cases"]


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_a_published_case_comes_out_as_published(case: dict[str, Any]) -> None:
    assert evaluate_json(case["input"]) == case["output"]


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_every_bid_of_a_case_has_a_derivation_that_prints(case: dict[str, Any]) -> None:
    raw = case["input"]
    result = evaluate(parse_rules(raw["rules"]), parse_bids(raw["bids"]), parse_draws(raw.get("draws", [])))
    again = derivations(raw)
    for bid, lines in result.derivations_json().items():
        assert [line for line in lines if line not in again[bid]] == []
        assert result.failure or len(lines) == len(again[bid])
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


FEW = [case for case in CASES if case["output"].get("failure")]
ENDS = {"inquiry": "M74 48(3)", "negotiation": "M74 37(3)"}


@pytest.mark.parametrize("procurement", ENDS)
@pytest.mark.parametrize("case", FEW, ids=[case["id"] for case in FEW])
def test_too_few_suppliers_end_another_procurement_than_a_tender_by_its_own_article(
    case: dict[str, Any], procurement: str
) -> None:
    """At every stage: too few responses, too few that passed the review, none within the budget, too few valid ones."""
    raw = case["input"] | {"rules": case["input"]["rules"] | {"procurement": procurement}}
    found = evaluate_json(raw)
    assert found["outcome"] == "failed" and found["failure"]["article"] == ENDS[procurement]
    assert found["failure"]["code"] == case["output"]["failure"]["code"]
    assert evaluate_lowest_price(raw)["failure"] == found["failure"]
    assert FAILURES[found["failure"]["code"]] and OF_RESPONSES[found["failure"]["code"]], (
        "the notice has words for it"
    )


@pytest.mark.parametrize(
    ("left", "minimum", "outcome"), [(1, 3, "failed"), (0, 3, "ranked"), (1, 2, "ranked"), (2, 2, "failed")]
)
def test_final_offers_are_counted_by_the_least_number_that_was_published(
    left: int, minimum: int, outcome: str
) -> None:
    """Three remained after the talks; whoever made no final offer has left."""
    case = next(
        case
        for case in CASES
        if case["output"].get("outcome") == "ranked" and len(case["input"]["bids"]) >= 3
    )
    bids = [bid | {"decisions": dict(bid["decisions"])} for bid in case["input"]["bids"][:3]]
    for bid in bids[:left]:
        bid["sheet"], bid["decisions"]["left"] = None, True
    raw = case["input"] | {
        "rules": case["input"]["rules"] | {"procurement": "negotiation", "minimum": minimum},
        "bids": bids,
    }
    found = evaluate_json(raw)
    assert found["outcome"] == outcome
    assert evaluate_lowest_price(raw)["outcome"] == outcome
    if outcome == "failed":
        assert (
            found["failure"]
            == {"code": "too-few-offers", "article": "M74 37(3)"}
            == evaluate_lowest_price(raw)["failure"]
        )
