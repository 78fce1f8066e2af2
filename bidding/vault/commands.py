"""What may be asked of the vault's API. Byte fields are base64url without padding."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from bidding.vault.encoding import unb64

MAX_DOCUMENT = 4 << 20


def document(value: object) -> bytes:
    """The bytes of a base64url text; ValueError otherwise."""
    data = unb64(value)
    if not data or len(data) > MAX_DOCUMENT:
        raise ValueError("empty, or too long")
    return data


Document = Annotated[bytes, BeforeValidator(document)]


class Asked(BaseModel):
    """Unknown fields are errors."""

    model_config = ConfigDict(extra="forbid")


class StartUpload(Asked):
    tender: str = Field(min_length=1)
    manifest: Document
    cms: Document


class Withdraw(Asked):
    tender: str = Field(min_length=1)
    withdraw: Document
    cms: Document


class ReleaseOwnKey(Asked):
    tender: str = Field(min_length=1)
    release: Document
    cms: Document


class PostStatement(Asked):
    cks: Document
    p7s: Document


class PostRelease(Asked):
    release: Document
    p7s: Document


class Ask(Asked):
    question: Document
    p7s: Document
