"""Criteria of comprehensive scoring (综合评分法): a tree of weights, and what the law demands of it.

M87 art. 55: factors and weights stand in the document, the weights add up to one, the price has at least
30 % for goods and 10 % for services; qualification conditions are no factors.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from functools import cache
from typing import Any

from bidding.evaluation.exact import N_
from trading.errors import Fault
from trading.rulebook.book import Rulebook
from trading.rulebook.methods import OPEN, is_tender

METHOD = "comprehensive-scoring"
"""the method of rules by which members score"""
PRICE, OBJECTIVE, SUBJECTIVE = "price", "objective", "subjective"
CATEGORIES = ("goods", "services")
_LEAST = "P16.price_weight.{}"
NUMBER = re.compile(r"(0|[1-9][0-9]{0,3})(\.[0-9]{1,4})?")


@dataclass(frozen=True)
class Criterion:
    """A leaf of the tree. `weight` is a share of 1; `max` the most a member may give (0 for the price)."""

    id: str
    name: str
    kind: str
    weight: Fraction
    max: Fraction
    guidance: str = ""

    def points(self, score: Fraction) -> Fraction:
        """The points out of 100 that a score earns, exact."""
        return score / self.max * self.weight * 100


@dataclass(frozen=True)
class PriceWeights:
    """The least weight of the price by category of purchase (M87 55), as shares of 1. A consultation has none here:
    its span (Caiku 2014-214 art. 24) is no more than a warning (P21.consultation.price_weight)."""

    goods: Fraction
    services: Fraction

    @classmethod
    def on(cls, day: date, rulebook: Rulebook, method: str = OPEN) -> PriceWeights:
        """What the rulebook asks for in documents published on that Beijing day."""
        if not is_tender(method):
            return cls(Fraction(0), Fraction(0))
        return cls(*(Fraction(rulebook.rule(_LEAST.format(what), day).decimal) for what in CATEGORIES))

    @classmethod
    @cache
    def ever(cls, method: str = OPEN) -> PriceWeights:
        """The lowest that any version of the rule has allowed: for documents whose day is not known."""
        if not is_tender(method):
            return cls(Fraction(0), Fraction(0))
        known = Rulebook.load().rules
        return cls(
            *(min(Fraction(rule.decimal) for rule in known[_LEAST.format(what)]) for what in CATEGORIES)
        )

    def least(self, category: str) -> Fraction:
        """The share for goods or services."""
        return self.goods if category == "goods" else self.services


def is_number(value: object) -> bool:
    """Whether `value` is a score or weight as text: up to four places, such as "20.5"."""
    return isinstance(value, str) and NUMBER.fullmatch(value) is not None


def parse_criteria(raw: Any) -> tuple[Criterion, ...]:
    """The leaves of a checked tree in its order."""
    full = sum((Fraction(node["weight"]) for node in raw), Fraction(0))
    return tuple(
        Criterion(
            id=leaf["id"],
            name=leaf.get("name") or leaf["id"],
            kind=leaf["kind"],
            weight=Fraction(leaf["weight"]) / full,
            max=Fraction(leaf.get("max", "0")),
            guidance=leaf.get("guidance", ""),
        )
        for leaf in _leaves(raw)
    )


def check_criteria(
    raw: object, category: str, qualification: Collection[str], limits: PriceWeights | None = None
) -> list[Fault]:
    """Everything that is wrong with a tree of criteria, with the article; empty when it can be used. `limits`
    are those of the day of publication. Words that make a factor of a supplier's scale or place are found where
    documents are written: trading.rulebook.lint."""
    limits = limits or PriceWeights.ever()
    if not isinstance(raw, list) or not raw:
        return [Fault("criteria-missing", N_("The scoring criteria are missing."), "criteria", "M87 55")]
    faults = [fault for node in raw for fault in _node_faults(node, "criteria")]
    if faults:
        return faults
    leaves = list(_leaves(raw))
    ids = [node["id"] for node in _nodes(raw)]
    if len(set(ids)) != len(ids):
        faults.append(Fault("criterion-twice", N_("Two criteria have the same id."), "criteria"))
    if sum(Fraction(node["weight"]) for node in raw) not in (1, 100):
        message = N_("The weights of the criteria must add up to 100 (or to 1).")
        faults.append(Fault("weights-sum", message, "criteria", "M87 55"))
    return faults + _price_faults(raw, leaves, limits.least(category)) + _factor_faults(raw, qualification)


def _node_faults(node: Any, place: str) -> list[Fault]:
    message = N_("This criterion is incomplete or has unknown entries.")
    if not isinstance(node, Mapping) or not isinstance(node.get("id"), str) or not node["id"].strip():
        return [Fault("criterion-invalid", message, place)]
    place = f"{place}.{node['id']}"
    texts = all(isinstance(node.get(name, ""), str) for name in ("name", "guidance"))
    if not texts or not is_number(node.get("weight")) or Fraction(node["weight"]) <= 0:
        return [Fault("criterion-invalid", message, place)]
    if "items" in node:
        return _branch_faults(node, place)
    price = node.get("kind") == PRICE
    known = {"id", "name", "weight", "kind", "guidance"} | (set() if price else {"max"})
    judged = node.get("kind") in (OBJECTIVE, SUBJECTIVE)
    scale = price or (judged and is_number(node.get("max")) and Fraction(node["max"]) > 0)
    return [] if scale and node.keys() <= known else [Fault("criterion-invalid", message, place)]


def _branch_faults(node: Mapping[str, Any], place: str) -> list[Fault]:
    items = node["items"]
    if not isinstance(items, list) or not items or not node.keys() <= {"id", "name", "weight", "items"}:
        message = N_("This group of criteria is empty or has unknown entries.")
        return [Fault("criterion-invalid", message, place)]
    faults = [fault for item in items for fault in _node_faults(item, place)]
    if not faults and sum(Fraction(item["weight"]) for item in items) != Fraction(node["weight"]):
        message = N_("The weights in this group do not add up to the weight of the group.")
        faults.append(Fault("weights-sum", message, place, "M87 55"))
    return faults


def _price_faults(raw: list[Any], leaves: list[Mapping[str, Any]], least: Fraction) -> list[Fault]:
    prices = [leaf for leaf in leaves if leaf["kind"] == PRICE]
    if len(prices) != 1:
        message = N_("The price must be a criterion, once.")
        return [Fault("price-criterion", message, "criteria", "M87 55")]
    full = sum(Fraction(node["weight"]) for node in raw)
    if Fraction(prices[0]["weight"]) / full < least:
        message = N_("The weight of the price is below the least that Order 87 allows.")
        return [Fault("price-weight-too-low", message, f"criteria.{prices[0]['id']}", "M87 55")]
    return []


def _factor_faults(raw: list[Any], qualification: Collection[str]) -> list[Fault]:
    faults = []
    required = {item.strip().casefold() for item in qualification}
    for node in _nodes(raw):
        name, place = str(node.get("name") or node["id"]), f"criteria.{node['id']}"
        if name.strip().casefold() in required:
            message = N_("A qualification condition is no scoring factor.")
            faults.append(Fault("qualification-as-factor", message, place, "M87 55"))
    return faults


def _nodes(raw: Any) -> Iterator[Mapping[str, Any]]:
    for node in raw:
        yield node
        yield from _nodes(node.get("items", []))


def _leaves(raw: Any) -> Iterator[Mapping[str, Any]]:
    return (node for node in _nodes(raw) if "items" not in node)
