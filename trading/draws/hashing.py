"""The two hash families of a draw (SHA-256 and SM3), tagged hashes and the tree over a list.

`H(tag, p1 … pn)` = HASH("ebid-draw/1/" ‖ tag ‖ 0x0A ‖ for each p: its length in 8 bytes big-endian ‖ p).
Both families give 32 bytes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.hashes import SM3, Hash

from trading.draws.refusal import malformed

_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
MAX_INTEGER = 2**53 - 1
MAX_DEPTH = 16


def _sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def _sm3(data: bytes) -> bytes:
    digest = Hash(SM3())
    digest.update(data)
    return digest.finalize()


@dataclass(frozen=True)
class Family:
    """A hash family: `name` as in the field `alg`, `digest` of whole byte strings."""

    name: str
    digest: Callable[[bytes], bytes]

    def tagged(self, tag: str, *parts: bytes | str) -> bytes:
        """H(tag, parts…); text counts as its UTF-8 bytes."""
        return self.digest(prefix(tag, *parts))

    def tree_root(self, leaves: Iterable[bytes]) -> bytes:
        """The RFC 6962 root over the leaves' bytes, with this family in the place of SHA-256."""
        digest = self.digest
        row = [digest(b"\x00" + leaf) for leaf in leaves]
        while len(row) > 1:
            pairs = iter(row)
            odd = [row[-1]] if len(row) % 2 else []
            row = [digest(b"\x01" + left + right) for left, right in zip(pairs, pairs, strict=False)] + odd
        return row[0] if row else digest(b"")


FAMILIES = {name: Family(name, digest) for name, digest in (("sha256", _sha256), ("sm3", _sm3))}


def prefix(tag: str, *parts: bytes | str) -> bytes:
    """What H hashes: a caller with many hashes under one tag appends the last part to it."""
    encoded = [part.encode() if isinstance(part, str) else part for part in parts]
    return b"ebid-draw/1/" + tag.encode() + b"\n" + b"".join(len(p).to_bytes(8, "big") + p for p in encoded)


def jcs(value: Any) -> bytes:
    """The canonical bytes (RFC 8785) of a value that `check_value` or a stricter check has passed."""
    return _ENCODER.encode(value).encode()


def check_value(value: Any, what: str, depth: int = 0) -> None:
    """Refuses floats, integers beyond 2^53 - 1, keys that are not printable ASCII, lone surrogates and
    nesting deeper than MAX_DEPTH: DrawError MALFORMED."""
    kind = type(value)
    if depth > MAX_DEPTH:
        raise malformed(f"{what} is nested too deeply")
    if kind is dict:
        for key, item in value.items():
            if type(key) is not str or not is_name(key):
                raise malformed(f"{what} has a key that is not printable ASCII")
            check_value(item, what, depth + 1)
    elif kind is list:
        for item in value:
            check_value(item, what, depth + 1)
    elif kind is str:
        check_text(value, what)
    elif kind is int:
        if abs(value) > MAX_INTEGER:
            raise malformed(f"{what} has an integer out of range")
    elif value is not None and kind is not bool:
        raise malformed(f"{what} has a value that is not allowed in a draw")


def check_text(text: str, what: str) -> None:
    """Refuses text with lone surrogates, which has no UTF-8 form."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise malformed(f"{what} is not Unicode text") from error


def is_name(text: object) -> bool:
    """Whether this is a name of a party or stratum: 1 to 128 printable ASCII characters."""
    return isinstance(text, str) and 1 <= len(text) <= 128 and text.isascii() and text.isprintable()
