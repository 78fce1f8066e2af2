"""Shamir's secret sharing over GF(256) (门限秘密共享), byte by byte.

The field is that of AES: polynomials over GF(2) modulo 0x11B. The secret stands at x = 0. Coefficients
come from the caller (the vault derives them from the secret), so splitting is deterministic.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

_MODULUS = 0x11B


def multiply(a: int, b: int) -> int:
    """The product of two field elements 0..255."""
    product = 0
    while b:
        if b & 1:
            product ^= a
        a <<= 1
        if a & 0x100:
            a ^= _MODULUS
        b >>= 1
    return product


def split(secret: bytes, coefficients: Sequence[bytes], n: int) -> list[bytes]:
    """The shares at x = 1..n of secret + c1*x + c2*x^2 + ...; any len(coefficients) + 1 of them join.

    Every coefficient is as long as the secret. Raises ValueError unless 1 <= n <= 255.
    """
    if not 1 <= n <= 255:
        raise ValueError("between 1 and 255 shares")
    return [_evaluate([secret, *coefficients], x) for x in range(1, n + 1)]


def combine(shares: Mapping[int, bytes], at: int = 0) -> bytes:
    """The value at x = `at` of the polynomial of lowest degree through the shares {x: share}.

    With fewer shares than the polynomial needs, the result is some other value: the caller compares
    commitments. Raises ValueError for no shares, an x outside 0..255 or shares of unequal length.
    """
    if not shares or len({len(share) for share in shares.values()}) != 1:
        raise ValueError("shares of one length are needed")
    if not all(0 <= x <= 255 for x in (*shares, at)):
        raise ValueError("x lies outside the field")
    result = bytes(len(next(iter(shares.values()))))
    for x, share in shares.items():
        weight = 1
        for other in shares:
            if other != x:
                weight = multiply(weight, multiply(at ^ other, _inverse(x ^ other)))
        result = _add(result, _scale(share, weight))
    return result


def _evaluate(polynomial: Sequence[bytes], x: int) -> bytes:
    value = bytes(len(polynomial[0]))
    for coefficient in reversed(polynomial):
        value = _add(_scale(value, x), coefficient)
    return value


def _add(a: bytes, b: bytes) -> bytes:
    return bytes(left ^ right for left, right in zip(a, b, strict=True))


def _scale(data: bytes, factor: int) -> bytes:
    return data.translate(_row(factor))


@lru_cache(maxsize=256)
def _row(factor: int) -> bytes:
    return bytes(multiply(factor, value) for value in range(256))


@lru_cache(maxsize=256)
def _inverse(a: int) -> int:
    return _row(a).index(1)
