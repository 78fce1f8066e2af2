"""Exact numbers of an evaluation: fractions inside, two places only when printed.

Units are yuan. Nothing here rounds unless its name says so; there are no floats.
"""

from __future__ import annotations

import re
from decimal import Decimal
from fractions import Fraction

MONEY = re.compile(r"(0|[1-9][0-9]{0,14})\.[0-9]{2}")
RATE = re.compile(r"[01]\.[0-9]{1,6}")


def N_(msgid: str) -> str:
    """Marks a text for translation where it is written; it is translated where it is shown."""
    return msgid


def is_money(value: object) -> bool:
    """Whether `value` is money as the price sheet writes it: a string with exactly two places."""
    return isinstance(value, str) and MONEY.fullmatch(value) is not None


def is_rate(value: object) -> bool:
    """Whether `value` is a rate such as "0.10": a string, one digit, up to six places."""
    return isinstance(value, str) and RATE.fullmatch(value) is not None


def half_up(value: Fraction, places: int = 2) -> Fraction:
    """`value` (not negative) rounded half up to `places` decimal places."""
    scale = 10**places
    return Fraction((2 * value.numerator * scale + value.denominator) // (2 * value.denominator), scale)


def fixed(value: Fraction, places: int = 2) -> str:
    """`value` (not negative) rounded half up and written with `places` decimal places."""
    scale = 10**places
    whole, rest = divmod(int(half_up(value, places) * scale), scale)
    return f"{whole}.{rest:0{places}d}" if places else str(whole)


def plain(value: Fraction) -> str:
    """`value` with at most four places as people write it: a score such as 20.5."""
    return fixed(value, 4).rstrip("0").rstrip(".")


def exact(value: Fraction) -> str:
    """`value` in lowest terms: "396/5", or "79" for an integer."""
    return str(value)


def decimal(value: Fraction) -> Decimal:
    """`value` (not negative) as a two-place Decimal, rounded half up: an amount in yuan."""
    return Decimal(fixed(value))
