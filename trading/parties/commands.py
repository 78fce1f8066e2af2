"""What may be asked about an enterprise's file."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, StringConstraints

Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
OptionalLine = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)]
Phone = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^\+?[0-9 ()-]{5,30}$")]
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
