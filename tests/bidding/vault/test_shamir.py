"""Secret sharing over GF(256)."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bidding.vault import shamir


def test_multiplication_is_that_of_the_aes_field() -> None:
    # FIPS 197 section 4.2: {57} * {83} = {c1} and {57} * {13} = {fe}.
    assert shamir.multiply(0x57, 0x83) == 0xC1
    assert shamir.multiply(0x57, 0x13) == 0xFE


@given(st.data())
def test_any_t_shares_join_to_the_secret_and_fewer_do_not(data: st.DataObject) -> None:
    t = data.draw(st.integers(2, 5))
    n = data.draw(st.integers(t, 7))
    secret = data.draw(st.binary(min_size=32, max_size=32))
    random_bytes = st.binary(min_size=32, max_size=32)
    coefficients = data.draw(st.lists(random_bytes, min_size=t - 1, max_size=t - 1))
    shares = dict(enumerate(shamir.split(secret, coefficients, n), start=1))
    for chosen in combinations(shares, t):
        assert shamir.combine({x: shares[x] for x in chosen}) == secret
    # What t-1 shares join to differs from the secret by the top coefficient times their x's.
    fewer = dict(list(shares.items())[: t - 1])
    assert (shamir.combine(fewer) == secret) == (coefficients[-1] == bytes(32))


def test_shares_of_unequal_length_or_outside_the_field_are_refused() -> None:
    with pytest.raises(ValueError, match="one length"):
        shamir.combine({1: b"ab", 2: b"a"})
    with pytest.raises(ValueError, match="outside"):
        shamir.combine({256: b"ab"})
    with pytest.raises(ValueError, match="255"):
        shamir.split(b"ab", [b"cd"], 256)
