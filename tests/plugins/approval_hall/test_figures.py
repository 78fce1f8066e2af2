"""Shares as they are published: exact, rounded once and half up, never without their counts."""

from __future__ import annotations

from fractions import Fraction

import pytest

from plugins.approval_hall.statistics.figures import Share, a_day, cut, rounded


@pytest.mark.parametrize(
    ("part", "whole", "places", "published"),
    [
        (19948, 21393, 2, "93.25"),
        (14374, 19948, 2, "72.06"),
        (1455, 1463, 2, "99.45"),
        (1455, 1463, 1, "99.5"),
        (82818, 82830, 2, "99.99"),
        (82818, 82830, 0, "100"),
        (1, 3, 2, "33.33"),
        (0, 7, 2, "0.00"),
        (7, 7, 2, "100.00"),
    ],
)
def test_the_figures_of_the_founding_documents(part: int, whole: int, places: int, published: str) -> None:
    assert Share(part, whole).percent(places) == published


def test_a_share_is_shown_with_its_counts() -> None:
    assert Share(82818, 82830).shown(0) == "100 % (82818/82830)"
    assert Share(0, 0).shown() == "—"


@pytest.mark.parametrize(
    ("before", "after", "saved", "published"),
    [
        (1044, 263, 781, "74.81"),
        (499, 416, 83, "16.63"),
        (178, 61, 117, "65.73"),
        (118, 44, 74, "62.71"),
        (47, 14, 33, "70.21"),
    ],
)
def test_what_was_cut_is_a_share_of_what_was_there(
    before: int, after: int, saved: int, published: str
) -> None:
    assert (cut(before, after).part, cut(before, after).percent()) == (saved, published)


def test_rounding_is_half_up_and_done_once() -> None:
    assert [rounded(Fraction(*pair), 2) for pair in ((1, 200), (1, 201), (-1, 200), (-1, 1000))] == [
        "0.01", "0.00", "-0.01", "0.00",
    ]  # fmt: skip
    assert Share(2344449, 5_000_000).percent(2) == "46.89", "not 46.8890 → 46.889 → 46.9"
    assert Share(2344449, 5_000_000).percent(1) == "46.9"


def test_how_many_a_day() -> None:
    assert a_day(82830, 211) == "392.6"
    assert a_day(5, 0) == "—"
