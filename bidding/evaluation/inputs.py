"""What an evaluation by lowest price starts from: the document's rules, the bids, the decisions.

Format: docs/protocols/evaluation.md, section 1. Reading is strict and names every fault at once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from bidding.evaluation import deductions, review
from bidding.evaluation.abnormal import Ratios
from bidding.evaluation.exact import N_, is_money, is_rate
from bidding.evaluation.pricesheet import CLAIMS
from bidding.evaluation.review import ItemVotes
from trading.errors import Fault, Refused
from trading.rulebook.methods import INVITED, LOWEST, METHODS, OPEN, evaluations

_RULES_KEYS = frozenset(
    {
        "method", "budget", "ceiling", "minimum", "candidates", "items",
        "deductions", "stacking", "abnormal", "brand_ties", "ties",
    }
)  # fmt: skip
_OPTIONAL_KEYS = frozenset({"procurement", "two_offers"})
_DECISION_KEYS = frozenset(
    {"qualification", "conformity", "confirmed", "abnormal", "brand", "claims_refused", "left"}
)
_RATIO_KEYS = frozenset({"mean", "second", "ceiling", "exclude_self"})


@dataclass(frozen=True)
class Rules:
    """The evaluation rules of one tender document; money in yuan."""

    budget: Fraction
    ceiling: Fraction | None
    minimum: int
    candidates: int
    qualification_items: tuple[str, ...]
    conformity_items: tuple[str, ...]
    deductions: Mapping[str, Fraction]
    stacking: str
    abnormal: Ratios
    brand_ties: tuple[str, ...]
    ties: tuple[str, ...]
    procurement: str = field(default=OPEN, kw_only=True)
    """the method of procurement (采购方式), as trading.rulebook.methods has it"""

    @property
    def limit(self) -> Fraction:
        """The most a bid may cost: the ceiling (最高限价), or the budget when there is none."""
        return self.budget if self.ceiling is None else self.ceiling


@dataclass(frozen=True)
class AbnormalDecision:
    """The committee's judgement of a price: suspected by itself, explained in time, accepted."""

    suspected: bool
    explained: bool
    accepted: bool


@dataclass(frozen=True)
class Decisions:
    """What people decided about one bid."""

    qualification: tuple[ItemVotes, ...] = ()
    conformity: tuple[ItemVotes, ...] = ()
    confirmed: bool | None = None
    abnormal: AbnormalDecision | None = None
    brand: str | None = None
    claims_refused: tuple[str, ...] = ()
    left: bool = False


@dataclass(frozen=True)
class Bid:
    """One bid: the bidder's unified social credit code, the sheet's JSON as opened, the decisions."""

    id: str
    sheet: object
    decisions: Decisions


@dataclass(frozen=True)
class Limits:
    """What the law lets a document set (RULES 3.2, 3.3); looked up in the rulebook, status S: a warning."""

    deductions: Mapping[str, tuple[Fraction, Fraction]]
    mean: tuple[Fraction, Fraction]
    second: tuple[Fraction, Fraction]
    ceiling: tuple[Fraction, Fraction]


def _span(low: str, high: str) -> tuple[Fraction, Fraction]:
    return Fraction(low), Fraction(high)


LIMITS_2026 = Limits(
    deductions={
        "micro-enterprise": _span("0.10", "0.20"),
        "sheltered": _span("0.10", "0.20"),
        "micro-consortium": _span("0.04", "0.06"),
        "domestic-product": _span("0.20", "0.20"),
    },
    mean=_span("0.50", "0.65"),
    second=_span("0.50", "0.65"),
    ceiling=_span("0.45", "0.65"),
)
"""财库〔2022〕19号, 国办发〔2025〕34号, 财库〔2026〕2号, as in force on 2026-02-01."""


def outside_limits(rules: Rules, limits: Limits) -> list[Fault]:
    """Which rates and ratios of a document lie outside what the law lets it set (to be shown as warnings)."""
    ratios = rules.abnormal
    pairs = [
        ("abnormal.mean", ratios.mean, limits.mean, "财库〔2026〕2号"),
        ("abnormal.second", ratios.second, limits.second, "财库〔2026〕2号"),
        ("abnormal.ceiling", ratios.ceiling, limits.ceiling, "财库〔2026〕2号"),
    ]
    for claim, rate in rules.deductions.items():
        article = "国办发〔2025〕34号" if claim == "domestic-product" else "财库〔2022〕19号"
        pairs.append((f"deductions.{claim}", rate, limits.deductions[claim], article))
    message = N_("This rate is outside the range the rule gives.")
    return [
        Fault("rate-outside-range", message, field, article)
        for field, value, (low, high), article in pairs
        if not low <= value <= high
    ]


def parse_rules(raw: object) -> Rules:
    """The rules in decoded JSON. Raises Refused with every fault."""
    faults = check_rules(raw)
    if faults:
        raise Refused(faults)
    assert isinstance(raw, Mapping)
    ratios, items = raw["abnormal"], raw["items"]
    return Rules(
        budget=Fraction(raw["budget"]),
        ceiling=None if raw["ceiling"] is None else Fraction(raw["ceiling"]),
        minimum=raw["minimum"],
        candidates=raw["candidates"],
        qualification_items=tuple(items["qualification"]),
        conformity_items=tuple(items["conformity"]),
        deductions={claim: Fraction(rate) for claim, rate in raw["deductions"].items()},
        stacking=raw["stacking"],
        abnormal=Ratios(
            Fraction(ratios["mean"]),
            Fraction(ratios["second"]),
            Fraction(ratios["ceiling"]),
            ratios["exclude_self"],
        ),
        brand_ties=tuple(raw["brand_ties"]),
        ties=tuple(raw["ties"]),
        procurement=raw.get("procurement", OPEN),
    )


def check_rules(raw: object) -> list[Fault]:
    """Everything that is wrong with `raw` as evaluation rules; empty when they can be used."""
    if not isinstance(raw, Mapping) or raw.keys() - _OPTIONAL_KEYS != _RULES_KEYS:
        return [Fault("rules-keys", N_("The evaluation rules have missing or unknown entries."))]
    tests = {
        "method": raw["method"] == "lowest-price",
        "procurement": procurement_valid(raw, LOWEST),
        "budget": is_money(raw["budget"]) and Fraction(raw["budget"]) > 0,
        "ceiling": raw["ceiling"] is None or (is_money(raw["ceiling"]) and Fraction(raw["ceiling"]) > 0),
        "minimum": type(raw["minimum"]) is int and raw["minimum"] >= 1,
        "candidates": type(raw["candidates"]) is int and raw["candidates"] >= 1,
        "items": _items_valid(raw["items"]),
        "deductions": _rates_valid(raw["deductions"], raw["stacking"]),
        "stacking": raw["stacking"] in (deductions.MULTIPLICATIVE, deductions.ADDITIVE),
        "abnormal": _ratios_valid(raw["abnormal"]),
        "brand_ties": raw["brand_ties"] in ([], ["evaluation-price"]),
        "ties": raw["ties"] in ([], ["bid-price"]),
    }
    message = N_("This evaluation rule is missing or cannot be used.")
    faults = [Fault("rule-invalid", message, field) for field, valid in tests.items() if not valid]
    if (
        tests["ceiling"]
        and tests["budget"]
        and raw["ceiling"]
        and Fraction(raw["ceiling"]) > Fraction(raw["budget"])
    ):
        faults.append(
            Fault("ceiling-above-budget", N_("The ceiling is above the budget."), "ceiling", "M87 12")
        )
    return faults


def procurement_valid(raw: Mapping[str, Any], evaluation: str) -> bool:
    """Whether the method of procurement is known and compares offers so; an open tender names none."""
    named = raw.get("procurement", INVITED)
    return named in METHODS[1:] and evaluation in evaluations(named)


def _items_valid(raw: object) -> bool:
    if not isinstance(raw, Mapping) or raw.keys() != {"qualification", "conformity"}:
        return False
    return all(
        isinstance(items, list)
        and all(isinstance(i, str) and i for i in items)
        and len(set(items)) == len(items)
        for items in raw.values()
    )


def _rates_valid(raw: object, stacking: object) -> bool:
    if not isinstance(raw, Mapping) or not raw.keys() <= set(CLAIMS):
        return False
    if not all(is_rate(rate) and Fraction(rate) < 1 for rate in raw.values()):
        return False
    everything = deductions.granted(raw, {claim: Fraction(rate) for claim, rate in raw.items()})
    # Added rates of 100 % or more would leave nothing to compare.
    return stacking != deductions.ADDITIVE or sum(d.rate for d in everything) < 1


def _ratios_valid(raw: object) -> bool:
    if not isinstance(raw, Mapping) or raw.keys() != _RATIO_KEYS:
        return False
    rates = (raw["mean"], raw["second"], raw["ceiling"])
    return type(raw["exclude_self"]) is bool and all(is_rate(r) and Fraction(r) < 1 for r in rates)


def parse_bids(raw: object) -> tuple[Bid, ...]:
    """The bids in decoded JSON; the sheets stay as they are. Raises ValueError."""
    if not isinstance(raw, list):
        raise ValueError("bids must be a list")
    bids = tuple(_bid(entry) for entry in raw)
    if len({bid.id for bid in bids}) != len(bids):
        raise ValueError("a bidder is listed twice")
    return bids


def _bid(raw: object) -> Bid:
    if not isinstance(raw, Mapping) or raw.keys() != {"id", "sheet", "decisions"}:
        raise ValueError("a bid needs id, sheet and decisions")
    return Bid(str(raw["id"]), raw["sheet"], parse_decisions(raw["decisions"]))


def parse_decisions(raw: object) -> Decisions:
    """The decisions about one bid in decoded JSON. Raises ValueError."""
    if not isinstance(raw, Mapping) or not raw.keys() <= _DECISION_KEYS:
        raise ValueError("unknown entries in the decisions")
    brand, refused = raw.get("brand"), raw.get("claims_refused", [])
    if not (brand is None or isinstance(brand, str)) or not _strings(refused):
        raise ValueError("brand must be a text, claims_refused a list of claims")
    return Decisions(
        qualification=review.parse_votes(raw.get("qualification", [])),
        conformity=review.parse_votes(raw.get("conformity", [])),
        confirmed=_optional_bool(raw.get("confirmed")),
        abnormal=_abnormal(raw.get("abnormal")),
        brand=brand,
        claims_refused=tuple(refused),
        left=_optional_bool(raw.get("left")) is True,
    )


def _abnormal(raw: object) -> AbnormalDecision | None:
    if raw is None:
        return None
    if not isinstance(raw, Mapping) or not raw.keys() <= {"suspected", "explained", "accepted"}:
        raise ValueError("unknown entries in the decision on an abnormally low price")
    values = [raw.get("suspected", False), raw.get("explained"), raw.get("accepted")]
    if any(type(value) is not bool for value in values):
        raise ValueError("the decision on an abnormally low price must say true or false")
    return AbnormalDecision(*values)


def _optional_bool(raw: object) -> bool | None:
    if raw is None or isinstance(raw, bool):
        return raw
    raise ValueError("confirmed must be true, false or null")


def _strings(raw: Any) -> bool:
    return isinstance(raw, list) and all(isinstance(value, str) for value in raw)


def parse_draws(raw: object) -> Sequence[tuple[str, ...]]:
    """The draws in decoded JSON: lists of ids in drawn order. Raises ValueError."""
    if not isinstance(raw, list) or not all(_strings(draw) for draw in raw):
        raise ValueError("draws must be lists of ids")
    return [tuple(draw) for draw in raw]
