"""What may be asked about bid securities: one vocabulary for forms and the JSON interface."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, StringConstraints

from bidding.awards.commands import Base64, Reason

Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]


class RegisterBaseAccount(BaseModel):
    """The enterprise's base account."""

    model_config = ConfigDict(extra="ignore")

    bank: Line
    number: Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[0-9 -]{8,40}$")]


class Nothing(BaseModel):
    """A button, or a file beside the form."""

    model_config = ConfigDict(extra="ignore")


class HandInGuarantee(BaseModel):
    """A guarantee, by the number its issuer gave it."""

    model_config = ConfigDict(extra="ignore")

    number: Line


class Decide(BaseModel):
    """To keep a security or to return it; the document comes beside."""

    model_config = ConfigDict(extra="ignore")

    act: Literal["keep", "return"]
    ground: Literal["revoked", "contract-refused", "conditions-added", "no-performance-security"]
    reason: Reason


class SignDecision(BaseModel):
    """The tenderer's signature over the decision, base64url."""

    model_config = ConfigDict(extra="ignore")

    decision_cms: Base64
