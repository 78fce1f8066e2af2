"""Canonical JSON (RFC 8785, JCS): one value, one byte string.

Signed and hashed documents are kept as raw bytes; a reader accepts only bytes that are the canonical
form of what they say, so two readers can never see two documents in one signature. Money is a string
or an integer of fen, therefore floats are refused outright.
"""

from __future__ import annotations

import json
from typing import Any, NoReturn

import rfc8785

MAX_INTEGER = 2**53 - 1


class CanonicalError(ValueError):
    """The value or the bytes are not canonical JSON as this hall uses it."""


def dumps(obj: Any) -> bytes:
    """The canonical bytes of `obj`: None, bool, int, str, list or dict with string keys.

    Raises CanonicalError for floats, tuples, other types, keys that are no strings, lone surrogates
    and integers beyond 2^53 - 1 in magnitude.
    """
    try:
        _refuse_foreign_values(obj)
        return bytes(rfc8785.dumps(obj))
    except CanonicalError:
        raise
    except (ValueError, RecursionError) as error:
        raise CanonicalError(str(error) or type(error).__name__) from error


def loads(raw: bytes) -> Any:
    """The value of canonical JSON bytes; `dumps(loads(raw)) == raw` always holds.

    Raises CanonicalError for bytes that are not UTF-8, not JSON, hold a float or a key twice, or are
    not in canonical form (white space, order of keys, escapes).
    """
    try:
        obj = json.loads(
            bytes(raw).decode("utf-8"),
            object_pairs_hook=_object,
            parse_float=_refuse_number,
            parse_constant=_refuse_number,
        )
    except CanonicalError:
        raise
    except (ValueError, RecursionError) as error:
        raise CanonicalError(f"not JSON: {error}") from error
    if dumps(obj) != raw:
        raise CanonicalError("not in canonical form")
    return obj


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise CanonicalError("a key stands twice in one object")
    return result


def _refuse_number(text: str) -> NoReturn:
    raise CanonicalError(f"not an integer: {text}")


def _refuse_foreign_values(obj: Any) -> None:
    kind = type(obj)
    if kind is dict:
        for key, value in obj.items():
            if type(key) is not str:
                raise CanonicalError("object keys must be strings")
            _refuse_foreign_values(value)
    elif kind is list:
        for value in obj:
            _refuse_foreign_values(value)
    elif kind is int:
        if abs(obj) > MAX_INTEGER:
            raise CanonicalError(f"integer out of range: {obj}")
    elif kind not in (str, bool, type(None)):
        raise CanonicalError(f"not a JSON value here: {kind.__name__}")
