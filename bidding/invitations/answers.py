"""What programs are answered about who is invited."""

from __future__ import annotations

from typing import Any, Literal

from typing_extensions import TypedDict


class Drawn(TypedDict):
    id: str
    name: str


class InvitationAnswer(TypedDict):
    """`list` is the filed list of candidates, `present` who watches, `draw` the draw's number in the log."""

    tender: str
    step: Literal["list", "watch", "draw", "drawing", "sign", "done"]
    list: dict[str, Any] | None
    present: list[str]
    draw: str | None
    void: bool
    drawn: list[Drawn] | None
    signed: int
    recorded: bool


class RecordBytes(TypedDict):
    """`data` in base64url without padding."""

    data: str
    sha256: str


class RecordToSign(TypedDict):
    record: RecordBytes | None
