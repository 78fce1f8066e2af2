"""Comprehensive scoring as a whole: what the law demands of it, and properties."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bidding.evaluation.derivation import NAMES, render
from bidding.evaluation.scoring import evaluate_json
from bidding.evaluation.scoring_inputs import check_scoring_rules
from tests.bidding.evaluation.builders import rules_json, sheet
from trading.errors import Refused

MEMBERS = ["m1", "m2", "m3", "m4", "m5"]
CRITERIA = [
    {"id": "price", "kind": "price", "weight": "40"},
    {"id": "T", "kind": "subjective", "weight": "50", "max": "25"},
    {"id": "O", "kind": "objective", "weight": "10", "max": "10"},
]


def terms(**changes: Any) -> dict[str, Any]:
    own = {
        "method": "comprehensive-scoring",
        "category": "goods",
        "criteria": CRITERIA,
        "outliers": {"ratio": "0.30", "modified_z": "3.5"},
    }
    return rules_json(**{**own, **changes})


def offer(
    name: str, price: str, technical: list[str], objective: str = "8", **changes: Any
) -> dict[str, Any]:
    scores = {"T": dict(zip(MEMBERS, technical, strict=True)), "O": dict.fromkeys(MEMBERS, objective)}
    return {"id": name, "sheet": sheet(price, **changes), "decisions": {}, "scores": scores}


def evaluated(bids: list[dict[str, Any]], draws: Any = (), **changes: Any) -> dict[str, Any]:
    return evaluate_json(
        {"rules": terms(**changes), "members": MEMBERS, "bids": bids, "draws": [list(d) for d in draws]}
    )


def ranks(result: dict[str, Any]) -> list[tuple[str, int]]:
    return [(entry["id"], entry["rank"]) for entry in result["ranking"]]


THREE = [
    offer("A", "100.00", ["20"] * 5),
    offer("B", "110.00", ["22", "21", "22", "22", "22"]),
    offer("C", "125.00", ["10"] * 5),
]


def test_points_are_the_members_exact_mean_by_the_weight() -> None:
    score = evaluated(THREE)["scores"]["B"]
    assert score["items"]["T"] == {"points": "43.60", "exact": "218/5"}
    assert score["price_points"] == {"points": "36.36", "exact": "400/11"}
    assert score["total"] == {"points": "87.96", "exact": "4838/55"}


def test_weights_as_shares_of_one_give_the_same_result() -> None:
    shares = [{**node, "weight": f"{int(node['weight']) / 100}"} for node in CRITERIA]
    assert evaluated(THREE, criteria=shares) == evaluated(THREE)


def test_a_tree_gives_the_points_of_its_leaves() -> None:
    tree = [CRITERIA[0], {"id": "quality", "weight": "60", "items": CRITERIA[1:]}]
    assert evaluated(THREE, criteria=tree) == evaluated(THREE)


def test_a_deducted_price_becomes_the_benchmark_and_the_contract_keeps_the_bid_price() -> None:
    result = evaluated([THREE[0], offer("B", "110.00", ["22"] * 5, claims=["micro-enterprise"]), THREE[2]])
    assert result["benchmark"] == "99.00"
    assert result["scores"]["A"]["price_points"]["points"] == "39.60"
    assert (result["winner"], result["contract_price"]) == ("B", "110.00")


def test_an_outlier_is_flagged_with_its_rules_and_still_counts() -> None:
    bids = [offer("A", "100.00", ["18", "17.5", "18.5", "17", "9"]), *THREE[1:]]
    result = evaluated(bids)
    assert result["outliers"] == [{"bid": "A", "item": "T", "member": "m5", "rules": ["ratio", "modified-z"]}]
    assert result["scores"]["A"]["items"]["T"]["points"] == "32.00"


def test_the_modified_z_score_flags_where_the_ratio_does_not() -> None:
    bids = [offer("A", "100.00", ["20", "20.5", "20.5", "21", "17"]), *THREE[1:]]
    assert [flag["rules"] for flag in evaluated(bids)["outliers"]] == [["modified-z"]]
    only_ratio = {"ratio": "0.30", "modified_z": None}
    assert evaluated(bids, outliers=only_ratio)["outliers"] == []


def test_one_difference_among_equal_scores_is_no_outlier_by_the_z_score() -> None:
    assert evaluated([offer("A", "100.00", ["20", "20", "20", "20", "20.5"]), *THREE[1:]])["outliers"] == []


def test_members_who_differ_on_an_objective_item_stop_the_result() -> None:
    wrong = offer("A", "100.00", ["25"] * 5)
    wrong["scores"]["O"]["m3"] = "9"
    result = evaluated([wrong, *THREE[1:]])
    assert (result["outcome"], result["winner"]) == ("to-correct", None)
    assert result["disagreements"] == [{"bid": "A", "item": "O"}]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"m1": "25.01"}, "score-out-of-range"),
        ({"m1": None}, "score-missing"),
        ({"stranger": "5"}, "score-stranger"),
    ],
)
def test_a_score_sheet_with_a_fault_is_refused(change: dict[str, Any], code: str) -> None:
    wrong = offer("A", "100.00", ["20"] * 5)
    row = {**wrong["scores"]["T"], **change}
    wrong["scores"]["T"] = {who: score for who, score in row.items() if score is not None}
    with pytest.raises(Refused) as refused:
        evaluated([wrong, *THREE[1:]])
    assert [fault.code for fault in refused.value.faults] == [code]


@pytest.mark.parametrize("text", ["-1", "1e1", "20.", "020", "1.00001", 20])
def test_a_score_that_is_no_plain_number_is_refused(text: Any) -> None:
    wrong = offer("A", "100.00", ["20"] * 5)
    wrong["scores"]["T"]["m1"] = text
    with pytest.raises(ValueError):
        evaluated([wrong, *THREE[1:]])


def test_the_best_score_of_a_brand_keeps_the_place_and_the_others_price_still_counts() -> None:
    bids = [
        offer("A", "100.00", ["10"] * 5, brand="K"),
        offer("B", "110.00", ["22"] * 5, brand="k "),
        offer("C", "125.00", ["15"] * 5),
        offer("D", "130.00", ["15"] * 5),
    ]
    result = evaluated(bids)
    assert result["rejected"] == [{"id": "A", "ground": "same-brand", "article": "M87 31"}]
    assert result["benchmark"] == "100.00" and result["winner"] == "B"


def test_bids_of_one_brand_count_as_one_bidder() -> None:
    bids = [offer(name, price, ["20"] * 5, brand="K") for name, price in (("A", "100.00"), ("B", "101.00"))]
    result = evaluated([*bids, offer("C", "125.00", ["15"] * 5)])
    assert result["failure"] == {"code": "fewer-than-three-valid", "article": "GPL 36(1)"}


def test_equal_scores_go_by_the_bid_price_then_by_a_draw_of_exactly_them() -> None:
    # 40 × 100/125 = 32 points against 40: eight points are four of technical merit.
    bids = [
        offer("A", "125.00", ["20"] * 5),
        offer("B", "100.00", ["16"] * 5),
        offer("C", "200.00", ["1"] * 5),
    ]
    assert ranks(evaluated(bids)) == [("B", 1), ("A", 2), ("C", 3)]
    tied = [offer("A", "100.00", ["16"] * 5), *bids[1:]]
    result = evaluated(tied)
    assert (result["outcome"], result["ties"]) == ("tie", [{"stage": "rank", "bids": ["A", "B"]}])
    assert ranks(evaluated(tied, draws=[["B", "A"]])) == [("B", 1), ("A", 2), ("C", 3)]


def test_the_report_says_whether_one_member_decides_the_winner() -> None:
    bids = [
        offer("A", "100.00", ["20", "20", "20", "20", "20"]),
        offer("B", "100.00", ["19", "19", "19", "19", "25"]),
        offer("C", "125.00", ["15"] * 5),
    ]
    found = evaluated(bids)
    assert found["winner"] == "B"
    assert [entry["without"] for entry in found["sensitivity"] if entry["changes_first"]] == ["m5"]


def test_every_figure_of_a_bid_has_its_line() -> None:
    from bidding.evaluation.inputs import parse_draws
    from bidding.evaluation.scoring import evaluate
    from bidding.evaluation.scoring_inputs import parse_scored_bids, parse_scoring_rules

    bids = [offer("A", "100.00", ["18", "17.5", "18.5", "17", "9"]), *THREE[1:]]
    result = evaluate(parse_scoring_rules(terms()), MEMBERS, parse_scored_bids(bids), parse_draws([]))
    text = [render(line) for line in result.derivations["A"]]
    assert "Price: 100 ÷ 100 × 40 = 40.00 points (exactly 40)" in text
    assert "T: mean of 18, 17.5, 18.5, 17, 9 is 16 of 25, weight 50: 32.00 points (exactly 32)" in text
    assert (
        f"T: the score 9 is far from the others ({NAMES['modified-z']}); a written reason is needed" in text
    )
    assert "Total: 80.00 points (exactly 80)" in text


def faults(**changes: Any) -> list[str]:
    return [fault.code for fault in check_scoring_rules(terms(**changes))]


def weighted(price: str, technical: str) -> list[dict[str, Any]]:
    return [{**CRITERIA[0], "weight": price}, {**CRITERIA[1], "weight": technical}]


def test_the_price_weighs_at_least_30_percent_for_goods_and_10_for_services() -> None:
    assert faults(criteria=weighted("30", "70")) == []
    assert faults(criteria=weighted("29.99", "70.01")) == ["price-weight-too-low"]
    assert faults(criteria=weighted("10", "90"), category="services") == []
    assert faults(criteria=weighted("9.9", "90.1"), category="services") == ["price-weight-too-low"]


@pytest.mark.parametrize(
    ("criteria", "code"),
    [
        (weighted("40", "50"), "weights-sum"),
        ([CRITERIA[1], {**CRITERIA[1], "id": "U"}], "price-criterion"),
        ([*weighted("40", "30"), {**CRITERIA[1], "weight": "30"}], "criterion-twice"),
        ([CRITERIA[0], {"id": "G", "weight": "60", "items": CRITERIA[1:2]}], "weights-sum"),
        ([CRITERIA[0], {**CRITERIA[1], "weight": "60", "max": "0"}], "criterion-invalid"),
        ([], "criteria-missing"),
    ],
)
def test_criteria_that_the_law_or_the_format_forbids_are_named(criteria: Any, code: str) -> None:
    assert faults(criteria=criteria) == [code]


def test_a_qualification_condition_is_no_factor() -> None:
    items = {"qualification": ["ISO licence"], "conformity": []}
    criteria = [CRITERIA[0], {**CRITERIA[1], "weight": "60", "name": "iso licence"}]
    assert faults(criteria=criteria, items=items) == ["qualification-as-factor"]


scores = st.lists(st.integers(0, 50).map(lambda n: f"{Fraction(n, 2).__float__():g}"), min_size=5, max_size=5)
prices = st.integers(100, 10**6).map(lambda n: f"{n // 100}.{n % 100:02d}")


@st.composite
def tenders(draw: Any) -> list[dict[str, Any]]:
    names = "ABCDE"[: draw(st.integers(3, 5))]
    return [
        offer(name, draw(prices), draw(scores), draw(st.sampled_from(["0", "5", "10"]))) for name in names
    ]


@settings(max_examples=40, deadline=None)
@given(tenders(), st.randoms(use_true_random=False))
def test_the_order_of_bids_and_of_members_does_not_change_places(bids: Any, shuffle: Any) -> None:
    turned = [*bids]
    shuffle.shuffle(turned)
    assert evaluated(turned) == evaluated(bids)


@settings(max_examples=40, deadline=None)
@given(tenders())
def test_totals_are_exact_sums_between_0_and_100_and_ranks_follow_them(bids: Any) -> None:
    result = evaluated(bids, candidates=1)
    for score in result["scores"].values():
        parts = [score["price_points"], *score["items"].values()]
        assert sum(Fraction(part["exact"]) for part in parts) == Fraction(score["total"]["exact"])
        assert 0 <= Fraction(score["total"]["exact"]) <= 100
    totals = [Fraction(entry["total"]["exact"]) for entry in result["ranking"]]
    assert totals == sorted(totals, reverse=True)
    best = [Fraction(score["price_points"]["exact"]) for score in result["scores"].values()]
    assert max(best) == 40


@settings(max_examples=40, deadline=None)
@given(tenders())
def test_a_higher_score_never_costs_a_place(bids: Any) -> None:
    better = [{**bids[0], "scores": {**bids[0]["scores"], "T": dict.fromkeys(MEMBERS, "25")}}, *bids[1:]]
    name = bids[0]["id"]
    assert dict(ranks(evaluated(better)))[name] <= dict(ranks(evaluated(bids)))[name]
