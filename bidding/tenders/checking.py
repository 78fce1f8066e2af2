"""What is said to a form while it is typed (边写边查): the same rules as at publication, over what is there so far."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bidding.tenders.criteria import (
    LOWEST,
    SCORING,
    Sums,
    check_rows,
    legal_faults,
    price_span,
    rows_of,
    sums_of,
)
from bidding.tenders.drafts import comparison_fault, kind_of, known_template
from bidding.tenders.plan import review_items, texts_of
from bidding.tenders.service import the_rulebook
from trading.errors import Fault
from trading.rulebook.calendar import beijing_date
from trading.rulebook.lint import lint
from trading.rulebook.methods import OPEN
from trading.rulebook.plan import Finding


@dataclass(frozen=True)
class CriteriaCheck:
    """The sums of the rows, and what stands against them and the method of evaluation; while another method is chosen
    nothing is said about the rows."""

    sums: Sums
    faults: list[Fault]


def words_check(registry: Any, form: Mapping[str, Any], now: datetime) -> list[Finding]:
    """The forbidden conditions in the words typed so far, refusals first."""
    try:
        texts = texts_of(form)
    except ValueError:  # the criteria's own check tells what is wrong with their lists
        texts = texts_of({**form, "evaluation": ""})
    found = lint(texts, the_rulebook(), beijing_date(now), kind_of(registry).regime)
    return sorted(found, key=lambda each: each.severity != "refuse")


def criteria_check(registry: Any, form: Mapping[str, Any], now: datetime) -> CriteriaCheck:
    """What the law says to the rows of criteria as typed so far. Raises Refused `tender.template`."""
    category = known_template(kind_of(registry), str(form.get("template")))["subject"]
    day, book, method = beijing_date(now), the_rulebook(), str(form.get("method") or OPEN)
    least, most = price_span(method, category, book, day)
    rows, faults = [], []
    try:
        rows = rows_of(form)
        check_rows(rows)
    except ValueError as error:
        faults = [Fault("criteria-row", error.args[0], "criteria")]
    if not faults and rows:
        qualification = review_items(str(form.get("qualification") or ""))
        faults = legal_faults(rows, category, qualification, book, day, method)
    if form.get("evaluation") != SCORING:
        faults = []
    compared = comparison_fault(method, str(form.get("evaluation") or LOWEST), now)
    return CriteriaCheck(sums_of(rows, least, most), [*([compared] if compared else []), *faults])
