"""What is missing or of the wrong form in a plain case of a scored tender, in words and all at once.

What the law or the rules of evaluation say to a case that is well formed, the evaluation itself says.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

_YUAN = re.compile(r"[1-9][0-9]{0,14}(\.[0-9]{1,2})?|0\.[0-9]{1,2}")
_NUMBER = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})?")


def faults(data: Mapping[str, Any]) -> list[str]:
    """Every fault of form with its place; none when the case can be computed."""
    return [
        *_head(data),
        *_rules(data["rules"]),
        *_criteria(data["criteria"]),
        *_bids(data),
        *_expected(data),
    ]


def _head(data: Mapping[str, Any]) -> Iterator[str]:
    for name in ("budget", "ceiling"):
        if not _is(_YUAN, data.get(name, "" if name == "budget" else "1")):
            yield f"{name}: an amount in yuan as text, such as 2400000.00"
    if not _is_time(data["deadline"]):
        yield "deadline: an instant with its offset, such as 2026-03-23T09:30:00.000+08:00"
    if type(data["experts"]) is not int or not 1 <= data["experts"] <= 99:
        yield "experts: how many score, a whole number from 1"
    if not isinstance(data.get("kind"), str):
        yield "kind: goods or services"


def _rules(rules: Any) -> Iterator[str]:
    if not isinstance(rules, dict):
        yield "rules: an object"
        return
    for name in ("abnormal_ratio", "abnormal_ceiling_ratio", "outlier_ratio"):
        if not _is(_NUMBER, rules.get(name)):
            yield f"rules.{name}: a ratio as text, such as 0.50"
    rates = rules.get("deductions")
    if not isinstance(rates, dict) or not all(_is(_NUMBER, rate) for rate in rates.values()):
        yield "rules.deductions: an object of rates as text, such as 0.10"
    if not isinstance(rules.get("stacking"), str):
        yield "rules.stacking: additive or multiplicative"


def _criteria(criteria: Any) -> Iterator[str]:
    if not isinstance(criteria, list) or not all(isinstance(row, dict) for row in criteria):
        yield "criteria: a list of objects"


def _bids(data: Mapping[str, Any]) -> Iterator[str]:
    bids = data["bids"]
    if not isinstance(bids, list) or not bids or not all(isinstance(bid, dict) for bid in bids):
        yield "bids: a list of objects, one at least"
        return
    for place, bid in enumerate(bids, start=1):
        name = bid.get("id")
        if not isinstance(name, str) or not name:
            yield f"bid {place}: id is missing"
        elif sum(other.get("id") == name for other in bids) > 1:
            yield f"bid {place}: {name} stands there twice"
        yield from (f"bid {name or place}: {words}" for words in _bid(bid, data))


def _bid(bid: Mapping[str, Any], data: Mapping[str, Any]) -> Iterator[str]:
    if not _is(_YUAN, bid.get("price")):
        yield "price: an amount in yuan as text with two places at most, such as 2180000.00"
    if not _is_time(bid.get("received")):
        yield "received: an instant with its offset"
    known = data["rules"].get("deductions", {}) if isinstance(data["rules"], dict) else {}
    claims = bid.get("policies", [])
    if not isinstance(claims, list):
        yield "policies: a list"
    else:
        yield from (
            f"policies: the rules have no deduction for {claim}"
            for claim in claims
            if not isinstance(claim, str) or claim not in known
        )
    if not isinstance(bid.get("brand", ""), str):
        yield "brand: a text"
    scores = bid.get("scores", {})
    if not isinstance(scores, dict):
        yield "scores: an object"
        return
    for item, given in scores.items():
        if not isinstance(given, list) or not all(_is(_NUMBER, each) for each in given):
            yield f"scores of {item}: a list of scores as text"
        elif len(given) != data["experts"]:
            yield f"scores of {item}: {len(given)} where {data['experts']} experts score"


def _expected(data: Mapping[str, Any]) -> Iterator[str]:
    expected, bids = data["expected"], data["bids"]
    if not isinstance(expected, dict) or not isinstance(expected.get("bids", {}), dict):
        yield "expected: an object of figures"
        return
    known = {bid.get("id") for bid in bids if isinstance(bid, dict)} if isinstance(bids, list) else set()
    for bid, figures in expected.get("bids", {}).items():
        if bid not in known:
            yield f"expected: there is no bid {bid}"
        elif not isinstance(figures, dict):
            yield f"expected figures of {bid}: an object"


def _is(pattern: re.Pattern[str], value: Any) -> bool:
    return isinstance(value, str) and pattern.fullmatch(value) is not None


def _is_time(value: Any) -> bool:
    try:
        return datetime.fromisoformat(value).tzinfo is not None
    except (TypeError, ValueError):
        return False
