"""What may be asked about the roster."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, Field, StringConstraints

from expert_pool.experts.identity import normal
from trading.parties.commands import Line, OptionalLine, Uscc
from trading.web import _

Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=4, max_length=2000)]


def _identity(text: str) -> str:
    try:
        return normal(text)
    except ValueError as error:
        raise ValueError(_("This is not the number of an identity document")) from error


class FileDocument(BaseModel):
    """A licence, qualification or permit with its validity, both days included."""

    kind: Line
    number: Line
    valid_from: date
    valid_until: date


class Apply(BaseModel):
    """An application for one category (入库申请)."""

    trade: Line
    band: Line
    account: OptionalLine = ""
    """the enterprise's base account (基本账户)"""


class AddManager(BaseModel):
    """A project manager (项目经理)."""

    name: Line
    certificate: Line
    id_number: Annotated[Line, AfterValidator(_identity)]


class Act(BaseModel):
    """An act of standing.STEPS, with its reason."""

    act: Literal["announce", "reject", "admit", "remove"]
    reason: Reason


class Leave(BaseModel):
    """A firm withdraws an application or leaves a category."""

    reason: Reason


class Exclude(BaseModel):
    """A decision that keeps a firm out, both days included (禁入决定)."""

    org: Uscc
    decision: Line
    ground: Reason
    since: date
    until: date


class Lift(BaseModel):
    """The end of an exclusion before its day."""

    decision: Line
    reason: Reason


class Object(BaseModel):
    """An objection to an announced firm."""

    text: Reason


class Answer(BaseModel):
    """The office's answer to an objection."""

    answer: Reason
    upheld: bool = False


class Rate(BaseModel):
    """Completion of the works and their score of 100 (竣工与履约评价)."""

    completed_on: date
    score: Annotated[Decimal, Field(ge=0, le=100, max_digits=5, decimal_places=2)]
    reason: Reason


class ImportFirms(BaseModel):
    """A spreadsheet of firms: `act` is look, all, or good (the faultless rows only)."""

    act: Literal["look", "all", "good"] = "look"
    reason: Reason
    file: OptionalLine = ""
    basis: OptionalLine = ""
