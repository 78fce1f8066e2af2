"""The score cards of a report (评分汇总): each figure beside what it was made of.

Pure: read from the report's and the inputs' bytes alone, so that whoever holds them sees the same cards.
Nothing is computed anew but the means that the report's exact points rest on. Formats:
docs/protocols/evaluation.md 5, docs/protocols/bundle.md (evaluation/…).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from bidding.evaluation.criteria import PRICE, Criterion, parse_criteria
from bidding.evaluation.exact import fixed
from bidding.evaluation.scoring_inputs import parse_members


@dataclass(frozen=True)
class Mark:
    """One member's score on one item of one bid as it counted. `before` is what it was before its corrections
    (M87 64), "" without one; `rules` are those by which it is far from the others, `reason` what the member wrote
    about that."""

    member: str
    score: str
    before: str = ""
    rules: tuple[str, ...] = ()
    reason: str = ""


@dataclass(frozen=True)
class Row:
    """One item of a card: the members' marks by seat, their mean, and the points (rounded, exact)."""

    item: str
    name: str
    kind: str
    max: str
    weight: str
    marks: tuple[Mark, ...]
    mean: str
    points: str
    exact: str


@dataclass(frozen=True)
class PriceRow:
    """The price points and the numbers of their formula: benchmark ÷ price × weight."""

    item: str
    name: str
    weight: str
    benchmark: str
    price: str
    points: str
    exact: str


@dataclass(frozen=True)
class Card:
    """What one bid was given. `rank` is None when another bid of its brand took its place."""

    bid: str
    rank: int | None
    bid_price: str
    price: PriceRow
    rows: tuple[Row, ...]
    total: str
    exact: str

    @property
    def flagged(self) -> Iterator[tuple[Row, Mark]]:
        """The marks that were far from the others."""
        return ((row, mark) for row in self.rows for mark in row.marks if mark.rules)


def is_scored(report: Mapping[str, Any]) -> bool:
    """Whether the report's bids were scored (none is when the tender failed before)."""
    return bool(report["result"].get("scores"))


def cards(report: Mapping[str, Any], inputs: Mapping[str, Any]) -> list[Card]:
    """The cards of all scored bids, by rank, those without one last."""
    if not is_scored(report):
        return []
    made = [_card(bid, report, inputs) for bid in report["result"]["scores"]]
    return sorted(made, key=lambda card: (card.rank is None, card.rank or 0, card.bid))


def card_of(bid: str, report: Mapping[str, Any], inputs: Mapping[str, Any]) -> Card | None:
    """One bid's card, or None when it did not come to scoring."""
    return _card(bid, report, inputs) if bid in report["result"].get("scores", {}) else None


def _card(bid: str, report: Mapping[str, Any], inputs: Mapping[str, Any]) -> Card:
    result, found = report["result"], report["result"]["scores"][bid]
    criteria = parse_criteria(inputs["rules"]["criteria"])
    ranked = {row["id"]: row for row in result["ranking"]}
    place = ranked.get(bid)
    return Card(
        bid=bid,
        rank=place and place["rank"],
        bid_price=place["bid_price"] if place else "",
        price=_price(bid, report, criteria),
        rows=tuple(_row(bid, criterion, report, inputs) for criterion in criteria if criterion.kind != PRICE),
        total=found["total"]["points"],
        exact=found["total"]["exact"],
    )


def _price(bid: str, report: Mapping[str, Any], criteria: Sequence[Criterion]) -> PriceRow:
    """The formula's numbers stand in the bid's derivation, exact where two places would not do."""
    line = next(line for line in report["derivations"][bid] if line["code"] == "price-points")["values"]
    criterion = next(each for each in criteria if each.kind == PRICE)
    points = report["result"]["scores"][bid]["price_points"]
    return PriceRow(
        criterion.id,
        criterion.name,
        _number(criterion.weight * 100),
        _money(Fraction(line["benchmark"])),
        _money(Fraction(line["price"])),
        points["points"],
        points["exact"],
    )


def _row(bid: str, criterion: Criterion, report: Mapping[str, Any], inputs: Mapping[str, Any]) -> Row:
    marks = tuple(_marks(bid, criterion.id, report, inputs))
    points = report["result"]["scores"][bid]["items"][criterion.id]
    scores = [Fraction(mark.score) for mark in marks]
    return Row(
        criterion.id,
        criterion.name,
        criterion.kind,
        _number(criterion.max),
        _number(criterion.weight * 100),
        marks,
        _number(sum(scores, Fraction(0)) / len(scores)),
        points["points"],
        points["exact"],
    )


def _marks(bid: str, item: str, report: Mapping[str, Any], inputs: Mapping[str, Any]) -> Iterator[Mark]:
    result = report["result"]
    row = next(entry for entry in inputs["bids"] if entry["id"] == bid)["scores"][item]
    flags = {
        each["member"]: tuple(each["rules"])
        for each in result["outliers"]
        if (each["bid"], each["item"]) == (bid, item)
    }
    # A reason is about one score: a corrected one may owe another.
    said = {
        (each["member"], each["score"]): each["reason"]
        for each in report.get("score_reasons", [])
        if (each["bid"], each["item"]) == (bid, item)
    }
    changes = [each for each in inputs.get("corrections", []) if (each["bid"], each["item"]) == (bid, item)]
    for member in parse_members(inputs["members"]):
        last = [each["after"] for each in changes if each["member"] == member]
        score = last[-1] if last else row[member]
        before = row[member] if last else ""
        yield Mark(member, score, before, flags.get(member, ()), said.get((member, score), ""))


def _number(value: Fraction) -> str:
    """A score or a mean as people write it: in full where four places hold it, else rounded with a sign."""
    if value * 10_000 % 1:
        return f"≈ {fixed(value, 4)}"
    return fixed(value, 4).rstrip("0").rstrip(".")


def _money(value: Fraction) -> str:
    """An evaluation price in full (deductions are decimals, so it ends), with separators."""
    whole, _point, places = fixed(value, 12).partition(".")
    return f"{int(whole):,}.{places.rstrip('0').ljust(2, '0')}"
