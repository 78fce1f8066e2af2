"""Score cards: what is read from a report beside each figure."""

from __future__ import annotations

from fractions import Fraction

from bidding.evaluation.report_card import card_of, cards
from tests.bidding.evaluation.goods import MEMBERS, case, goods_inputs, goods_report


def test_every_card_of_the_case_has_the_expected_points_rank_and_total() -> None:
    inputs, expected = goods_inputs(), case()["expected"]
    found = {card.bid: card for card in cards(goods_report(inputs), inputs)}
    scored = {bid: figures for bid, figures in expected["bids"].items() if "total" in figures}
    assert found.keys() == scored.keys()
    for bid, figures in scored.items():
        card = found[bid]
        assert (card.total, card.price.points) == (figures["total"], figures["price_points"])
        assert {row.item: row.points for row in card.rows} == figures["items"]


def test_the_printed_formula_gives_the_printed_points() -> None:
    inputs = goods_inputs()
    for card in cards(goods_report(inputs), inputs):
        price = card.price
        benchmark, own = (Fraction(text.replace(",", "")) for text in (price.benchmark, price.price))
        exact = benchmark / own * Fraction(price.weight)
        assert exact == Fraction(price.exact)
        for row in card.rows:
            mean = sum(Fraction(mark.score) for mark in row.marks) / len(row.marks)
            assert mean / Fraction(row.max) * Fraction(row.weight) == Fraction(row.exact)


def test_cards_stand_in_rank_order_and_marks_in_the_order_of_the_seats() -> None:
    inputs = goods_inputs()
    found = cards(goods_report(inputs), inputs)
    assert [card.bid for card in found] == case()["expected"]["ranking"]
    assert [card.rank for card in found] == [1, 2, 3, 4]
    assert all(tuple(mark.member for mark in row.marks) == MEMBERS for card in found for row in card.rows)


def test_an_outlier_stands_flagged_with_rule_and_reason() -> None:
    inputs = goods_inputs()
    bid, item, seat = case()["expected"]["outlier_flags"][0]
    score = next(entry for entry in inputs["bids"] if entry["id"] == bid)["scores"][item][f"m{seat}"]
    said = [
        {
            "bid": bid,
            "item": item,
            "member": f"m{seat}",
            "score": score,
            "rules": ["ratio"],
            "reason": "样机未带",
        }
    ]
    card = card_of(bid, goods_report(inputs, score_reasons=said), inputs)
    assert card is not None
    row, mark = next((row, mark) for row, mark in card.flagged if row.item == item)
    assert (mark.member, mark.reason) == (f"m{seat}", "样机未带") and "ratio" in mark.rules


def test_a_corrected_mark_shows_what_it_was_and_counts_as_it_is() -> None:
    inputs = goods_inputs()
    bid, item, seat = case()["expected"]["outlier_flags"][0]
    row = next(entry for entry in inputs["bids"] if entry["id"] == bid)["scores"][item]
    before, after = row[f"m{seat}"], row["m1" if seat != 1 else "m2"]
    change = {
        "bid": bid,
        "item": item,
        "member": f"m{seat}",
        "ground": "outlier",
        "before": before,
        "after": after,
    }
    inputs["corrections"] = [change]
    card = card_of(bid, goods_report(inputs), inputs)
    assert card is not None
    shown = next(each for each in card.rows if each.item == item)
    mark = shown.marks[seat - 1]
    assert (mark.before, mark.score) == (before, after)
    mean = sum(Fraction(each.score) for each in shown.marks) / len(shown.marks)
    assert mean / Fraction(shown.max) * Fraction(shown.weight) == Fraction(shown.exact)


def test_a_bid_that_was_not_scored_has_no_card() -> None:
    inputs = goods_inputs()
    report = goods_report(inputs)
    assert card_of(report["result"]["rejected"][0]["id"], report, inputs) is None
