"""What a member signs belongs to one evaluation."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bidding.evaluation.papers import Sheet, read_review, review_document
from trading.errors import Refused

SHEET = Sheet("T-1", "qualification", "m1", ("b1",), ("Q1",), {})
VOTES = [{"bid": "b1", "item": "Q1", "pass": True, "reason": ""}]


def test_a_review_of_the_first_evaluation_does_not_stand_in_for_one_of_the_second() -> None:
    again = replace(SHEET, round=2)
    first, second = review_document(SHEET, VOTES), review_document(again, VOTES)
    assert first != second
    assert (read_review(SHEET, first).get("round"), read_review(again, second)["round"]) == (None, 2)
    for sheet, raw in ((again, first), (SHEET, second), (replace(SHEET, round=3), second)):
        with pytest.raises(Refused):
            read_review(sheet, raw)


def test_a_review_of_one_tender_does_not_stand_in_for_one_of_another() -> None:
    raw = review_document(SHEET, VOTES)
    assert read_review(SHEET, raw)["tender"] == "T-1"
    with pytest.raises(Refused):
        read_review(replace(SHEET, tender="T-2"), raw)
