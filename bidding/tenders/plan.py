"""What a draft means to the rulebook and to the evaluation: pure functions over the filled-in form."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from bidding.tenders.commands import DraftTender
from trading.rulebook.plan import TenderPlan

LINTED = ("title", "technical", "qualification", "payment_terms")
_NUMBERED = re.compile(r"^\s*(?:[0-9]+[.、．)]|[-•])\s*")


def plan_of(draft: DraftTender, template: Mapping[str, Any], regime: str, publish_at: datetime) -> TenderPlan:
    """The plan that the legal gates judge, for a publication at `publish_at`.

    `template` is the kind's template that the draft began with: it says what kind of goods this is and
    by which method it is bought. The opening is at the deadline itself."""
    chosen = template["values"]
    return TenderPlan(
        subject=template["subject"],
        method=chosen["method"],
        evaluation=chosen["evaluation"],
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
        low_lines={name: Decimal(line) for name, line in chosen["low_lines"].items()},
        explanation_minutes=draft.explanation_minutes,
        decryption_minutes=draft.decryption_minutes,
        committee=draft.committee,
        experts=draft.experts,
        texts={name: getattr(draft, name) for name in LINTED},
    )


def rules_of(
    draft: DraftTender, template: Mapping[str, Any], kind: Mapping[str, Any], minimum: int
) -> dict[str, Any]:
    """The RULES object of docs/protocols/evaluation.md 1.1: how bids will be evaluated.

    `minimum` is the number of valid bidders needed (GPL art. 36). What is examined are the lines of the
    qualification text, and the kind's list for conformity."""
    chosen = template["values"]
    lines, conformity = chosen["low_lines"], kind["review"]["conformity"]
    # Two envelopes: what can be examined without the price is examined while the price is sealed.
    before_price = [item["zh"] for item in conformity if draft.envelopes == 2 and not item.get("price")]
    return {
        "method": "lowest-price",
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
            **{name: ratio(Decimal(lines[name])) for name in ("mean", "second", "ceiling")},
            "exclude_self": chosen["exclude_self"],
        },
        "brand_ties": [],
        "ties": [],
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
