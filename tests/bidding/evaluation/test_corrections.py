"""M87 art. 59: the four corrections, their order, and that they settle."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from bidding.evaluation.corrections import Corrected, correct
from bidding.evaluation.pricesheet import parse
from tests.bidding.evaluation.builders import item, sheet
from trading.money import capitals


def corrected(total: str, **changes: Any) -> Corrected:
    return correct(parse(sheet(total, **changes)))


def rules_of(result: Corrected) -> list[str]:
    return [step.rule for step in result.steps]


def test_a_consistent_sheet_needs_no_confirmation() -> None:
    result = corrected("100.00")
    assert (result.price, result.steps, result.needs_confirmation) == (100, (), False)


def test_the_opening_form_beats_the_body() -> None:
    result = corrected("100.00", body="90.00")
    assert [step.as_json() for step in result.steps] == [
        {"rule": "59-1", "field": "body.total", "before": "90.00", "after": "100.00"}
    ]
    assert result.price == 100


def test_words_beat_figures() -> None:
    result = corrected("100.00", words="玖拾元整", items=[item("90.00")])
    assert (result.price, rules_of(result)) == (90, ["59-2"])


def test_a_decimal_slip_is_amended_to_meet_the_total_of_the_opening_form() -> None:
    result = corrected("1000.00", items=[item("10000.00", "1", "1000.00")])
    assert result.price == 1000
    assert result.sheet.items[0].unit_price == 1000
    assert rules_of(result) == ["59-3"]


def test_a_slip_of_a_percentage_shifts_by_two_places() -> None:
    result = corrected("600.00", items=[item("5.00", "100", "500.00"), item("100.00", "100", "10000.00")])
    assert (result.price, result.sheet.items[1].unit_price) == (600, 1)


def test_a_slip_that_two_items_fit_is_left_to_the_unit_prices() -> None:
    result = corrected("110.00", items=[item("10.00"), item("10.00")])
    assert (result.price, rules_of(result)) == (20, ["59-4"])


def test_a_shift_that_needs_a_third_decimal_is_no_slip() -> None:
    result = corrected("1.23", items=[item("12.34", "1", "12.34")])
    assert (result.price, rules_of(result)) == (Fraction("12.34"), ["59-4"])


def test_unit_prices_beat_the_total() -> None:
    result = corrected("1000.00", items=[item("333.00", "3", "1000.00")])
    assert result.price == 999
    assert [(s.field, s.after) for s in result.steps] == [("body.items[0].amount", 999), ("total", 999)]


def test_several_contradictions_are_corrected_in_the_order_of_the_article() -> None:
    result = corrected("100.00", body="90.00", words="壹佰零壹元整", items=[item("51.00", "2", "100.00")])
    assert rules_of(result) == ["59-1", "59-2", "59-4", "59-4"]
    assert result.price == 102


def test_a_line_amount_is_rounded_half_up_to_the_fen() -> None:
    assert corrected("0.13", items=[item("0.25", "0.5", "0.13")]).steps == ()


money = st.integers(1, 10**7).map(lambda n: f"{n // 100}.{n % 100:02d}")
quantity = st.sampled_from(["1", "2", "3", "10", "12.5", "0.333", "100"])
items = st.lists(st.builds(item, money, quantity, money), min_size=1, max_size=4)


def contradictory() -> st.SearchStrategy[dict[str, Any]]:
    def build(total: str, body: str, words: str, lines: list[dict[str, Any]]) -> dict[str, Any]:
        # A quantity of a third makes sums of nothing possible; one plain line keeps the sheet valid.
        return sheet(total, body=body, words=capitals(Decimal(words)), items=[*lines, item("1.00")])

    return st.builds(build, money, money, money, items)


@settings(max_examples=150, deadline=None)
@given(contradictory())
def test_correcting_twice_changes_nothing_more(raw: dict[str, Any]) -> None:
    once = correct(parse(raw))
    twice = correct(once.sheet)
    assert (twice.price, twice.steps, twice.sheet) == (once.price, (), once.sheet)


@settings(max_examples=150, deadline=None)
@given(contradictory())
def test_the_price_is_always_the_sum_of_the_amended_list(raw: dict[str, Any]) -> None:
    result = correct(parse(raw))
    assert result.price == sum(line.product for line in result.sheet.items)
    assert result.needs_confirmation == (result.price != parse(raw).total or result.sheet != parse(raw))


@settings(max_examples=100, deadline=None)
@given(items, st.integers(0, 3), st.sampled_from([10, 100, 1000]))
def test_a_single_slip_upwards_never_changes_the_price_of_the_opening_form(
    lines: list[dict[str, Any]], where: int, factor: int
) -> None:
    lines = [*lines, item("1.00")]
    good = parse(sheet("1.00", items=lines)).items
    total = sum((line.product for line in good), Fraction(0))
    slipped = [dict(line) for line in lines]
    target = slipped[where % len(slipped)]
    target["unit_price"] = f"{Decimal(target['unit_price']) * factor:.2f}"
    result = corrected(f"{Decimal(total.numerator) / Decimal(total.denominator):.2f}", items=slipped)
    slips = [step for step in result.steps if step.rule == "59-3"]
    # Either the slip is found and the total stands, or another item fits too and unit prices rule.
    assert (result.price == total) == (len(slips) == 1)
