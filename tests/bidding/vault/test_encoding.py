"""Byte forms: one spelling for each value."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bidding.vault.encoding import EncodingError, b64, format_time, lp, parse_time, unb64, unhex


@given(st.lists(st.binary(max_size=40), max_size=5), st.lists(st.binary(max_size=40), max_size=5))
def test_two_lists_never_share_their_bytes(first: list[bytes], second: list[bytes]) -> None:
    assert (lp(*first) == lp(*second)) == (first == second)


@given(st.binary(max_size=100))
def test_base64url_comes_back(data: bytes) -> None:
    assert unb64(b64(data), len(data)) == data


@pytest.mark.parametrize("text", ["AA==", "A", "AB", "A+/=", "AAA\n", " AAA", None, 5, "ä"])
def test_other_spellings_of_base64url_are_refused(text: object) -> None:
    with pytest.raises(EncodingError):
        unb64(text)


@pytest.mark.parametrize("text", ["AB", "abc", "0x12", "ab ", None, "ab\n", "١٢"])
def test_other_spellings_of_hex_are_refused(text: object) -> None:
    with pytest.raises(EncodingError):
        unhex(text, None)


def test_a_value_of_the_wrong_length_is_refused() -> None:
    with pytest.raises(EncodingError, match="32 bytes"):
        unhex("ab")
    with pytest.raises(EncodingError, match="16 bytes"):
        unb64("AAAA", 16)


def test_times_are_written_in_utc_with_three_decimals() -> None:
    beijing = timezone(timedelta(hours=8))
    assert format_time(datetime(2026, 12, 1, 9, 0, tzinfo=beijing)) == "2026-12-01T01:00:00.000Z"
    assert parse_time("2026-12-01T01:00:00Z") == datetime(2026, 12, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    ["2026-12-01T01:00:00", "2026-12-01T09:00:00+08:00", "2026-12-01T01:00:00.1Z", "2026-13-01T01:00:00Z", 5],
)
def test_other_spellings_of_a_time_are_refused(text: object) -> None:
    with pytest.raises(EncodingError):
        parse_time(text)
