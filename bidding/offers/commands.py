"""What may be asked in talks and about final offers."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, StringConstraints

Cms = Annotated[str, StringConstraints(min_length=1)]


class ProposeChange(BaseModel):
    """A change of what is asked: its subject and its words."""

    subject: Literal["technical", "service", "contract"]
    text: Annotated[str, StringConstraints(strip_whitespace=True, min_length=5, max_length=4000)]


class DecideChange(BaseModel):
    """Whether the purchaser confirms a change."""

    decision: Literal["confirm", "refuse"]


class GiveTime(BaseModel):
    """Minutes for the final offers; the rule gives the bounds."""

    minutes: int = 60


class SignCall(BaseModel):
    """The host's signatures under call, notice and policy: detached CMS in base64url without padding."""

    call_cms: Cms
    notice_cms: Cms
    policy_cms: Cms
