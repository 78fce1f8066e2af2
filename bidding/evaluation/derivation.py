"""How a bid's price and place came about, line by line, in any language (评审计算过程).

A line is a message id with its numbers, so that the same derivation prints in Chinese and English.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from bidding.evaluation.exact import N_

TEMPLATES = {
    "review": N_("{review}, item {item}: {ayes} for, {noes} against ({verdict})"),
    "opening-total": N_("Bid price in the opening form: {price}"),
    "correction-59-1": N_(
        "{field}: the price list says {before}, the opening form {after}; the opening form rules (M87 59(1))"
    ),
    "correction-59-2": N_("{field}: the figures say {before}, the words {after}; the words rule (M87 59(2))"),
    "correction-59-3": N_(
        "{field}: decimal slip, {before} becomes {after}; the total of the opening form rules (M87 59(3))"
    ),
    "correction-59-4": N_("{field}: {before} becomes {after}; unit price × quantity rules (M87 59(4))"),
    "confirmed": N_("The bidder confirmed the corrected price {price}"),
    "within-limit": N_("{price} is not above the limit {limit}"),
    "above-limit": N_("{price} is above the limit {limit}"),
    "line-passed": N_("{line}: {price} is not below {amount} (exactly {exact})"),
    "line-triggered": N_("{line}: {price} is below {amount} (exactly {exact}); an explanation is needed"),
    "suspected": N_("The committee itself finds the price abnormally low; an explanation is needed"),
    "explanation-accepted": N_("The bidder explained the price and the committee accepted it"),
    "deduction": N_("{claim}: deduction of {rate} %"),
    "claim-without-effect": N_("{claim}: claimed, no deduction"),
    "evaluation-price": N_("Evaluation price: {price} (exactly {exact})"),
    "price-points": N_("Price: {benchmark} ÷ {price} × {weight} = {points} points (exactly {exact})"),
    "item-points": N_(
        "{criterion}: mean of {scores} is {mean} of {max}, weight {weight}: {points} points (exactly {exact})"
    ),
    "objective-disagreement": N_(
        "{criterion}: the members differ on an objective item; it must be corrected"
    ),
    "outlier": N_(
        "{criterion}: the score {score} is far from the others ({rule}); a written reason is needed"
    ),
    "total-points": N_("Total: {points} points (exactly {exact})"),
    "rank": N_("Rank {rank}"),
    "rejected": N_("Rejected: {ground} ({article})"),
}

NAMES = {
    "micro-enterprise": N_("Small or micro enterprise"),
    "sheltered": N_("Sheltered enterprise"),
    "micro-consortium": N_("Consortium with a small or micro enterprise"),
    "domestic-product": N_("Domestic product"),
    "half_mean": N_("Line of the mean"),
    "half_second_lowest": N_("Line of the second-lowest price"),
    "ceiling": N_("Line of the ceiling"),
    "committee": N_("Judgement of the committee"),
    "qualification": N_("Qualification review"),
    "conformity": N_("Conformity review"),
    "passed": N_("passed"),
    "not-passed": N_("not passed"),
    "not-qualified": N_("does not meet the qualification conditions"),
    "left": N_("has left without a final offer"),
    "too-few-offers": N_("fewer final offers than needed"),
    "price-sheet-invalid": N_("the price sheet cannot be used"),
    "not-responsive": N_("does not meet a substantive requirement"),
    "correction-not-confirmed": N_("the bidder did not confirm the corrected price"),
    "above-ceiling": N_("the price is above the ceiling or the budget"),
    "abnormally-low": N_("abnormally low price that was not justified"),
    "same-brand": N_("another bid of the same brand takes part"),
    "ratio": N_("distance from the mean of the others"),
    "modified-z": N_("modified z-score"),
    "fewer-than-three-bidders": N_("fewer than three bidders"),
    "fewer-than-three-qualified": N_("fewer than three bidders qualified"),
    "all-above-budget": N_("all prices are above the budget"),
    "fewer-than-three-responsive": N_("fewer than three bids meet the document"),
    "fewer-than-three-valid": N_("fewer than three valid bids are left"),
}
"""Words for the codes of claims, lines, reviews, grounds of rejection and failures."""

FIELDS = {
    "body.total": N_("Total of the price list"),
    "opening.total": N_("Total of the opening form"),
    "total": N_("Total"),
    "unit_price": N_("Item {number}, unit price"),
    "amount": N_("Item {number}, amount"),
}
"""Words for the fields that a correction changes."""

_ITEM_FIELD = re.compile(r"body\.items\[(\d+)\]\.(unit_price|amount)")
_NAMED = frozenset({"claim", "line", "review", "verdict", "ground", "rule"})


@dataclass(frozen=True)
class Line:
    """One line of a derivation: a code of TEMPLATES and its values, already written as text."""

    code: str
    values: tuple[tuple[str, str], ...] = ()

    def as_json(self) -> dict[str, object]:
        """The line as data for a report."""
        return {"code": self.code, "values": dict(self.values)}


def line(code: str, **values: object) -> Line:
    """A line with its values written as text. Raises KeyError for a code without a template."""
    TEMPLATES[code]
    return Line(code, tuple((name, str(value)) for name, value in values.items()))


def render(entry: Line, translate: Callable[[str], str] = str) -> str:
    """The line in the language of `translate` (msgid to text)."""
    values = {name: _word(name, value, translate) for name, value in entry.values}
    return translate(TEMPLATES[entry.code]).format(**values)


def _word(name: str, value: str, translate: Callable[[str], str]) -> str:
    if name == "field":
        match = _ITEM_FIELD.fullmatch(value)
        if match:
            # People count items from 1, the sheet from 0.
            return translate(FIELDS[match[2]]).format(number=int(match[1]) + 1)
        return translate(FIELDS[value])
    return translate(NAMES[value]) if name in _NAMED and value in NAMES else value
