"""Corrections of scores after the sheets are locked (修改评标结果), only on the grounds of M87 art. 64.

A wrong sum, the fourth ground, cannot come about: the platform adds. The signed sheets stay as they are;
each correction is recorded beside them with what it changes, and counts from there on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from bidding.evaluation import outliers
from bidding.evaluation.criteria import OBJECTIVE, SUBJECTIVE, Criterion, is_number
from bidding.evaluation.exact import N_
from bidding.evaluation.scoring_inputs import ScoredBid, ScoringRules
from trading.errors import Fault, Refused

ARTICLES = {"range": "M87 64(2)", "objective": "M87 64(3)", "outlier": "M87 64(4)"}
_KEYS = frozenset({"bid", "item", "member", "ground", "before", "after"})


@dataclass(frozen=True)
class ScoreCorrection:
    """One member's score on one item of one bid, changed on one of the grounds of ARTICLES."""

    bid: str
    item: str
    member: str
    ground: str
    before: Fraction
    after: Fraction


def parse_corrections(raw: object) -> tuple[ScoreCorrection, ...]:
    """The corrections in decoded JSON, in their order. Raises ValueError."""
    if not isinstance(raw, list) or not all(_valid(entry) for entry in raw):
        raise ValueError("a correction needs bid, item, member, ground, before and after")
    return tuple(
        ScoreCorrection(**{**entry, "before": Fraction(entry["before"]), "after": Fraction(entry["after"])})
        for entry in raw
    )


def corrected(
    rules: ScoringRules, bids: Sequence[ScoredBid], corrections: Sequence[ScoreCorrection]
) -> tuple[ScoredBid, ...]:
    """The bids with their scores after the corrections, one by one. Raises Refused for the first that is unlawful."""
    found = {bid.id: bid for bid in bids}
    items = {criterion.id: criterion for criterion in rules.judged}
    for number, entry in enumerate(corrections):
        row = found[entry.bid].scores.get(entry.item, {}) if entry.bid in found else {}
        criterion = items.get(entry.item)
        if criterion is None or row.get(entry.member) != entry.before or entry.after > criterion.max:
            message = N_("This correction does not fit the score that it changes.")
            raise Refused([Fault("correction-unfit", message, f"corrections.{number}", "M87 64")])
        if not _grounded(entry, criterion, row, rules):
            message = N_("A locked score may only be corrected on a ground of Order 87 art. 64.")
            raise Refused(
                [Fault("correction-unlawful", message, f"corrections.{number}", ARTICLES[entry.ground])]
            )
        scores = {**found[entry.bid].scores, entry.item: {**row, entry.member: entry.after}}
        found[entry.bid] = replace(found[entry.bid], scores=scores)
    return tuple(found[bid.id] for bid in bids)


def _grounded(
    entry: ScoreCorrection, criterion: Criterion, row: Mapping[str, Fraction], rules: ScoringRules
) -> bool:
    """Whether the ground that the correction names is there."""
    if entry.ground == "range":
        return entry.before > criterion.max
    if entry.ground == "objective":
        return criterion.kind == OBJECTIVE and len(set(row.values())) > 1
    return criterion.kind == SUBJECTIVE and entry.member in outliers.hits(row, rules.outliers)


def _valid(entry: Any) -> bool:
    return (
        isinstance(entry, Mapping)
        and entry.keys() == _KEYS
        and all(isinstance(value, str) for value in entry.values())
        and entry["ground"] in ARTICLES
        and is_number(entry["before"])
        and is_number(entry["after"])
    )
