"""What may be asked about the pool."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, StringConstraints

from expert_pool.experts import identity, specialities
from expert_pool.experts.person import RELATIONS
from expert_pool.experts.standing import STEPS
from trading.parties.commands import Line, OptionalLine, Phone, Uscc
from trading.web import _

LEAST_YEARS = 8
"""TBL art. 37: eight years in the field, and a senior title or the same level."""


def _identity(text: str) -> str:
    try:
        return identity.normal(text)
    except ValueError as error:
        raise ValueError(_("This is not the number of an identity document")) from error


def _codes(found: list[str]) -> list[str]:
    codes = sorted({code.strip() for code in found if code.strip()})
    if not codes:
        raise ValueError(_("Choose at least one speciality"))
    if specialities.unknown(codes):
        raise ValueError(_("Choose specialities of the catalogue's third level"))
    return codes


def _years(years: int) -> int:
    if years < LEAST_YEARS:
        raise ValueError(_("An expert has worked at least 8 years in the field (TBL art. 37)"))
    return years


def _relation(text: str) -> str:
    if text not in RELATIONS:
        raise ValueError(_("Choose one of the list"))
    return text


def _act(text: str) -> str:
    if text not in STEPS:
        raise ValueError(_("Choose one of the list"))
    return text


Region = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[0-9]{6}$")]
IdentityNumber = Annotated[Line, AfterValidator(_identity)]
Codes = Annotated[list[str], AfterValidator(_codes)]
Years = Annotated[int, Field(le=80), AfterValidator(_years)]
Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=4, max_length=2000)]


class Details(BaseModel):
    """What an expert's record says, apart from the identity document (基本信息)."""

    name: Line
    phone: Phone
    employer: Uscc
    employer_name: Line
    region: Region
    specialities: Codes
    title: Line
    years: Years
    login: OptionalLine = ""
    """the account with which the person signs in"""
    official_of: OptionalLine = ""
    """regions and departments that the person supervises, separated by semicolons"""


class NewExpert(Details):
    """Somebody to be taken into the pool (入库)."""

    id_number: IdentityNumber
    reason: Reason = "入库评审通过"
    admitted: bool = True
    """False for a candidate who is still examined"""


class ChangedExpert(Details):
    """A record put right, and why."""

    reason: Reason


class ChangeStanding(BaseModel):
    """An act of standing.STEPS, with its reason."""

    act: Annotated[str, AfterValidator(_act)]
    reason: Reason


class DeclareInterest(BaseModel):
    """A tie to an organisation that an expert declares (GPR 9)."""

    org: Uscc
    relation: Annotated[str, AfterValidator(_relation)]
    since: date
    until: Annotated[date | None, BeforeValidator(lambda text: text or None)] = None


class Payment(BaseModel):
    """Where fees go and what the tax office is told (银行与纳税信息)."""

    bank: Line
    account: Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[0-9 ]{8,40}$")]
    holder: Line
    tax_number: IdentityNumber
    """a natural person's taxpayer number (纳税人识别号): for residents the number of the identity document"""


class NewCourse(BaseModel):
    """A course and its exam."""

    code: Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[A-Za-z0-9-]{2,20}$")]
    title: Line
    pass_mark: Annotated[int, Field(ge=1, le=100)]
    months: Annotated[int, Field(ge=1, le=120)]


class TookCourse(BaseModel):
    """An expert's exam."""

    course: Line
    taken_on: date
    score: Annotated[int, Field(ge=0, le=100)]


class ImportPeople(BaseModel):
    """A spreadsheet of people: `act` is look, all, or good (the faultless rows only). `file` and `basis` are the
    hashes of what was handed in for the look."""

    act: Literal["look", "all", "good"] = "look"
    reason: Reason
    file: OptionalLine = ""
    basis: OptionalLine = ""


class ChangeLimits(BaseModel):
    """The pool's parameters (drawable.Limits)."""

    sessions_a_month: Annotated[int, Field(ge=1, le=1000)]
    sessions_a_year: Annotated[int, Field(ge=1, le=1000)]
    cool_down_days: Annotated[int, Field(ge=0, le=365)]
    """sessions of the last 365 days are counted, so no longer"""
    safe_per_seat: Annotated[int, Field(ge=1, le=100)]
    typical_seats: Annotated[int, Field(ge=1, le=100)]
    advisory_quorum: Annotated[int, Field(ge=50, le=100)]
    reason: Reason
