"""Project, tender, lot and unified transaction codes."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trading.projects.codes import (
    check_character,
    lot_code,
    parse,
    parse_transaction,
    project_code,
    tender_code,
    transaction_code,
)

DAY = date(2026, 3, 2)
PLATFORM = "91350100M000100Y43"
DAYS = st.dates(date(2000, 1, 1), date(2068, 12, 31))


def test_codes_grow_from_project_to_lot() -> None:
    project = project_code("D01", "350100", DAY, 7)
    assert project == "D013501002603020007"
    assert tender_code(project, 1) == "D013501002603020007001"
    assert lot_code(tender_code(project, 1), 2) == "D013501002603020007001002"


@given(DAYS, st.integers(1, 9999), st.integers(1, 999), st.integers(1, 999))
def test_codes_say_what_they_were_made_of(day: date, number: int, tender: int, lot: int) -> None:
    code = parse(lot_code(tender_code(project_code("B01", "110000", day, number), tender), lot))
    assert (code.level, code.deal_class, code.region, code.day) == ("lot", "B01", "110000", day)
    assert (code.number, code.tender, code.lot) == (number, tender, lot)


def test_a_code_continues_only_the_level_above() -> None:
    project = project_code("D01", "350100", DAY, 1)
    with pytest.raises(ValueError, match="not a tender code"):
        lot_code(project, 1)
    with pytest.raises(ValueError, match="not a project code"):
        tender_code(tender_code(project, 1), 1)


@pytest.mark.parametrize(
    "code",
    ["", "D01350100260302000", "D013501002602300007", "D013501002603020000", "D013501002603020007000",
     "d013501002603020007", "D0135010026030200070", "D01350100260302000７", "D013501002603020007\n"],
)  # fmt: skip
def test_other_codes_are_refused(code: str) -> None:
    with pytest.raises(ValueError):
        parse(code)


@pytest.mark.parametrize(
    ("deal_class", "region", "number"),
    [("D1", "350100", 1), ("D01", "3501", 1), ("D01", "350100", 0), ("D01", "350100", 10000)],
)
def test_parts_out_of_form_make_no_code(deal_class: str, region: str, number: int) -> None:
    with pytest.raises(ValueError):
        project_code(deal_class, region, DAY, number)


def test_the_check_character_is_iso_7064_mod_37_36() -> None:
    assert check_character("A12425GABC1234002") == "M"


def test_a_transaction_code_is_read_back() -> None:
    code = transaction_code("D01", PLATFORM, DAY, 42)
    assert code.startswith(f"D01-{PLATFORM}-20260302-000042-")
    assert len(code.replace("-", "")) == 36
    read = parse_transaction(code)
    assert (read.deal_class, read.platform, read.day, read.number) == ("D01", PLATFORM, DAY, 42)


@given(st.integers(1, 999999), st.integers(30, 35), st.sampled_from("0123456789"))
def test_one_wrong_digit_of_the_number_is_noticed(number: int, place: int, digit: str) -> None:
    code = transaction_code("D01", PLATFORM, DAY, number)
    place = len(code) - 2 - (place - 29)
    changed = code[:place] + digit + code[place + 1 :]
    if changed == code:
        return
    with pytest.raises(ValueError, match=r"check|unified"):
        parse_transaction(changed)


def test_wrong_transaction_codes_are_refused() -> None:
    code = transaction_code("D01", PLATFORM, DAY, 1)
    for wrong in ("", code.replace("-", ""), code.replace("Y43", "Y44"), code + "\n", code[:-1] + "é"):
        with pytest.raises(ValueError):
            parse_transaction(wrong)
    body = f"D01{PLATFORM}20260302000000"
    with pytest.raises(ValueError, match="start at 1"):
        parse_transaction(f"D01-{PLATFORM}-20260302-000000-{check_character(body)}")
    with pytest.raises(ValueError):
        transaction_code("D01", "not a platform", DAY, 1)
    with pytest.raises(ValueError):
        transaction_code("D01", PLATFORM, DAY, 1000000)
