"""Byte forms that every vault document shares.

Length-prefixed lists, base64url without padding, lowercase hex and UTC times: each value has exactly
one spelling, and a decoder refuses every other. All errors are EncodingError (a ValueError).
"""

from __future__ import annotations

import base64
import hashlib
import re
from datetime import UTC, datetime

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

_B64 = re.compile(r"[A-Za-z0-9_-]*")
_HEX = re.compile(r"(?:[0-9a-f]{2})*")
_TIME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{3})?Z", re.ASCII)


class EncodingError(ValueError):
    """A value is not spelled in its one canonical way."""


def lp(*items: bytes | str) -> bytes:
    """Each item as a 4-byte big-endian length and its bytes (strings in UTF-8), joined."""
    parts = [item.encode() if isinstance(item, str) else item for item in items]
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)


def sha256(data: bytes) -> bytes:
    """SHA-256, 32 bytes."""
    return hashlib.sha256(data).digest()


def expand(key: bytes, info: bytes, length: int = 32) -> bytes:
    """HKDF-Expand with SHA-256 and no extract step (RFC 5869 section 2.3)."""
    return HKDFExpand(algorithm=SHA256(), length=length, info=info).derive(key)


def b64(data: bytes) -> str:
    """base64url without padding (RFC 4648 section 5)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64(text: object, length: int | None = None) -> bytes:
    """The bytes of canonical base64url; `length` is the number of bytes that must come out."""
    if not isinstance(text, str) or not _B64.fullmatch(text) or len(text) % 4 == 1:
        raise EncodingError("not base64url without padding")
    data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if b64(data) != text:
        raise EncodingError("base64url is not canonical")
    return _sized(data, length)


def unhex(text: object, length: int | None = 32) -> bytes:
    """The bytes of lowercase hex; `length` is the number of bytes that must come out."""
    if not isinstance(text, str) or not _HEX.fullmatch(text):
        raise EncodingError("not lowercase hex")
    return _sized(bytes.fromhex(text), length)


def format_time(instant: datetime) -> str:
    """RFC 3339 in UTC with exactly three decimals and `Z`."""
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def parse_time(text: object) -> datetime:
    """The instant of an RFC 3339 `Z` time with no or three decimals."""
    if not isinstance(text, str) or not _TIME.fullmatch(text):
        raise EncodingError("not an RFC 3339 UTC time")
    try:
        return datetime.fromisoformat(text[:-1] + "+00:00")
    except ValueError as error:
        raise EncodingError(f"not an RFC 3339 UTC time: {error}") from error


def _sized(data: bytes, length: int | None) -> bytes:
    if length is not None and len(data) != length:
        raise EncodingError(f"{length} bytes expected, {len(data)} found")
    return data
