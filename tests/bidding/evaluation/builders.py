"""Small sheets, bids and rules for the evaluation's tests; amounts are yuan as text."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from bidding.evaluation.inputs import Bid, Rules, parse_decisions, parse_rules
from trading.money import capitals


def item(unit_price: str, quantity: str = "1", amount: str | None = None) -> dict[str, Any]:
    return {
        "name": "Air-conditioning unit",
        "brand": "",
        "unit": "set",
        "quantity": quantity,
        "unit_price": unit_price,
        "amount": amount or unit_price,
    }


def sheet(total: str, **changes: Any) -> dict[str, Any]:
    """A consistent sheet; `words`, `body`, `items`, `brand`, `claims` replace a part of it."""
    return {
        "v": 1,
        "typ": "ebid.price-sheet",
        "currency": "CNY",
        "opening": {
            "total": total,
            "words": changes.get("words", capitals(Decimal(total))),
            "period_days": 30,
        },
        "body": {"total": changes.get("body", total), "items": changes.get("items", [item(total)])},
        "core_brand": changes.get("brand", ""),
        "claims": list(changes.get("claims", ())),
    }


def rules_json(**changes: Any) -> dict[str, Any]:
    return {
        "method": "lowest-price",
        "budget": "100000000000.00",
        "ceiling": None,
        "minimum": 3,
        "candidates": 3,
        "items": {"qualification": [], "conformity": []},
        "deductions": {"micro-enterprise": "0.10", "domestic-product": "0.20"},
        "stacking": "multiplicative",
        # No line by default: a ratio of nothing is below no price.
        "abnormal": {"mean": "0.00", "second": "0.00", "ceiling": "0.00", "exclude_self": False},
        "brand_ties": [],
        "ties": ["bid-price"],
        **changes,
    }


def rules(**changes: Any) -> Rules:
    return parse_rules(rules_json(**changes))


def bid(name: str, total: str, decisions: dict[str, Any] | None = None, **changes: Any) -> Bid:
    return Bid(name, sheet(total, **changes), parse_decisions(decisions or {}))


def plain(totals: Sequence[str]) -> list[Bid]:
    """Bids named A, B, C … at these prices."""
    return [bid(chr(ord("A") + n), total) for n, total in enumerate(totals)]
