"""What the voice port gives back (电话通知的结果、通话记录). Pure."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from trading.clock import parse_rfc3339
from trading.ledger import canonical

LONGEST = 400
"""characters of a script; nobody listens longer"""
State = Literal["ringing", "answered", "ended"]
OUTCOMES = ("accept", "decline", "no-answer", "failed")
_FIELDS = {
    "v", "typ", "key", "number", "started", "answered", "ended", "rings", "keys", "outcome", "prompts", "audio",
}  # fmt: skip


@dataclass(frozen=True)
class Call:
    """How far a call has come; `record` (bytes of the call record) once it has ended, b"" before."""

    state: State
    record: bytes = b""

    @property
    def record_sha256(self) -> str:
        return hashlib.sha256(self.record).hexdigest()


@dataclass(frozen=True)
class CallRecord:
    """A call record (话单): `keys` pressed in order, `prompts` SHA-256 of each prompt that was spoken, `audio` of
    the recording, "" where nobody picked up. `answered` is None then."""

    key: str
    number: str
    started: datetime
    answered: datetime | None
    ended: datetime
    rings: int
    keys: str
    outcome: str
    prompts: tuple[str, ...]
    audio: str


def build_record(**facts: Any) -> bytes:
    """The canonical bytes of a call record; instants as RFC 3339."""
    return canonical.dumps({"v": 1, "typ": "ebid.call-record"} | facts)


def parse_record(raw: bytes) -> CallRecord:
    """Raises ValueError for anything but a call record."""
    said = canonical.loads(raw)
    if (
        type(said) is not dict
        or said.keys() != _FIELDS
        or (said["v"], said["typ"]) != (1, "ebid.call-record")
    ):
        raise ValueError("not a call record")
    if said["outcome"] not in OUTCOMES or type(said["rings"]) is not int:
        raise ValueError("not the outcome of a call")
    return CallRecord(
        str(said["key"]), str(said["number"]), parse_rfc3339(said["started"]),
        None if said["answered"] is None else parse_rfc3339(said["answered"]), parse_rfc3339(said["ended"]),
        said["rings"], str(said["keys"]), said["outcome"], tuple(map(str, said["prompts"])), str(said["audio"]),
    )  # fmt: skip
