"""What the readers of vector files share: strict decoding and comparing."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from typing import Any

from bidding.vault.encoding import unhex
from config.conform import Case

BROKEN = (ValueError, KeyError, TypeError, IndexError, AttributeError, AssertionError)


class Differs(ValueError):
    """A value that was given is not the one computed."""


def same(what: str, given: object, computed: object) -> None:
    """Raises Differs unless the two are equal and of one type."""
    if type(given) is not type(computed) or given != computed:
        raise Differs(f"{what}: {_short(given)} given, {_short(computed)} computed")


def same_hex(what: str, given: object, computed: bytes) -> None:
    """Raises Differs unless the hex text is that of the bytes."""
    same(what, given, computed.hex())


def data(text: Any) -> bytes:
    """Bytes of lowercase hex of any length; raises ValueError."""
    return unhex(text, None)


def plain_b64(text: str) -> bytes:
    """Bytes of canonical base64 with padding; raises ValueError."""
    raw = base64.b64decode(text, validate=True)
    same("base64", text, base64.b64encode(raw).decode())
    return raw


def case(name: str, test: Callable[..., object], *given: object) -> Case:
    """Runs one test on what is given; it holds when nothing is raised."""
    try:
        test(*given)
    except BROKEN as error:
        return name, False, str(error) if isinstance(error, Differs) else f"{type(error).__name__}: {error}"
    return name, True, ""


def listed(document: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """The cases of a file with a name each, by position."""
    for number, entry in enumerate(document["cases"], start=1):
        yield f"case {number}", entry


def any_case(*keys: str, without: tuple[str, ...] = ()) -> Callable[[Any, object], bool]:
    """Recognises a file one of whose cases has these keys and none of `without`."""

    def recognise(document: Any, path: object) -> bool:
        return any(
            isinstance(entry, dict) and set(keys) <= entry.keys() and not entry.keys() & set(without)
            for entry in document["cases"]
        )

    return recognise


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= 80 else f"{text[:77]}…"
