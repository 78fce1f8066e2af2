"""What may be asked at an opening."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)]


class Say(BaseModel):
    """An objection, or the answer to one."""

    model_config = ConfigDict(extra="ignore")

    text: Text


class SignRecord(BaseModel):
    """The host's signature under the record: CMS in base64url."""

    model_config = ConfigDict(extra="ignore")

    cms: str


class DecideFault(BaseModel):
    """Whose fault it was that a bid was not opened, and why the host says so."""

    model_config = ConfigDict(extra="ignore")

    fault: str
    reason: Text


class ClaimPlatform(BaseModel):
    """A bidder's statement that the platform failed; `receipt` is the text of its receipt, or ""."""

    model_config = ConfigDict(extra="ignore")

    statement: Text
    receipt: Annotated[str, StringConstraints(max_length=65536)] = ""
