"""What may be asked about tenders: one vocabulary for the form, the JSON interface and what is stored."""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationInfo,
    field_validator,
    model_validator,
)
from translationstring import TranslationStringFactory

from bidding.evaluation.criteria import is_number
from bidding.tenders.criteria import COLUMNS, LOWEST, Row, check_rows, columns_of, rows_of
from trading.clock import BEIJING

_ = TranslationStringFactory("tradehall")

Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
OptionalLine = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)]
LongText = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=20000)]
QUANTITY = re.compile(r"(0|[1-9][0-9]{0,11})(\.[0-9]{1,6})?", re.ASCII)
"""As in a price sheet: docs/protocols/evaluation.md 1.2."""


def _plain_number(value: Any) -> Any:
    """People write 2,400,000.00."""
    return value.replace(",", "").replace("，", "").strip() if isinstance(value, str) else value


Yuan = Annotated[Decimal, BeforeValidator(_plain_number), Field(gt=0, max_digits=17, decimal_places=2)]
YuanOrNone = Annotated[Decimal, BeforeValidator(_plain_number), Field(ge=0, max_digits=17, decimal_places=2)]
Ratio = Annotated[Decimal, BeforeValidator(_plain_number), Field(ge=0, le=1, max_digits=7, decimal_places=6)]


def _none_when_empty(value: Any) -> Any:
    """A field left empty means what the template says."""
    return None if isinstance(value, str) and not value.strip() else value


OptionalDay = Annotated[date | None, BeforeValidator(_none_when_empty)]
OptionalText = Annotated[str, StringConstraints(strip_whitespace=True, max_length=1000)]
RatioOrTemplate = Annotated[Ratio | None, BeforeValidator(_none_when_empty)]


def _in_beijing(value: datetime) -> datetime:
    """A time without a zone is Beijing's. Whole seconds: what is shown is what counts."""
    aware = value if value.tzinfo else value.replace(tzinfo=BEIJING)
    return aware.replace(microsecond=0)


BeijingTime = Annotated[datetime, AfterValidator(_in_beijing)]


class DraftTender(BaseModel):
    """Everything an agent says about a tender. `tenderer` is a unified social credit code or the exact
    name of a registered organisation; "" means one's own. Ratios are shares (0.10), money is yuan.
    `method` is the method of procurement, `approval` the number of the paper that approves another than open
    tender (GPL 27) and `approval_date` its day, `two_offers` the ground on which two suppliers are enough, with its
    reason and, for `failed-tender`, the open tender that left two.
    The three item lists have one length; `core_item` counts from 1. `evaluation` is the method; with comprehensive scoring the lists `criterion_…` are the rows of bidding.tenders.criteria.Row. Lines of
    abnormally low prices and the ratio of outliers are the template's when None; `modified_z` "" means that
    this test of outliers is not used."""

    model_config = ConfigDict(extra="forbid")

    template: Line
    method: Literal["open", "invited", "consultation", "negotiation", "inquiry"] = "open"
    approval: OptionalLine = ""
    approval_date: OptionalDay = None
    two_offers: Literal["", "public-service", "research", "failed-tender"] = ""
    two_offers_reason: OptionalText = ""
    failed_tender: OptionalLine = ""
    title: Line
    title_en: OptionalLine = ""
    tenderer: OptionalLine = ""
    contact: OptionalLine = ""
    investment_code: OptionalLine = ""
    budget: Yuan
    ceiling: Yuan
    bid_security: YuanOrNone = Decimal(0)
    item_name: list[str] = Field(min_length=1, max_length=200)
    item_unit: list[str]
    item_quantity: list[str]
    core_item: int = Field(1, ge=1)
    technical: LongText
    qualification: LongText
    payment_terms: LongText
    notice_until: date
    documents_until: date
    deadline: BeijingTime
    bid_validity_days: int = Field(ge=1, le=1000)
    decryption_minutes: int = Field(ge=1, le=1440)
    vault_mode: Literal["either", "bidder", "dual", "custodian"] = "either"
    envelopes: int = Field(1, ge=1, le=2)
    explanation_minutes: int = Field(30, ge=1, le=1440)
    performance_security: Ratio
    micro_deduction: Ratio
    domestic_deduction: Ratio
    stacking: Literal["multiplicative", "additive"] = "multiplicative"
    delivery_days: int = Field(ge=1, le=3650)
    delivery_place: Line
    warranty_months: int = Field(ge=0, le=600)
    committee: int = Field(5, ge=1, le=99)
    experts: int = Field(4, ge=0, le=99)
    evaluation: Literal["lowest-price", "comprehensive-scoring"] = "lowest-price"
    low_mean: RatioOrTemplate = None
    low_second: RatioOrTemplate = None
    low_ceiling: RatioOrTemplate = None
    outlier_ratio: RatioOrTemplate = None
    modified_z: OptionalLine = "3.5"
    criterion_id: list[str] = []
    criterion_name: list[str] = []
    criterion_kind: list[str] = []
    criterion_max: list[str] = []
    criterion_guidance: list[str] = []
    criterion_group: list[str] = []
    criterion_weight: list[str] = Field([], max_length=100)

    @model_validator(mode="before")
    @classmethod
    def _without_empty_rows(cls, values: Any) -> Any:
        """The form offers empty rows for more items: rows with nothing in them are not meant."""
        if not isinstance(values, dict) or not isinstance(values.get("item_name"), list):
            return values
        columns = [values.get(name) or [] for name in ("item_name", "item_unit", "item_quantity")]
        if len({len(column) for column in columns}) != 1:
            return values
        rows = [row for row in zip(*columns, strict=True) if any(str(cell).strip() for cell in row)]
        names, units, quantities = ([str(row[i]).strip() for row in rows] for i in range(3))
        return values | {"item_name": names, "item_unit": units, "item_quantity": quantities}

    @model_validator(mode="before")
    @classmethod
    def _criteria_in_rows(cls, values: Any) -> Any:
        """Lists left out are empty; rows with nothing in them are not meant."""
        if not isinstance(values, dict) or not any(isinstance(values.get(name), list) for name in COLUMNS):
            return values
        try:
            return values | columns_of(rows_of(values))
        except ValueError:  # told by `_readable_criteria`, beside its field
            return values

    @field_validator("criterion_weight")
    @classmethod
    def _readable_criteria(cls, weights: list[str], info: ValidationInfo) -> list[str]:
        rows = rows_of(info.data | {"criterion_weight": weights})
        if info.data.get("evaluation") != LOWEST:
            check_rows(rows)
        return weights

    @field_validator("modified_z")
    @classmethod
    def _a_score(cls, value: str) -> str:
        if value and not is_number(value):
            raise ValueError(_("Write a number such as 3.5, or nothing"))
        return value

    @field_validator("item_quantity")
    @classmethod
    def _whole_items(cls, quantities: list[str], info: ValidationInfo) -> list[str]:
        names, units = info.data.get("item_name", []), info.data.get("item_unit", [])
        if not len(names) == len(units) == len(quantities) or not all((*names, *units)):
            raise ValueError(_("Each item needs a name, a unit and a quantity."))
        if not all(QUANTITY.fullmatch(quantity) and Decimal(quantity) for quantity in quantities):
            raise ValueError(_("Write a quantity such as 360 or 1.5"))
        return quantities

    @field_validator("core_item")
    @classmethod
    def _an_item(cls, number: int, info: ValidationInfo) -> int:
        if "item_name" in info.data and number > len(info.data["item_name"]):
            raise ValueError(_("Choose one of the items as the core product"))
        return number

    @property
    def criteria(self) -> list[Row]:
        """The criteria of a scored tender, as filled in."""
        return rows_of({name: getattr(self, name) for name in COLUMNS})

    @property
    def items(self) -> list[dict[str, Any]]:
        """Rows of the schedule of requirements."""
        rows = zip(self.item_name, self.item_unit, self.item_quantity, strict=True)
        return [
            {
                "number": number,
                "name": name,
                "unit": unit,
                "quantity": quantity,
                "core": number == self.core_item,
            }
            for number, (name, unit, quantity) in enumerate(rows, start=1)
        ]


class OverrideRule(BaseModel):
    """Setting a finding aside: `finding` is its id, which names rule, field and value."""

    finding: Line
    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=10, max_length=2000)]


class SignPublication(BaseModel):
    """The signatures that publish a tender: detached CMS in base64url without padding."""

    notice_cms: Annotated[str, StringConstraints(min_length=1)]
    policy_cms: Annotated[str, StringConstraints(min_length=1)]
