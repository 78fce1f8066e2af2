"""What services and people hand in to a draw. Bytes are base64."""

from __future__ import annotations

from pydantic import Base64Bytes, BaseModel, ConfigDict, Field

MOST = 1 << 18
"""characters of the longest document"""


class Given(BaseModel):
    """Unknown fields are errors."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class Signed(Given):
    """A document and its detached signature (CMS)."""

    document: Base64Bytes = Field(max_length=MOST)
    p7s: Base64Bytes = Field(max_length=MOST)


class ShowSlips(Given):
    party: str = Field(min_length=1, max_length=128)
    slips: list[str] = Field(max_length=6435)
    """each 64 hex digits; the most that 15 trustees have"""


class EnterBeacon(Given):
    value: str = Field(min_length=1, max_length=1000)
    recording: str = Field("", pattern=r"^([0-9a-f]{64})?$")
    """SHA-256 of the recording, in hex"""
