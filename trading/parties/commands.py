"""What may be asked about an enterprise's file."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, StringConstraints

from trading.errors import Refused
from trading.parties import codes
from trading.parties.words import CODE_WORDS

Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
OptionalLine = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)]
Phone = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^\+?[0-9 ()-]{5,30}$")]


def _code(text: str) -> str:
    try:
        return codes.parse(text)
    except Refused as refused:
        raise ValueError(CODE_WORDS[refused.faults[0].code]) from refused


Uscc = Annotated[Line, AfterValidator(_code)]
"""A unified social credit code in its one written form."""
Size = Literal["", "micro", "small", "medium", "large"]


class Contact(BaseModel):
    """How to reach an organisation, and the size it declares (中小企业划型)."""

    address: OptionalLine = ""
    legal_representative: OptionalLine = ""
    phone: Phone
    size: Size = ""


class AddQualification(BaseModel):
    """A licence or qualification (资质) with its validity, both days included."""

    name: Line
    number: Line
    issuer: OptionalLine = ""
    valid_from: date
    valid_until: date
