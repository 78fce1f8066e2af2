"""Canonical JSON: one value, one byte string."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trading.ledger.canonical import CanonicalError, dumps, loads

values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(values)
def test_canonical_bytes_come_back_as_the_same_value(value: Any) -> None:
    raw = dumps(value)
    assert loads(raw) == value
    assert json.loads(raw) == value


def test_keys_are_ordered_by_their_utf16_units() -> None:
    # RFC 8785 section 3.2.3: U+1F600 is a surrogate pair and comes before U+FB33.
    assert dumps({"\ufb33": 1, "\U0001f600": 2, "a": 3}) == '{"a":3,"\U0001f600":2,"\ufb33":1}'.encode()


@pytest.mark.parametrize(
    "value", [1.0, float("nan"), (1,), {1: 2}, 2**53, -(2**53), "\ud800", b"x", {"a": [1.5]}]
)
def test_what_json_cannot_say_in_one_way_is_refused(value: Any) -> None:
    with pytest.raises(CanonicalError):
        dumps(value)


@pytest.mark.parametrize(
    "raw",
    [
        b" 1",
        b"1.0",
        b"-0",
        b"1e3",
        b"NaN",
        b'{"a":1,"a":1}',
        b'{"b":1,"a":2}',
        b'{"a": 1}',
        b'"\\u00e9"',
        b"\xff",
        b"\xef\xbb\xbf1",
        b"9007199254740992",
        b"",
        b"[" * 100_000,
    ],
)
def test_bytes_in_another_spelling_are_refused(raw: bytes) -> None:
    with pytest.raises(CanonicalError):
        loads(raw)
