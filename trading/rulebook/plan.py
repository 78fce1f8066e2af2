"""What a tender's plan says, and what a rule finds in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Literal

from trading.errors import Fault
from trading.rulebook.book import Rule

Severity = Literal["refuse", "warn"]
Regime = Literal["procurement", "bidding_law"]
Subject = Literal["goods", "services", "works"]
Next = date | Decimal | int | None


@dataclass(frozen=True)
class TenderPlan:
    """What a tender will say (招标方案). Money in yuan, ratios as Decimal, instants aware, dates Beijing.

    `texts` are the free texts to lint by field name, such as "technical" or "criteria.2.guidance". `approvals` maps a rule id to the reference of an approval document.
    """

    subject: Subject
    method: str
    evaluation: Literal["lowest_price", "scoring"]
    budget: Decimal
    publish_at: datetime
    documents_until: date
    deadline: datetime
    opening_at: datetime
    bid_validity_days: int
    regime: Regime = "procurement"
    notice_until: date | None = None
    documents_from: date | None = None
    ceiling: Decimal | None = None
    minimum_price: Decimal | None = None
    bid_security: Decimal = Decimal(0)
    bid_security_forms: tuple[str, ...] = ()
    performance_security: Decimal = Decimal(0)
    standardised: bool = False
    price_weight: Decimal | None = None
    micro_deduction: Decimal | None = None
    domestic_deduction: Decimal | None = None
    low_lines: Mapping[str, Decimal] = field(default_factory=dict)
    explanation_minutes: int | None = None
    decryption_minutes: int | None = None
    committee: int | None = None
    experts: int | None = None
    complex_or_high_impact: bool = False
    invited: int | None = None
    invited_from: int | None = None
    registration_gate: bool = False
    roster_gate: bool = False
    representative_in_person: bool = False
    award_by_lottery: bool = False
    texts: Mapping[str, str] = field(default_factory=dict)
    approvals: Mapping[str, str] = field(default_factory=dict)
    investment_code: str = ""


@dataclass(frozen=True)
class Mark:
    """Where in a text the words of a finding stand: line (from 1), sentence, place in the sentence; `clause` is
    the entry of the clause library that says it lawfully, "" for none."""

    line: int
    sentence: str
    start: int
    end: int
    clause: str

    @property
    def parts(self) -> tuple[str, str, str]:
        """The sentence before, at and after the words."""
        return self.sentence[: self.start], self.sentence[self.start : self.end], self.sentence[self.end :]


@dataclass(frozen=True)
class Finding:
    """One rule that the plan breaks or strains.

    `message` is a msgid with a mapping (a TranslationString); `next_lawful` the nearest value that the
    rule allows, where there is one; `overridden` whether a named officer has overridden it.
    """

    id: str
    rule: str
    severity: Severity
    field: str
    given: str
    message: str
    article: str
    article_zh: str
    words_en: str
    words_zh: str
    certainty: str
    next_lawful: Next = None
    overridden: bool = False
    mark: Mark | None = None

    @property
    def blocks(self) -> bool:
        """Whether the plan may not be published as it is."""
        return self.severity == "refuse" and not self.overridden

    def fault(self) -> Fault:
        """The finding as a fault of `trading.errors`, for `Refused`."""
        remedy = "" if self.next_lawful is None else str(self.next_lawful)
        return Fault(f"rule.{self.rule}", self.message, self.field, self.article, remedy)


def finding(rule: Rule, field_name: str, given: str, message: str, lawful: Next = None) -> Finding:
    """The finding that a rule makes on a field: a V rule refuses, others warn."""
    return Finding(
        id=f"{rule.id}:{field_name}={given}", rule=rule.id, severity="refuse" if rule.refuses else "warn",
        field=field_name, given=given, message=message, article=rule.citation("en"),
        article_zh=rule.citation("zh"), words_en=rule.words("en"), words_zh=rule.words("zh"),
        certainty=rule.certainty, next_lawful=lawful,
    )  # fmt: skip
