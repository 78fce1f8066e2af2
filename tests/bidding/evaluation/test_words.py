"""Amounts in words are read with certainty and without pedantry."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bidding.evaluation.words import read_words
from trading.money import capitals


@given(st.integers(0, 10**14 - 1))
def test_what_the_hall_writes_it_reads(fen: int) -> None:
    assert read_words(capitals(Decimal(fen) / 100)) == Fraction(fen, 100)


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("人民币壹佰万圆正", "1000000"),
        ("壹亿零壹仟元整", "100001000"),
        ("壹亿壹仟元整", "100001000"),
        ("壹拾元伍分", "10.05"),
        ("壹拾元零伍分", "10.05"),
        ("伍角整", "0.5"),
        ("零元伍角整", "0.5"),
        ("贰仟 叁佰 万元", "23000000"),
        ("〇元整", "0"),
        ("玖仟玖佰玖拾玖亿元", "999900000000"),
    ],
)
def test_one_number_may_be_written_in_several_ways(text: str, amount: str) -> None:
    assert read_words(text) == Fraction(amount)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "元",
        "整",
        "壹佰",
        "一百元",
        "拾元",
        "壹拾佰元",
        "壹万亿元",
        "亿元",
        "壹亿万元",
        "壹零元",
        "壹元伍分叁角",
        "100元",
        "壹元整整",
    ],
)
def test_what_could_be_meant_otherwise_cannot_be_read(text: str) -> None:
    with pytest.raises(ValueError):
        read_words(text)
