"""What may be asked of awards and contracts: one vocabulary for forms and the JSON interface."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from bidding.tenders.commands import Yuan

Base64 = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200_000)]
Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1000)]
FILE_LIMIT = 30_000_000


class SignAward(BaseModel):
    """The signatures over what `prepare` made, base64url; `result_cms` only with the first award."""

    model_config = ConfigDict(extra="ignore")

    award_cms: Base64
    result_cms: Base64 | None = None


class SignContract(BaseModel):
    """The supplier's signature under the contract on file, base64url."""

    model_config = ConfigDict(extra="ignore")

    contract_cms: Base64


class DeclineAward(BaseModel):
    """Why the winner gives up, or will not sign."""

    model_config = ConfigDict(extra="ignore")

    reason: Reason


class SignedContract(BaseModel):
    """The signed contract's facts; the file comes beside them."""

    model_config = ConfigDict(extra="ignore")

    price: Yuan
    signed_on: date


class SignedContractFile(SignedContract):
    """The same for programs: the file in base64url."""

    price: Annotated[Decimal, BeforeValidator(str), Field(gt=0, max_digits=17, decimal_places=2)]
    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
    file: Annotated[str, StringConstraints(min_length=1, max_length=FILE_LIMIT * 4 // 3 + 4)]
