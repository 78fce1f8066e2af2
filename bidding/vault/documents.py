"""Signed JSON documents: canonical bytes with exactly the declared fields.

A document is read with one rule per field; a rule takes the JSON value, raises EncodingError when it
does not fit and returns what the reader works with (bytes for hex and base64url, datetime for times).
Unknown, missing and doubled keys are errors.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from bidding.vault.encoding import EncodingError, b64, parse_time, unb64, unhex
from trading.ledger.canonical import CanonicalError, dumps, loads

Rule = Callable[[Any], Any]
Sign = Callable[[bytes], bytes]
"""An Ed25519 signature (64 bytes) over the given bytes."""


def read(raw: bytes, typ: str, rules: Mapping[str, Rule]) -> dict[str, Any]:
    """The fields of canonical document bytes with `"v":1` and this `typ`, by their rules.

    Raises EncodingError when the bytes are not canonical or the fields are not exactly these.
    """
    fields: dict[str, Any] = exact({"v": constant(1), "typ": constant(typ), **rules})(canonical(raw))
    return fields


def canonical(raw: bytes) -> Any:
    """The value of canonical JSON bytes; raises EncodingError."""
    try:
        return loads(raw)
    except CanonicalError as error:
        raise EncodingError(str(error)) from error


def signed(document: Mapping[str, Any], sign: Sign) -> bytes:
    """The canonical bytes of the document with `sig`, an Ed25519 signature over it without `sig`."""
    body = dict(document)
    return dumps({**body, "sig": b64(sign(dumps(body)))})


def signature_holds(raw: bytes, public_key: bytes) -> bool:
    """Whether `sig` of a canonical document is by this raw Ed25519 key over the rest of it."""
    document = canonical(raw)
    if not isinstance(document, dict):
        return False
    body = {name: value for name, value in document.items() if name != "sig"}
    try:
        key = Ed25519PublicKey.from_public_bytes(public_key)
        key.verify(unb64(document.get("sig"), 64), dumps(body))
    except (InvalidSignature, ValueError):
        return False
    return True


def exact(rules: Mapping[str, Rule]) -> Rule:
    """An object with exactly these fields."""

    def check(value: Any) -> dict[str, Any]:
        if not isinstance(value, dict) or value.keys() != rules.keys():
            found = sorted(value) if isinstance(value, dict) else type(value).__name__
            raise EncodingError(f"fields {sorted(rules)} expected, {found} found")
        return _fields(value, rules)

    return check


def at_least(rules: Mapping[str, Rule]) -> Rule:
    """An object with these fields; others are passed over."""

    def check(value: Any) -> dict[str, Any]:
        if not isinstance(value, dict) or not rules.keys() <= value.keys():
            raise EncodingError(f"an object with {sorted(rules)} expected")
        return _fields(value, rules)

    return check


def text(value: Any) -> str:
    """A string that is not empty."""
    if not isinstance(value, str) or not value:
        raise EncodingError("a text is missing")
    return value


def integer(low: int, high: int = 2**53 - 1) -> Rule:
    """An integer between the two, both included."""

    def check(value: Any) -> int:
        if type(value) is not int or not low <= value <= high:
            raise EncodingError(f"an integer {low}..{high} expected")
        return value

    return check


def boolean(value: Any) -> bool:
    """True or false."""
    if type(value) is not bool:
        raise EncodingError("true or false expected")
    return value


def constant(expected: str | int) -> Rule:
    """Exactly this value, of this type."""

    def check(value: Any) -> Any:
        if type(value) is not type(expected) or value != expected:
            raise EncodingError(f"{expected!r} expected")
        return value

    return check


def one_of(*choices: str) -> Rule:
    """One of these strings."""

    def check(value: Any) -> str:
        if not isinstance(value, str) or value not in choices:
            raise EncodingError(f"one of {', '.join(choices)} expected")
        return value

    return check


def list_of(rule: Rule) -> Rule:
    """A list whose every item fits the rule; read as a tuple."""

    def check(value: Any) -> tuple[Any, ...]:
        if not isinstance(value, list):
            raise EncodingError("a list expected")
        return tuple(rule(item) for item in value)

    return check


def or_null(rule: Rule) -> Rule:
    """Null, or what fits the rule."""
    return lambda value: None if value is None else rule(value)


def hash_hex(value: Any) -> bytes:
    """32 bytes in lowercase hex."""
    return unhex(value, 32)


def b64_bytes(length: int | None = None) -> Rule:
    """Bytes in base64url, of this length if one is given."""
    return lambda value: unb64(value, length)


def time(value: Any) -> datetime:
    """An RFC 3339 UTC time."""
    return parse_time(value)


def issued_time(value: Any) -> datetime:
    """An RFC 3339 UTC time with exactly three decimals, as every issued time has."""
    if not isinstance(value, str) or len(value) != 24:
        raise EncodingError("a time with three decimals expected")
    return parse_time(value)


def _fields(value: dict[str, Any], rules: Mapping[str, Rule]) -> dict[str, Any]:
    result = {}
    for name, rule in rules.items():
        try:
            result[name] = rule(value[name])
        except EncodingError as error:
            raise EncodingError(f"{name}: {error}") from error
    return result
