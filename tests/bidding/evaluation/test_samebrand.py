"""M87 art. 31 (P13): of one brand only the best bid stays."""

from __future__ import annotations

from fractions import Fraction

import pytest

from bidding.evaluation.samebrand import Candidate, brand_key, select


def offer(bid: str, brand: str, *order: int) -> Candidate:
    return Candidate(bid, brand, tuple(Fraction(n) for n in order))


def test_only_the_lowest_priced_of_a_brand_takes_part() -> None:
    found = select([offer("A", "K", 100), offer("B", "K", 90), offer("C", "N", 120)], ())
    assert (found.chosen, found.beaten, found.ties) == (("B", "C"), ("A",), ())


def test_a_later_figure_counts_only_among_equals() -> None:
    found = select([offer("A", "K", 100, 100), offer("B", "K", 101, 81)], ())
    assert found.chosen == ("A",)


def test_bids_without_a_brand_do_not_share_one() -> None:
    assert select([offer("A", "", 100), offer("B", "  ", 90)], ()).beaten == ()


@pytest.mark.parametrize("spelling", ["kältor", "KÄLTOR", " Käl tor", "Ｋältor", "ka\u0308ltor"])
def test_spellings_of_one_brand_are_one(spelling: str) -> None:
    assert brand_key(spelling) == brand_key("Kältor")


def test_equal_prices_of_a_brand_wait_for_a_draw_of_exactly_them() -> None:
    tied = [offer("A", "K", 100), offer("B", "K", 100), offer("C", "K", 130), offer("D", "", 90)]
    found = select(tied, [("A", "B", "C")])
    assert (found.chosen, found.beaten, found.ties, found.competitors) == (("D",), ("C",), (("A", "B"),), 2)
    assert select(tied, [("B", "A")]).chosen == ("B", "D")


def test_a_draw_with_a_bid_named_twice_decides_nothing() -> None:
    for draw in (("A", "A"), ("B", "A", "B")):
        assert select([offer("A", "K", 1), offer("B", "K", 1)], [draw]).ties == (("A", "B"),)


def test_the_document_may_prefer_the_lower_evaluation_price() -> None:
    tied = [offer("A", "K", 100, 100), offer("B", "K", 100, 90)]
    assert select(tied, ()).chosen == ("B",)
