"""RULES 3.3: the lines of abnormally low prices, strict."""

from __future__ import annotations

from datetime import UTC, datetime
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from bidding.evaluation.abnormal import Ratios, explanation_due, lines

LAW = Ratios(Fraction("0.50"), Fraction("0.50"), Fraction("0.45"))
EXAMPLE = [Fraction(p) for p in (100, 98, 95, 40)]
fen = st.integers(1, 10**9).map(lambda n: Fraction(n, 100))


def test_the_example_draws_its_three_lines() -> None:
    found = lines(EXAMPLE, Fraction(110), LAW)
    assert (found.half_mean, found.half_second_lowest, found.ceiling) == (
        Fraction("41.625"),
        Fraction("47.5"),
        Fraction("49.5"),
    )
    assert found.triggered(Fraction(40)) == ("half_mean", "half_second_lowest", "ceiling")
    assert found.triggered(Fraction(95)) == ()


def test_exactly_41_625_does_not_trigger_the_mean() -> None:
    assert "half_mean" not in lines(EXAMPLE, Fraction(110), LAW).triggered(Fraction("41.625"))
    assert "half_mean" in lines(EXAMPLE, Fraction(110), LAW).triggered(Fraction("41.62"))


def test_the_lines_of_the_goods_case() -> None:
    prices = [Fraction(p) for p in ("2180000", "1985600", "2333333.33", "980000", "2090000")]
    found = lines(prices, Fraction(2400000), LAW)
    assert found.half_mean == Fraction("956893.333")
    assert found.triggered(Fraction(980000)) == ("half_second_lowest", "ceiling")


def test_a_document_may_raise_the_ratios_to_65_per_cent() -> None:
    raised = Ratios(Fraction("0.65"), Fraction("0.65"), Fraction("0.65"))
    found = lines(EXAMPLE, Fraction(110), raised)
    assert (found.half_mean, found.half_second_lowest, found.ceiling) == (
        Fraction("54.1125"),
        Fraction("61.75"),
        Fraction("71.5"),
    )


def test_the_mean_may_leave_the_bid_itself_out() -> None:
    others = Ratios(LAW.mean, LAW.second, LAW.ceiling, exclude_self=True)
    assert lines(EXAMPLE, Fraction(110), others, Fraction(40)).half_mean == Fraction(293, 6)
    assert lines(EXAMPLE, Fraction(110), others).half_mean is None


def test_a_single_price_has_no_second_lowest() -> None:
    assert lines([Fraction(50)], Fraction(100), LAW).half_second_lowest is None


def test_equal_lowest_prices_are_each_others_second_lowest() -> None:
    assert lines([Fraction(40), Fraction(40), Fraction(90)], Fraction(100), LAW).half_second_lowest == 20


@given(st.lists(fen, min_size=3, max_size=9), fen)
def test_a_price_on_a_line_triggers_nothing_and_a_fen_less_triggers_it(
    prices: list[Fraction], limit: Fraction
) -> None:
    found = lines(prices, limit, LAW)
    for name, amount in found.named():
        assert name not in found.triggered(amount)
        assert name in found.triggered(amount - Fraction(1, 100))


def test_the_supplier_has_the_full_minutes_to_explain() -> None:
    asked = datetime(2026, 3, 23, 2, 0, tzinfo=UTC)
    assert explanation_due(asked, 30) == datetime(2026, 3, 23, 2, 30, tzinfo=UTC)
