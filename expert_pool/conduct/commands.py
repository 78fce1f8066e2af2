"""What may be asked about members and experts after an evaluation."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, Field, StringConstraints

Comment = Annotated[str, StringConstraints(strip_whitespace=True, max_length=1000)]
Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=10, max_length=2000)]


def _empty_is_none(text: object) -> object:
    return None if text == "" else text


class Rate(BaseModel):
    """Points by scale for the expert on a seat."""

    seat: Annotated[int, Field(ge=1, le=99)]
    points: dict[str, int] = {}
    comment: Comment = ""


class Decide(BaseModel):
    """A decision about an expert; `grounds` are codes of indicators that it rests on. A page sends its evidence as a
    file beside it."""

    decision: Literal["warning", "suspension", "removal"]
    until: Annotated[date | None, BeforeValidator(_empty_is_none)] = None
    reason: Reason
    grounds: list[str] = []


class DecideByProgram(Decide):
    """The same by program: the evidence comes as base64url."""

    evidence: str = ""
    evidence_name: str = ""
