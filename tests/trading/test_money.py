"""Amounts: what people type, figures, Chinese capitals both ways."""

from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from trading.errors import Refused
from trading.money import capitals, format_money, parse_capitals, parse_money, percent_of, round_money

AMOUNTS = st.integers(0, 10**14).map(lambda fen: Decimal(fen) / 100)


@pytest.mark.parametrize(
    ("typed", "amount"),
    [("1,234.50", "1234.50"), ("1234.5", "1234.50"), ("１，２３４．５０", "1234.50"), (" ¥ 1234 ", "1234.00"),
     ("￥12,345,678.9元", "12345678.90"), ("0", "0.00"), ("0.01", "0.01"), ("1000000000000", "1000000000000.00"),
     ("CNY 5", "5.00"), ("人民币100元", "100.00"), ("007", "7.00")],
)  # fmt: skip
def test_amounts_are_read_as_people_type_them(typed: str, amount: str) -> None:
    assert str(parse_money(typed)) == amount


@pytest.mark.parametrize(
    ("typed", "code"),
    [("", "money.empty"), ("元", "money.empty"), ("abc", "money.form"), ("-5", "money.form"), ("1,23.00", "money.form"),
     ("1,2345", "money.form"), ("1.2.3", "money.form"), ("1e5", "money.form"), (".5", "money.form"),
     ("٣", "money.form"), ("1.005", "money.places"), ("1000000000000.01", "money.large"), ("12万", "money.form"),
     ("NaN", "money.form"), ("1 000", "money.form")],
)  # fmt: skip
def test_what_is_no_amount_is_refused_with_its_reason(typed: str, code: str) -> None:
    with pytest.raises(Refused) as refused:
        parse_money(typed)
    assert [fault.code for fault in refused.value.faults] == [code]


@pytest.mark.parametrize(
    ("exact", "rounded"), [("0.005", "0.01"), ("0.0049", "0.00"), ("2.675", "2.68"), ("1.015", "1.02")]
)
def test_rounding_is_half_up(exact: str, rounded: str) -> None:
    assert str(round_money(Decimal(exact))) == rounded


@pytest.mark.parametrize(
    ("amount", "words"),
    [("0", "零元整"), ("0.01", "壹分"), ("0.50", "伍角整"), ("0.55", "伍角伍分"), ("1", "壹元整"), ("10", "壹拾元整"),
     ("100.05", "壹佰元零伍分"), ("1234.50", "壹仟贰佰叁拾肆元伍角整"), ("6409.02", "陆仟肆佰零玖元零贰分"),
     ("100010001", "壹亿零壹万零壹元整"), ("2350000", "贰佰叁拾伍万元整"), ("100000000", "壹亿元整"),
     ("1000000000000", "壹万亿元整")],
)  # fmt: skip
def test_capitals_are_written_as_banks_write_them(amount: str, words: str) -> None:
    assert capitals(Decimal(amount)) == words
    assert parse_capitals(words) == Decimal(amount)


@pytest.mark.parametrize(
    ("words", "amount"),
    [("人民币壹佰圆正", "100.00"), ("人民币：贰佰元", "200.00"), ("壹仟贰佰叁拾肆元伍角", "1234.50"),
     ("壹仟陆佰捌拾元零叁角贰分", "1680.32"), ("壹仟陆佰捌拾元叁角贰分", "1680.32"), ("壹拾萬零柒仟元伍角叁分", "107000.53"),
     ("壹拾万柒仟元零伍角叁分", "107000.53"), ("叁 拾 元 整", "30.00")],
)  # fmt: skip
def test_the_writings_that_banks_allow_are_read(words: str, amount: str) -> None:
    assert str(parse_capitals(words)) == amount


@pytest.mark.parametrize(
    "words",
    ["", "元", "整", "一百元", "壹佰伍元", "壹佰元伍分", "壹佰", "壹佰元壹", "壹佰元整整", "拾元整", "贰贰元整", "壹佰贰佰元", "壹拾佰元",
     "壹元贰元", "壹佰万万元整", "壹元壹分壹角", "玖玖万亿元整", "贰万亿元整", "壹佰元abc", "元壹角", "零零元整", "负壹元整"],
)  # fmt: skip
def test_words_that_are_not_exactly_one_amount_are_refused(words: str) -> None:
    with pytest.raises(Refused) as refused:
        parse_capitals(words)
    assert refused.value.faults[0].code == "money.capitals"


@given(AMOUNTS)
@example(Decimal("1000000000000"))
@example(Decimal("0"))
def test_capitals_read_back_to_the_cent(amount: Decimal) -> None:
    assert parse_capitals(capitals(amount)) == amount


@given(AMOUNTS, AMOUNTS)
def test_different_amounts_have_different_capitals(one: Decimal, other: Decimal) -> None:
    assert (capitals(one) == capitals(other)) == (one == other)


@given(st.text("零壹贰叁肆伍陆柒捌玖拾佰仟万亿元角分整", max_size=14))
def test_any_row_of_capitals_is_read_as_its_amount_or_refused(words: str) -> None:
    try:
        amount = parse_capitals(words)
    except Refused:
        return
    plain = words.replace("零", "").removesuffix("整")
    assert capitals(amount).replace("零", "").removesuffix("整") == plain


@given(AMOUNTS)
def test_printed_amounts_are_read_back(amount: Decimal) -> None:
    assert parse_money(format_money(amount, "zh_CN")) == amount
    assert parse_money(format_money(amount, "en")) == amount


def test_amounts_are_printed_for_both_languages() -> None:
    assert format_money(Decimal("1234567.5"), "zh_CN") == "1,234,567.50元"
    assert format_money(Decimal("1234567.5"), "en") == "CNY 1,234,567.50"


def test_a_percentage_of_the_budget() -> None:
    assert percent_of(Decimal("2180000"), Decimal("2400000")) == Decimal("90.83")
    with pytest.raises(ValueError, match="nothing"):
        percent_of(Decimal(1), Decimal(0))


@pytest.mark.parametrize("amount", ["-0.01", "1000000000000.01"])
def test_there_are_no_capitals_outside_the_range(amount: str) -> None:
    with pytest.raises(ValueError, match="no capitals"):
        capitals(Decimal(amount))
