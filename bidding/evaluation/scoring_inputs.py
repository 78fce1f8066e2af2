"""What an evaluation by comprehensive scoring starts from: docs/protocols/evaluation.md, section 5.1.

The rules are those of the lowest-price method with criteria; each bid has the members' scores beside its
decisions. Reading is strict and names every fault at once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from bidding.evaluation.criteria import (
    METHOD,
    PRICE,
    Criterion,
    PriceWeights,
    check_criteria,
    is_number,
    parse_criteria,
)
from bidding.evaluation.exact import N_, is_rate
from bidding.evaluation.inputs import Bid, Rules, check_rules, parse_bids, parse_rules, procurement_valid
from bidding.evaluation.outliers import OutlierLimits
from trading.errors import Fault, Refused
from trading.rulebook.methods import OPEN, SCORING

_OWN_KEYS = frozenset({"category", "criteria", "outliers"})


@dataclass(frozen=True)
class ScoringRules(Rules):
    """The scoring rules of one tender document; `category` is goods or services."""

    category: str
    criteria: tuple[Criterion, ...]
    outliers: OutlierLimits

    @property
    def price(self) -> Criterion:
        """The price criterion."""
        return next(criterion for criterion in self.criteria if criterion.kind == PRICE)

    @property
    def judged(self) -> tuple[Criterion, ...]:
        """The criteria that members score, in the document's order."""
        return tuple(criterion for criterion in self.criteria if criterion.kind != PRICE)


@dataclass(frozen=True)
class ScoredBid(Bid):
    """A bid with its scores: by item, then by member."""

    scores: Mapping[str, Mapping[str, Fraction]]


def parse_scoring_rules(raw: object) -> ScoringRules:
    """The rules in decoded JSON. Raises Refused with every fault."""
    faults = check_scoring_rules(raw)
    if faults:
        raise Refused(faults)
    assert isinstance(raw, Mapping)
    z = raw["outliers"]["modified_z"]
    return ScoringRules(
        **vars(parse_rules(_shared(raw))) | {"procurement": raw.get("procurement", OPEN)},
        category=raw["category"],
        criteria=parse_criteria(raw["criteria"]),
        outliers=OutlierLimits(Fraction(raw["outliers"]["ratio"]), None if z is None else Fraction(z)),
    )


def check_scoring_rules(raw: object) -> list[Fault]:
    """Everything that is wrong with `raw` as scoring rules; empty when they can be used."""
    if not isinstance(raw, Mapping) or not raw.keys() >= _OWN_KEYS or raw["method"] != METHOD:
        return [Fault("rules-keys", N_("The evaluation rules have missing or unknown entries."))]
    faults = check_rules(_shared(raw))
    message = N_("This evaluation rule is missing or cannot be used.")
    tests = {
        "procurement": procurement_valid(raw, SCORING),
        "category": raw["category"] in ("goods", "services"),
        "outliers": _outliers_valid(raw["outliers"]),
        "brand_ties": raw.get("brand_ties") in ([], ["bid-price"]),
        # M87 57: equal scores go by the bid price, whatever a document says.
        "ties": raw.get("ties") == ["bid-price"],
    }
    faults += [Fault("rule-invalid", message, field) for field, valid in tests.items() if not valid]
    if faults:
        return faults
    limits = PriceWeights.ever(raw.get("procurement", OPEN))
    return check_criteria(raw["criteria"], raw["category"], raw["items"]["qualification"], limits)


def _shared(raw: Mapping[str, Any]) -> dict[str, Any]:
    """The part that the lowest-price method has too, in its terms."""
    shared = {
        key: value for key, value in raw.items() if key not in _OWN_KEYS | {"procurement", "two_offers"}
    }
    return shared | {"method": "lowest-price", "brand_ties": []}


def _outliers_valid(raw: object) -> bool:
    if not isinstance(raw, Mapping) or raw.keys() != {"ratio", "modified_z"}:
        return False
    return is_rate(raw["ratio"]) and (raw["modified_z"] is None or is_number(raw["modified_z"]))


def parse_members(raw: object) -> tuple[str, ...]:
    """The members in decoded JSON. Raises ValueError."""
    if not isinstance(raw, list) or not raw or not all(isinstance(name, str) and name for name in raw):
        raise ValueError("members must be a list of names")
    if len(set(raw)) != len(raw):
        raise ValueError("a member is listed twice")
    return tuple(raw)


def parse_scored_bids(raw: object) -> tuple[ScoredBid, ...]:
    """The bids with their scores in decoded JSON. Raises ValueError."""
    if not isinstance(raw, list) or not all(
        isinstance(entry, Mapping) and "scores" in entry for entry in raw
    ):
        raise ValueError("a bid needs id, sheet, decisions and scores")
    bare = parse_bids([{key: value for key, value in entry.items() if key != "scores"} for entry in raw])
    return tuple(
        ScoredBid(**vars(bid), scores=_scores(entry["scores"])) for bid, entry in zip(bare, raw, strict=True)
    )


def _scores(raw: object) -> dict[str, dict[str, Fraction]]:
    if not isinstance(raw, Mapping) or not all(isinstance(row, Mapping) for row in raw.values()):
        raise ValueError("scores are given by item, then by member")
    if not all(is_number(score) for row in raw.values() for score in row.values()):
        raise ValueError("a score is a text such as 20.5, with up to four places")
    return {item: {who: Fraction(score) for who, score in row.items()} for item, row in raw.items()}


def check_scores(rules: ScoringRules, members: Sequence[str], bid: ScoredBid) -> list[Fault]:
    """What is wrong with the scores of one bid that is to be scored (M87 61, 64)."""
    faults = []
    for criterion in rules.judged:
        row = bid.scores.get(criterion.id, {})
        for member in (*members, *sorted(row.keys() - set(members))):
            place = f"{bid.id}.{criterion.id}.{member}"
            if member not in members:
                faults.append(Fault("score-stranger", N_("A score is not by a member."), place, "M87 46"))
            elif member not in row:
                faults.append(
                    Fault("score-missing", N_("A member has not scored this item."), place, "M87 61")
                )
            elif row[member] > criterion.max:
                message = N_("The score is outside the range of its item.")
                faults.append(Fault("score-out-of-range", message, place, "M87 64(2)"))
    for item in sorted(bid.scores.keys() - {criterion.id for criterion in rules.judged}):
        message = N_("No criterion with scores has this id.")
        faults.append(Fault("score-item-unknown", message, f"{bid.id}.{item}", "M87 55"))
    return faults
