"""The whole evaluation by lowest price: RULES examples and properties."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bidding.evaluation.derivation import NAMES, TEMPLATES, render
from bidding.evaluation.exact import fixed
from bidding.evaluation.inputs import LIMITS_2026, check_rules, outside_limits, parse_bids, parse_decisions
from bidding.evaluation.lowest import evaluate
from bidding.evaluation.steps import ARTICLES, open_questions
from tests.bidding.evaluation.builders import bid, item, plain, rules, rules_json

LAW = {"mean": "0.50", "second": "0.50", "ceiling": "0.45", "exclude_self": False}
prices = st.lists(st.integers(100, 10**8).map(lambda n: f"{n // 100}.{n % 100:02d}"), min_size=3, max_size=7)


def ranks(result: Any) -> dict[str, int]:
    return {entry.id: entry.rank for entry in result.ranking}


def test_the_contract_price_of_a_deducted_winner_stays_its_bid_price() -> None:
    bids = [bid("A", "100.00"), bid("B", "110.00", claims=["micro-enterprise"]), bid("C", "125.00")]
    result = evaluate(rules(), bids)
    assert [(r.id, fixed(r.evaluation_price)) for r in result.ranking] == [
        ("B", "99.00"),
        ("A", "100.00"),
        ("C", "125.00"),
    ]
    assert result.as_json()["contract_price"] == "110.00"


def test_the_lines_use_the_bid_price_never_the_deducted_price() -> None:
    # 50 is on the line of half the second-lowest; deducted it would be 36.
    claimed = bid("A", "50.00", claims=["micro-enterprise", "domestic-product"])
    bids = [claimed, bid("B", "100.00"), bid("C", "100.00")]
    result = evaluate(rules(budget="111.00", abnormal=LAW), bids)
    assert result.triggers == {}


def test_of_one_brand_the_bid_price_counts_not_the_deducted_one() -> None:
    claimed = bid("B", "101.00", brand="K", claims=["micro-enterprise", "domestic-product"])
    bids = [bid("A", "100.00", brand="K"), claimed, *plain(["1.00", "1.00", "200.00", "210.00"])[2:]]
    assert [r.id for r in evaluate(rules(brand_ties=["evaluation-price"]), bids).rejected] == ["B"]


def test_a_suspicion_of_the_committee_needs_an_explanation_too() -> None:
    suspected = {"abnormal": {"suspected": True, "explained": False, "accepted": False}}
    result = evaluate(
        rules(), [bid("A", "90.00", suspected), *plain(["1.00", "100.00", "110.00", "120.00"])[1:]]
    )
    assert [(r.id, r.ground) for r in result.rejected] == [("A", "abnormally-low")]
    assert result.triggers == {"A": ("committee",)}


def test_an_abnormally_low_bid_does_not_shut_out_the_others_of_its_brand() -> None:
    bids = [
        bid("A", "10.00", brand="K"),
        bid("B", "100.00", brand="K"),
        bid("C", "101.00"),
        bid("D", "102.00"),
    ]
    result = evaluate(rules(budget="200.00", abnormal=LAW), bids)
    assert ranks(result) == {"B": 1, "C": 2, "D": 3}
    assert [r.ground for r in result.rejected] == ["abnormally-low"]


def test_nothing_is_decided_from_a_bid_that_is_listed_twice() -> None:
    with pytest.raises(ValueError):
        evaluate(rules(), plain(["1.00", "2.00", "3.00"]) + plain(["4.00"]))


def test_the_committee_is_told_what_it_must_ask() -> None:
    wrong = bid("A", "100.00", body="99.00")
    low = [bid("B", "40.00"), bid("C", "100.00"), bid("D", "101.00")]
    asked = open_questions(rules(budget="110.00", abnormal=LAW), [wrong, *low])
    assert list(asked.confirmations) == ["A"] and asked.explanations == {}
    answered = [bid("A", "100.00", {"confirmed": True}, body="99.00"), *low]
    asked = open_questions(rules(budget="110.00", abnormal=LAW), answered)
    assert asked.confirmations == {}
    assert asked.explanations == {"B": ("half_mean", "half_second_lowest", "ceiling")}


def test_nothing_is_asked_when_everything_was_answered() -> None:
    judged = {"abnormal": {"explained": True, "accepted": True}}
    bids = [bid("A", "40.00", judged), bid("B", "100.00"), bid("C", "101.00")]
    asked = open_questions(rules(budget="110.00", abnormal=LAW), bids)
    assert (asked.confirmations, asked.explanations) == ({}, {})


@settings(max_examples=60, deadline=None)
@given(prices, st.randoms(use_true_random=False))
def test_the_order_of_input_does_not_change_the_result(totals: list[str], shuffle: Any) -> None:
    bids = plain(totals)
    turned = list(bids)
    shuffle.shuffle(turned)
    terms = rules(abnormal=LAW, budget="1000000.00", ties=[])
    assert evaluate(terms, turned) == evaluate(terms, bids)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(100, 10**6), min_size=3, max_size=6), st.integers(2, 9))
def test_scaling_every_amount_keeps_ranks_and_rejections(fen: list[int], factor: int) -> None:
    def outcome(scale: int) -> tuple[Any, ...]:
        money = [f"{n * scale // 100}.{n * scale % 100:02d}" for n in fen]
        result = evaluate(rules(abnormal=LAW, budget=f"{20000 * scale}.00"), plain(money))
        return (
            result.outcome,
            ranks(result),
            [(r.id, r.ground) for r in result.rejected],
            dict(result.triggers),
        )

    assert outcome(factor) == outcome(1)


@settings(max_examples=60, deadline=None)
@given(prices)
def test_equal_prices_share_a_rank_and_wait_for_a_draw(totals: list[str]) -> None:
    result = evaluate(rules(ties=[], candidates=9), plain([*totals, totals[0]]))
    placed = ranks(result)
    for bid_id, rank in placed.items():
        better = [e for e in result.ranking if e.evaluation_price < _price(result, bid_id)]
        assert rank == len(better) + 1
    assert result.outcome == "tie" and result.winner is None
    assert any("A" in tie.bids for tie in result.ties)


@settings(max_examples=40, deadline=None)
@given(st.permutations(["A", "B", "C", "D"]))
def test_a_draw_of_the_tied_bids_settles_their_order(order: list[str]) -> None:
    result = evaluate(rules(ties=[]), plain(["100.00"] * 4), [tuple(order)])
    assert [(e.id, e.rank) for e in result.ranking] == list(zip(order, (1, 2, 3, 4), strict=True))
    assert result.winner is not None and result.winner.id == order[0]


@settings(max_examples=60, deadline=None)
@given(prices, st.sampled_from(["multiplicative", "additive"]))
def test_a_deduction_never_worsens_a_rank_nor_changes_a_bid_price(totals: list[str], stacking: str) -> None:
    before = evaluate(rules(), plain(totals))
    claimed = [bid("A", totals[0], claims=["micro-enterprise", "domestic-product"]), *plain(totals)[1:]]
    after = evaluate(rules(stacking=stacking), claimed)
    assert ranks(after)["A"] <= ranks(before)["A"]
    assert {e.id: e.bid_price for e in after.ranking} == {e.id: e.bid_price for e in before.ranking}


def _price(result: Any, bid_id: str) -> Fraction:
    return next(e.evaluation_price for e in result.ranking if e.id == bid_id)


def test_the_derivation_prints_in_any_language() -> None:
    claimed = bid("A", "110.00", {"confirmed": True}, body="111.00", claims=["micro-enterprise", "sheltered"])
    result = evaluate(rules(), [claimed, *plain(["1.00", "120.00", "130.00"])[1:]])
    english = [render(line) for line in result.derivations["A"]]
    assert (
        "Total of the price list: the price list says 111.00, the opening form 110.00; the opening form rules (M87 59(1))"
        in english
    )
    assert "Small or micro enterprise: deduction of 10.00 %" in english
    assert "Evaluation price: 99.00 (exactly 99)" in english
    chinese = {TEMPLATES["deduction"]: "{claim}：扣除{rate}%", NAMES["micro-enterprise"]: "小微企业"}
    assert "小微企业：扣除10.00%" in [
        render(line, lambda m: chinese.get(m, m)) for line in result.derivations["A"]
    ]


def test_a_corrected_item_is_printed_with_its_number_from_one() -> None:
    claimed = bid("A", "10.00", {"confirmed": True}, items=[item("5.00"), item("50.00", amount="5.00")])
    result = evaluate(rules(), [claimed, *plain(["1.00", "120.00", "130.00"])[1:]])
    assert "Item 2, unit price: decimal slip, 50.00 becomes 5.00" in render(result.derivations["A"][1])


def test_every_ground_and_failure_has_words() -> None:
    assert ARTICLES.keys() <= NAMES.keys()


def test_rules_out_of_shape_are_named_all_at_once() -> None:
    bad = rules_json(budget="1", stacking="both", candidates=0, ties=["earlier"], minimum=True)
    assert {fault.field for fault in check_rules(bad)} == {
        "budget",
        "stacking",
        "candidates",
        "ties",
        "minimum",
    }


def test_a_ceiling_above_the_budget_is_refused() -> None:
    assert [f.code for f in check_rules(rules_json(budget="10.00", ceiling="10.01"))] == [
        "ceiling-above-budget"
    ]
    assert check_rules(rules_json(budget="10.00", ceiling="10.00")) == []


def test_added_rates_that_leave_nothing_are_refused() -> None:
    whole = {"micro-enterprise": "0.50", "domestic-product": "0.50"}
    assert [f.field for f in check_rules(rules_json(deductions=whole, stacking="additive"))] == ["deductions"]
    assert check_rules(rules_json(deductions=whole)) == []


def test_rates_outside_the_laws_ranges_are_shown() -> None:
    lawful = rules(abnormal=LAW)
    assert outside_limits(lawful, LIMITS_2026) == []
    odd = rules(
        abnormal={"mean": "0.66", "second": "0.65", "ceiling": "0.44", "exclude_self": False},
        deductions={"micro-enterprise": "0.21", "micro-consortium": "0.04", "domestic-product": "0.19"},
    )
    assert {fault.field for fault in outside_limits(odd, LIMITS_2026)} == {
        "abnormal.mean",
        "abnormal.ceiling",
        "deductions.micro-enterprise",
        "deductions.domestic-product",
    }


@pytest.mark.parametrize(
    "raw",
    [
        {"unknown": 1},
        {"confirmed": "yes"},
        {"brand": 1},
        {"abnormal": {"explained": True}},
        {"claims_refused": "all"},
        5,
    ],
)
def test_decisions_that_cannot_be_read_are_an_error(raw: object) -> None:
    with pytest.raises(ValueError):
        parse_decisions(raw)


def test_a_bidder_listed_twice_is_an_error() -> None:
    entry = {"id": "A", "sheet": None, "decisions": {}}
    with pytest.raises(ValueError):
        parse_bids([entry, entry])
