"""RULES of works documents: benchmark formulas at their edges; the printed examples are vectors."""

from __future__ import annotations

from fractions import Fraction

import pytest

from bidding.evaluation import benchmark


def prices(*numbers: int) -> list[Fraction]:
    return [Fraction(number) for number in numbers]


def test_of_fewer_than_five_bids_none_is_trimmed() -> None:
    assert benchmark.trimmed_mean(prices(10, 20, 30, 100)) == 40
    assert benchmark.trimmed_mean(prices(10, 20, 30, 40, 100)) == 30


def test_the_mixed_mean_trims_by_the_number_of_bids() -> None:
    one = Fraction(1)
    means = {
        count: benchmark.mixed_with_ceiling(prices(*range(1, count + 1)), one, one, one, one).a
        for count in (1, 2, 3, 4, 6, 7, 13)
    }
    # 13 bids: 2.6, so three at each end.
    assert means == {1: 1, 2: 2, 3: 2, 4: 2, 6: 3, 7: 4, 13: 7}
    assert benchmark.mixed_with_ceiling(prices(1, 1, 1, 1, 1, 1, 50), one, one, one, one).a == 1


def test_the_drawn_bid_lies_between_c_and_095_a_when_there_is_one() -> None:
    found = benchmark.abc(prices(700, 750, 780, 890), Fraction(900), Fraction(8, 100))
    assert found.pool == (750, 780)
    with pytest.raises(ValueError):
        found.benchmark(Fraction(890), Fraction(1))


def test_bids_out_of_range_do_not_enter_the_mean() -> None:
    found = benchmark.traffic(prices(100, 850, 860, 870, 880, 890), Fraction(900), *prices(0, 0, 1))
    assert found.benchmark == Fraction(870)


def test_of_two_bids_equally_far_the_higher_is_dropped_and_two_always_stay() -> None:
    assert benchmark.within_limit(prices(10, 100, 190), Fraction(3, 10)) == (10, 100)
    assert benchmark.within_limit(prices(70, 100, 130), Fraction(3, 10)) == (70, 100, 130)


def test_points_do_not_fall_under_the_floor() -> None:
    scale = benchmark.Deviation(*prices(100, 1), Fraction(1, 2), Fraction(60))
    assert [scale.score(p, Fraction(100)) for p in prices(110, 90, 200)] == [90, 95, 60]
