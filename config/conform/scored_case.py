"""Whole scored tenders as plain cases: prices, scores and times in, every published figure out.

A case says how the tender was scored (Order 87 art. 55) without the forms of a bid, so its bids are first put
into them: docs/protocols/evaluation.md section 5. Each expected figure is a case of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

from bidding.evaluation.exact import fixed
from bidding.evaluation.outliers import RATIO
from bidding.evaluation.scoring import evaluate_json
from config.conform import Case, Kind
from config.conform.compare import case as judged
from config.conform.compare import same
from config.conform.scored_faults import faults
from trading.money import capitals

_QUALIFIED = "qualified"
_NOT_VALID = {"withdrawn": "withdrawn", "late": "refused-late", "unsigned": "refused-unsigned"}


def _recognise(data: Any, path: Path) -> bool:
    return {"criteria", "bids", "rules", "experts", "expected", "deadline"} <= data.keys()


def _cases(data: Any, path: Path) -> Iterator[Case]:
    if wrong := faults(data):
        yield "not a case", False, "; ".join(wrong)
        return
    found = _Found(data)
    expected = data["expected"]
    for bid, figures in expected.get("bids", {}).items():
        for name, given in figures.items():
            yield judged(f"{bid} {name}", _same, f"{bid} {name}", given, found.of_bid(bid), name)
    for name, given in expected.items():
        if name == "outlier_flags":
            yield judged(name, found.check_outliers, given)
        elif name == "tied_for_document_rule_or_draw":
            yield judged(name, same, name, _groups(given), found.ties)
        elif name != "bids":
            yield judged(name, _same, name, given, found.whole, name)


def _same(what: str, given: Any, computed: Mapping[str, Any], name: str) -> None:
    if name not in computed:
        raise ValueError(f"{name}: no figure of this name is computed")
    if isinstance(given, dict):
        for key in given.keys() | computed[name].keys():
            same(f"{what} {key}", given.get(key), computed[name].get(key))
    else:
        same(what, given, computed[name])


class _Found:
    """A case's result in the case's own terms."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        self.data = data
        self.members = [f"expert {number}" for number in range(1, data["experts"] + 1)]
        self.states = {bid["id"]: _state(bid, data["deadline"]) for bid in data["bids"]}
        valid = [bid for bid in data["bids"] if self.states[bid["id"]] is None]
        self.result = evaluate_json(
            {
                "rules": _rules(data),
                "members": self.members,
                "bids": [_bid(bid, self.members) for bid in valid],
            }
        )
        self.ranks = {entry["id"]: entry for entry in self.result["ranking"]}
        self.grounds = {entry["id"]: entry["ground"] for entry in self.result["rejected"]}

    def of_bid(self, bid: str) -> dict[str, Any]:
        """The figures of one bid; those that it did not come to are missing."""
        state, ground = self.states[bid], self.grounds.get(bid)
        standing = (
            "ranked" if bid in self.ranks else self.result["outcome"]
        )  # a tender that failed ranks nobody
        outcome = _NOT_VALID[state] if state else f"rejected-{ground}" if ground else standing
        figures: dict[str, Any] = {"outcome": outcome}
        if state is None and ground not in ("not-qualified", "above-ceiling"):
            figures["abnormal_triggers"] = sorted(self.result["triggers"].get(bid, []))
        if bid in self.result["scores"]:
            score = self.result["scores"][bid]
            figures["price_points"] = score["price_points"]["points"]
            figures["items"] = {item: entry["points"] for item, entry in score["items"].items()}
            figures["total"] = score["total"]["points"]
        if bid in self.ranks:
            figures["evaluation_price"] = self.ranks[bid]["evaluation_price"]
            figures["rank"] = self.ranks[bid]["rank"]
        return figures

    @property
    def whole(self) -> dict[str, Any]:
        """The figures of the whole tender."""
        ranking, lines = self.result["ranking"], self.result["lines"]
        first = [entry for entry in ranking if entry["rank"] == 1]
        winner = first[0] if len(first) == 1 else None
        return {
            "outcome": self.result["outcome"],
            "abnormal_lines": lines and {name: fixed(Fraction(line)) for name, line in lines.items() if line},
            "benchmark": self.result["benchmark"],
            "ranking": [entry["id"] for entry in ranking],
            "winner": winner and winner["id"],
            "contract_price": winner and winner["bid_price"],
            "objective_disagreements": [[row["bid"], row["item"]] for row in self.result["disagreements"]],
        }

    @property
    def ties(self) -> list[list[str]]:
        """The bids that only the document or a draw can part."""
        return [tie["bids"] for tie in self.result["ties"]]

    def check_outliers(self, given: Any) -> None:
        """A case names the ratio alone, so what only the modified z-score flags may be listed or not."""
        flags = [
            ([row["bid"], row["item"], self.members.index(row["member"]) + 1], row["rules"])
            for row in self.result["outliers"]
        ]
        by_ratio = [flag for flag, rules in flags if RATIO in rules]
        missing = [flag for flag in by_ratio if flag not in given]
        strange = [flag for flag in given if flag not in [flag for flag, _rules in flags]]
        same("outlier_flags that are missing", missing, [])
        same("outlier_flags without a rule", strange, [])


def _groups(given: Any) -> Any:
    """Tied bids as groups; one group may stand alone."""
    return [given] if given and not isinstance(given[0], list) else given


def _state(bid: Mapping[str, Any], deadline: str) -> str | None:
    """Why a bid is none: taken back, not in before the deadline, not signed."""
    if bid.get("withdrawn_at"):
        return "withdrawn"
    if datetime.fromisoformat(bid["received"]) >= datetime.fromisoformat(deadline):
        return "late"
    return None if bid.get("signed", True) else "unsigned"


def _rules(data: Mapping[str, Any]) -> dict[str, Any]:
    terms = data["rules"]
    mean = _rate(terms["abnormal_ratio"])
    return {
        "method": "comprehensive-scoring",
        "category": data["kind"],
        "budget": data["budget"],
        "ceiling": data.get("ceiling"),
        "minimum": terms.get("minimum", 3),
        "candidates": max(1, len(data["bids"])),
        "items": {"qualification": [_QUALIFIED], "conformity": []},
        "deductions": {claim: _rate(rate) for claim, rate in terms["deductions"].items()},
        "stacking": terms["stacking"],
        "abnormal": {
            "mean": mean,
            "second": mean,
            "ceiling": _rate(terms["abnormal_ceiling_ratio"]),
            "exclude_self": False,
        },
        "brand_ties": [],
        "ties": ["bid-price"],
        "criteria": data["criteria"],
        "outliers": {"ratio": _rate(terms["outlier_ratio"]), "modified_z": "3.5"},
    }


def _rate(text: str) -> str:
    return text if "." in text else f"{text}.0"


def _bid(bid: Mapping[str, Any], members: list[str]) -> dict[str, Any]:
    accepted = bid.get("explanation_accepted")
    vote = {"member": members[0], "pass": bid.get("qualified", True), "reason": ""}
    decisions: dict[str, Any] = {"qualification": [{"item": _QUALIFIED, "votes": [vote]}]}
    if accepted is not None:
        decisions["abnormal"] = {"explained": True, "accepted": accepted}
    return {
        "id": bid["id"],
        "sheet": _sheet(bid),
        "decisions": decisions,
        "scores": {
            item: dict(zip(members, scores, strict=True)) for item, scores in bid.get("scores", {}).items()
        },
    }


def _sheet(bid: Mapping[str, Any]) -> dict[str, Any]:
    """A price sheet of one line that says this price and no more."""
    price, brand = f"{Decimal(bid['price']):.2f}", bid.get("brand", "")
    line = {
        "name": "lot",
        "brand": brand,
        "unit": "lot",
        "quantity": "1",
        "unit_price": price,
        "amount": price,
    }
    return {
        "v": 1,
        "typ": "ebid.price-sheet",
        "currency": "CNY",
        "opening": {"total": price, "words": capitals(Decimal(price)), "period_days": 30},
        "body": {"total": price, "items": [line]},
        "core_brand": brand,
        "claims": bid.get("policies", []),
    }


KINDS = [Kind("scored-tender", _recognise, _cases)]
