"""How hall and bank know each other's messages (报文签名): HMAC-SHA256 over everything that counts.

A request bears its time and its MAC; the answer's MAC covers the request's, so that an answer fits one
request only. Money moves by idempotency keys, so a request that is replayed within its time moves none.
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime, timedelta
from pathlib import Path

from trading.clock import parse_rfc3339

TIME, MAC = "X-Bank-Time", "X-Bank-Mac"
SKEW = timedelta(minutes=5)


def request_mac(secret: bytes, method: str, path: str, at: str, body: bytes) -> str:
    """The MAC (hex) of a request made at `at` (RFC 3339)."""
    return _mac(secret, b"request", method.encode(), path.encode(), at.encode(), body)


def answer_mac(secret: bytes, asked: str, status: int, body: bytes) -> str:
    """The MAC (hex) of the answer to the request with MAC `asked`."""
    return _mac(secret, b"answer", asked.encode(), str(status).encode(), body)


def next_secret(path: Path) -> Path:
    """Where the secret lies that will follow the one in `path`: the bank takes both until the hall has changed."""
    return path.with_name(f"{path.name}.next")


def same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())


def timely(at: str, now: datetime) -> bool:
    """Whether a request's time is near the bank's own."""
    try:
        return abs(parse_rfc3339(at) - now) <= SKEW
    except ValueError:
        return False


def _mac(secret: bytes, *parts: bytes) -> str:
    mac = hmac.new(secret, digestmod=hashlib.sha256)
    for part in parts:
        mac.update(len(part).to_bytes(8, "big") + part)
    return mac.hexdigest()
