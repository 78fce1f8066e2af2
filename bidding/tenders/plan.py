"""What a draft means to the rulebook and to the evaluation: pure functions over the filled-in form."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from bidding.evaluation.criteria import PRICE, is_number
from bidding.tenders.commands import DraftTender
from bidding.tenders.criteria import LOWEST, SCORING, rows_of, tree_of
from trading.rulebook.methods import OPEN, has_final_offers
from trading.rulebook.plan import TenderPlan

LINTED = ("title", "title_en", "technical", "qualification", "payment_terms")
EVALUATIONS = {LOWEST: "lowest_price", SCORING: "scoring"}
"""Methods of evaluation by the names that the rulebook and the kind have for them."""
LOW_LINES = ("mean", "second", "ceiling")
_NUMBERED = re.compile(r"^\s*(?:[0-9]+[.、．)]|[-•])\s*")


def plan_of(draft: DraftTender, template: Mapping[str, Any], regime: str, publish_at: datetime) -> TenderPlan:
    """The plan that the legal gates judge, for a publication at `publish_at`.

    `template` is the kind's template that the draft began with: it says what kind of goods this is. The opening is at the deadline itself."""
    chosen = template["values"]
    return TenderPlan(
        subject=template["subject"],
        method=draft.method,
        approvals={"P2": draft.approval} if draft.approval else {},
        evaluation=EVALUATIONS[draft.evaluation],  # type: ignore[arg-type]
        price_weight=price_weight(draft),
        standardised=template["standardised"],
        regime=regime,  # type: ignore[arg-type]
        budget=draft.budget,
        ceiling=draft.ceiling,
        publish_at=publish_at,
        notice_until=draft.notice_until,
        documents_until=draft.documents_until,
        deadline=draft.deadline,
        opening_at=draft.deadline,
        bid_validity_days=draft.bid_validity_days,
        bid_security=draft.bid_security,
        bid_security_forms=tuple(chosen["bid_security_forms"]),
        performance_security=draft.performance_security,
        micro_deduction=draft.micro_deduction,
        domestic_deduction=draft.domestic_deduction,
        low_lines=low_lines(draft, chosen),
        explanation_minutes=draft.explanation_minutes,
        decryption_minutes=draft.decryption_minutes,
        committee=draft.committee,
        experts=draft.experts,
        investment_code=draft.investment_code,
        texts=texts_of(draft.model_dump(mode="json")),
    )


def texts_of(form: Mapping[str, Any]) -> dict[str, str]:
    """The words of a form that the lint reads, by field: criteria are `criteria.<row>.name` and `.guidance`.
    Raises ValueError for criteria whose lists do not belong together."""
    texts = {name: str(form.get(name) or "") for name in LINTED}
    texts["item_name"] = "\n".join(map(str, form.get("item_name") or []))
    if form.get("evaluation") == SCORING:
        for number, row in enumerate(rows_of(form), start=1):
            texts |= {f"criteria.{number}.name": row.name, f"criteria.{number}.guidance": row.guidance}
    return texts


def price_weight(draft: DraftTender) -> Decimal | None:
    """The price's share of a scored tender, None for another method."""
    if draft.evaluation != SCORING:
        return None
    weights = [row.weight for row in draft.criteria if row.kind == PRICE and is_number(row.weight)]
    full = sum(Decimal(row.weight) for row in draft.criteria if is_number(row.weight))
    return sum(map(Decimal, weights)) / full if full else Decimal(0)


def low_lines(draft: DraftTender, chosen: Mapping[str, Any]) -> dict[str, Decimal]:
    """The lines of abnormally low prices: the draft's own, else the template's."""
    given = {name: getattr(draft, f"low_{name}") for name in LOW_LINES}
    return {name: Decimal(chosen["low_lines"][name]) if own is None else own for name, own in given.items()}


def rules_of(
    draft: DraftTender, template: Mapping[str, Any], conformity: Sequence[Mapping[str, Any]], minimum: int
) -> dict[str, Any]:
    """The RULES object of docs/protocols/evaluation.md 1.1 or 5.1: how bids will be evaluated.

    `minimum` is the number of valid bidders needed (GPL art. 36). What is examined are the lines of the
    qualification text, and the kind's list for conformity."""
    chosen = template["values"]
    lines = low_lines(draft, chosen)
    # What can be examined without the price is examined while it is sealed, or before final offers are made.
    later = draft.envelopes == 2 or has_final_offers(draft.method)
    before_price = [item["zh"] for item in conformity if later and not item.get("price")]
    rules: dict[str, Any] = {
        "method": draft.evaluation,
        "budget": money(draft.budget),
        "ceiling": money(draft.ceiling),
        "minimum": minimum,
        "candidates": 3,
        "items": {
            "qualification": [*review_items(draft.qualification), *before_price],
            "conformity": [item["zh"] for item in conformity if item["zh"] not in before_price],
        },
        "deductions": {
            "micro-enterprise": ratio(draft.micro_deduction),
            # Prison enterprises and employers of disabled persons count as micro enterprises.
            "sheltered": ratio(draft.micro_deduction),
            "domestic-product": ratio(draft.domestic_deduction),
        },
        "stacking": draft.stacking,
        "abnormal": {
            **{name: ratio(line) for name, line in lines.items()},
            "exclude_self": chosen["exclude_self"],
        },
        "brand_ties": [],
        "ties": [],
    }
    if draft.method != OPEN:
        rules["procurement"] = draft.method
    return rules | (scoring_of(draft, template) if draft.evaluation == SCORING else {})


def scoring_of(draft: DraftTender, template: Mapping[str, Any]) -> dict[str, Any]:
    """What comprehensive scoring adds to the rules (docs/protocols/evaluation.md 5.1)."""
    given = draft.outlier_ratio
    limit = Decimal(template["values"]["outlier_ratio"]) if given is None else given
    return {
        "category": template["subject"],
        "criteria": tree_of(draft.criteria),
        "outliers": {"ratio": ratio(limit), "modified_z": draft.modified_z or None},
        "ties": ["bid-price"],
    }


def review_items(text: str) -> list[str]:
    """The lines of a text as items to examine, each once, their numbers taken off."""
    lines = (_NUMBERED.sub("", line).strip() for line in text.splitlines())
    return list(dict.fromkeys(line for line in lines if line))


def money(amount: Decimal) -> str:
    """Yuan as documents carry them: two places, no separators."""
    return f"{amount.quantize(Decimal('0.01')):f}"


def ratio(share: Decimal) -> str:
    """A share as documents carry it: `^[01]\\.[0-9]{1,6}$`."""
    return f"{max(share.normalize(), share.quantize(Decimal('0.01')), key=places):f}"


def places(number: Decimal) -> int:
    """How many digits stand after the point."""
    return max(0, -int(number.as_tuple().exponent))
