"""RULES 3.1: price scores to the cent."""

from __future__ import annotations

from fractions import Fraction

import pytest

from bidding.evaluation.exact import fixed
from bidding.evaluation.scoring87 import price_points, price_scores

PLAIN = {"A": Fraction(100), "B": Fraction(110), "C": Fraction(125)}
MICRO = {**PLAIN, "B": Fraction(99)}


def printed(scores: dict[str, Fraction]) -> list[str]:
    return [fixed(scores[bid]) for bid in sorted(scores)]


def test_scores_of_100_110_125() -> None:
    assert printed(price_scores(PLAIN)) == ["100.00", "90.91", "80.00"]
    assert printed(price_points(PLAIN, Fraction("0.30"))) == ["30.00", "27.27", "24.00"]


def test_a_deducted_price_becomes_the_benchmark() -> None:
    assert printed(price_scores(MICRO)) == ["99.00", "100.00", "79.20"]
    assert printed(price_points(MICRO, Fraction("0.30"))) == ["29.70", "30.00", "23.76"]


def test_the_consultation_example_96_to_100() -> None:
    points = price_points({"lowest": Fraction(96), "this": Fraction(100)}, Fraction("0.30"))
    assert fixed(points["this"]) == "28.80"


def test_the_price_points_of_the_goods_case() -> None:
    prices = {"B1": "2180000", "B2": "1787040", "B3": "1679999.9976", "B7": "2090000"}
    points = price_points({bid: Fraction(price) for bid, price in prices.items()}, Fraction("0.35"))
    assert printed(points) == ["26.97", "32.90", "35.00", "28.13"]


def test_scores_are_exact_until_they_are_printed() -> None:
    assert price_scores(PLAIN)["B"] == Fraction(1000, 11)


def test_no_bids_have_no_scores_and_a_price_of_nothing_is_refused() -> None:
    assert price_scores({}) == {}
    with pytest.raises(ValueError):
        price_scores({"A": Fraction(0)})
