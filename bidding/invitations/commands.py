"""What may be asked about an invitation: one vocabulary for page and program."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]


def _lines(value: Any) -> Any:
    """A text has a code in each line; what stands behind the code is for people."""
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        return value
    return [line.split()[0] for text in texts for line in text.splitlines() if line.strip()]


class ListCandidates(BaseModel):
    """`candidates` are unified social credit codes of registered enterprises (a list, or a text with one a line),
    `basis` the name of the pool or the number of the recommendation."""

    model_config = ConfigDict(extra="ignore")

    source: Literal["pool", "recommendation"]
    basis: Line
    number: int = Field(ge=1, le=99)
    candidates: Annotated[list[Annotated[str, StringConstraints(to_upper=True)]], BeforeValidator(_lines)] = (
        Field(min_length=1, max_length=500)
    )


class SignRecord(BaseModel):
    """A witness's signature under the record: detached CMS in base64url without padding."""

    record_cms: Annotated[str, StringConstraints(min_length=1)]
