"""What may be asked about small works."""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, StringConstraints, model_validator

from bidding.lottery.routing import METHODS
from bidding.roster.commands import Reason
from trading.clock import BEIJING
from trading.draws.beacon import form_of
from trading.errors import Refused
from trading.money import parse_money
from trading.parties.commands import Line, OptionalLine
from trading.web import _

Text = Annotated[str, StringConstraints(strip_whitespace=True, max_length=20_000)]


def _money(text: Any) -> Any:
    """An amount as people type it (trading.money): no sign, no power of ten, separators in their places."""
    if not isinstance(text, str):
        return text
    try:
        return parse_money(text)
    except Refused as refused:
        raise ValueError(refused.faults[0].message) from refused


def _money_or_none(text: Any) -> Any:
    return None if isinstance(text, str) and not text.strip() else _money(text)


Yuan = Annotated[Decimal, BeforeValidator(_money), Field(gt=0, max_digits=16, decimal_places=2)]
OptionalYuan = Annotated[
    Annotated[Decimal, Field(ge=0, max_digits=16, decimal_places=2)] | None,
    BeforeValidator(_money_or_none),
]


def _here(value: datetime) -> datetime:
    """A time without a zone is Beijing's."""
    return value if value.tzinfo else value.replace(tzinfo=BEIJING)


def _known_beacon(text: str) -> str:
    if form_of(text) is None:
        raise ValueError(_("Choose one of the list"))
    return text


def _method(text: str) -> str:
    if text not in METHODS:
        raise ValueError(_("Choose one of the list"))
    return text


SHARE = re.compile(r"[0-9]{1,2}(\.[0-9]{1,6})?%?", re.ASCII)


def _values(given: Any) -> Any:
    """K values as percents or shares: `2, 3, 5` or `0.02 0.03`, ascending, each once."""
    if isinstance(given, list):
        given = " ".join(map(str, given))
    if not isinstance(given, str):
        return given
    return given.replace(",", " ").replace("，", " ").replace("、", " ").split()


def _shares(values: list[str]) -> list[str]:
    found = []
    for text in values:
        if not SHARE.fullmatch(text):
            raise ValueError(_("Write shares such as 0.02 0.03 0.05, or 2% 3% 5%"))
        share = Decimal(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
        if not share < 1:
            raise ValueError(_("Write shares such as 0.02 0.03 0.05, or 2% 3% 5%"))
        found.append(f"{share.normalize():f}")
    if len(set(found)) != len(found):
        raise ValueError(_("Each value stands once"))
    return sorted(found, key=Decimal)


Instant = Annotated[datetime, AfterValidator(_here)]
Shares = Annotated[list[str], BeforeValidator(_values), AfterValidator(_shares)]


class RouteQuestion(BaseModel):
    """What the routing page is asked: an estimate and whose money it is."""

    estimate: Yuan
    object: Literal["works", "goods", "services", "agency"] = "works"
    investment: OptionalYuan = None
    public_funds: OptionalYuan = None
    controlled: bool = False
    procurement: bool = False


class DraftWorks(RouteQuestion):
    """A small works as its owner fills it in (小型工程登记)."""

    title: Line
    scope: Text
    place: OptionalLine = ""
    days: Annotated[int, Field(ge=1, le=3650)]
    """time for building, in days"""
    project: OptionalLine = ""
    """what larger project it belongs to: its contracts may have to be merged"""
    trade: Line
    ceiling: Yuan
    method: Annotated[str, AfterValidator(_method)]
    finalists: Annotated[int, Field(ge=0, le=99)] = 0
    k_values: Shares = []
    weighted: bool = False
    """whether the grades' chances count (规则印明的权数)"""
    grades: list[Literal["A", "B", "C"]] = ["A", "B", "C"]
    needs_manager: bool = False
    requirements: Text = ""
    sign_up: bool = False
    declines_until: Instant
    draw_at: Instant
    beacon: Annotated[str, AfterValidator(_known_beacon)] = "dice/20"
    tenderer: OptionalLine = ""
    """the owner's code or name, where an agent drafts"""

    @property
    def budget(self) -> Decimal:
        """The estimate, as a project's budget."""
        return self.estimate

    @model_validator(mode="before")
    @classmethod
    def _some_grade(cls, values: Any) -> Any:
        if isinstance(values, dict) and values.get("grades") == []:
            return {name: value for name, value in values.items() if name != "grades"}
        return values


class CallPrices(BaseModel):
    """The owner's signatures over notice and seal policy of the sealed prices, base64."""

    prices_notice_cms: Text
    policy_cms: Text


class LaterPrices(BaseModel):
    """A later deadline for sealed prices, before they are called for."""

    prices_until: Instant


class PublishWorks(BaseModel):
    """The owner's signature over the notice, base64."""

    notice_cms: Text


class AwardWorks(BaseModel):
    """The owner's signature over the award notice, base64."""

    award_cms: Text


class SetAside(BaseModel):
    """A rule that a named officer sets aside, with the reason (规则例外)."""

    rule: Line
    reason: Reason


class Decline(BaseModel):
    """A firm does not take part, or gives an award up; or the owner says that it has."""

    reason: Reason


class NameManager(BaseModel):
    """Whom a firm would send as project manager."""

    manager: Line


class FileLocalRule(BaseModel):
    """The local rule that allows a lottery (地方规定备案)."""

    name: Line
    number: Line
    since: date
    until: Annotated[date | None, BeforeValidator(lambda text: text or None)] = None


class SignedWorks(BaseModel):
    """The contract as it was signed."""

    price: Yuan
    signed_on: date


class Cancel(BaseModel):
    """Why a works is given up."""

    reason: Reason
