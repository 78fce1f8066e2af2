"""Unified social credit codes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trading.errors import Refused
from trading.parties.codes import ALPHABET, check_character, compose, is_valid, organisation_check, parse

# The standard's own example, and three well-known enterprises' published codes.
KNOWN = ["91350100M000100Y43", "91330100799655058B", "9144030071526726XG", "914403001922038216"]


@pytest.mark.parametrize("code", KNOWN)
def test_published_codes_are_valid(code: str) -> None:
    assert is_valid(code) and parse(code) == code
    assert check_character(code[:-1]) == code[-1]
    assert organisation_check(code[8:16]) == code[16]


def test_a_code_is_composed_from_its_parts() -> None:
    assert compose("9", "1", "350100", "M000100Y") == KNOWN[0]


@pytest.mark.parametrize(
    "typed", ["９１３５０１００Ｍ０００１００Ｙ４３", "91350100m000100y43", " 9135 0100 M000 100Y 43\n"]
)
def test_a_code_is_brought_into_its_one_form(typed: str) -> None:
    assert parse(typed) == KNOWN[0]


@pytest.mark.parametrize(
    ("typed", "code"),
    [("91350100M000100Y4", "uscc.length"), ("", "uscc.length"), ("91350100M000100Y430", "uscc.length"),
     ("9135010OM000100Y43", "uscc.character"), ("91350100M000100Y4统", "uscc.character"),
     ("9135A100M000100Y43", "uscc.region"), ("91350100M000100Y44", "uscc.check")],
)  # fmt: skip
def test_a_wrong_code_is_refused_with_its_reason(typed: str, code: str) -> None:
    with pytest.raises(Refused) as refused:
        parse(typed)
    assert refused.value.faults[0].code == code


@given(
    st.text("0123456789", min_size=6, max_size=6),
    st.text("0123456789ABCDEFGHJKLMNPQRTUWXY", min_size=8, max_size=8),
)
def test_every_composed_code_is_valid(region: str, organisation: str) -> None:
    assert is_valid(compose("9", "1", region, organisation))


@given(st.sampled_from(KNOWN), st.integers(0, 17), st.sampled_from(ALPHABET))
def test_one_wrong_character_is_always_noticed(code: str, place: int, char: str) -> None:
    changed = code[:place] + char + code[place + 1 :]
    assert is_valid(changed) == (changed == code)


@given(st.sampled_from(KNOWN), st.integers(0, 16))
def test_two_neighbours_exchanged_are_always_noticed(code: str, place: int) -> None:
    changed = code[:place] + code[place + 1] + code[place] + code[place + 2 :]
    assert is_valid(changed) == (changed == code)


def test_validity_is_about_the_form_as_written() -> None:
    assert not is_valid(KNOWN[0].lower())
    assert not is_valid(KNOWN[0] + "\n")


@pytest.mark.parametrize("body", ["", "9135010OM000100Y4", "91350100M000100Y43"])
def test_no_check_character_for_what_is_no_body(body: str) -> None:
    with pytest.raises(ValueError, match="seventeen"):
        check_character(body)
    with pytest.raises(ValueError, match="eight"):
        organisation_check(body)
