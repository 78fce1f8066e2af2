"""The criteria of a scored tender (评分标准) between the form's rows and the published tree. Pure.

The form has a row for each criterion; rows that name the same group make one group, whose weight is their
sum. The tree is the one of docs/protocols/evaluation.md 5.1.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from fractions import Fraction
from typing import Any

from translationstring import TranslationStringFactory

from bidding.evaluation.criteria import METHOD, PRICE, PriceWeights, check_criteria, is_number
from bidding.evaluation.exact import plain
from trading.errors import Fault
from trading.rulebook.book import Rulebook
from trading.rulebook.methods import OPEN, rule_of

_ = TranslationStringFactory("tradehall")

LOWEST, SCORING = "lowest-price", METHOD
ID = re.compile(r"[\w.-]{1,60}")
LONGEST_NAME, LONGEST_GUIDANCE = 200, 2000
KINDS = ("price", "subjective", "objective")


@dataclass(frozen=True)
class Row:
    """One criterion as the form has it. `weight` and `max` are numbers as text; `max` is "" for the price;
    `group` is the name of the group that it belongs to, "" for none."""

    id: str = ""
    name: str = ""
    kind: str = "subjective"
    weight: str = ""
    max: str = ""
    guidance: str = ""
    group: str = ""

    @property
    def empty(self) -> bool:
        """Whether the form's row was left empty: a kind is always chosen."""
        return not any((self.id, self.name, self.weight, self.max, self.guidance))


COLUMNS = tuple(f"criterion_{field.name}" for field in fields(Row))


def rows_of(form: Mapping[str, Any]) -> list[Row]:
    """The rows in the columns of a form or of what a program sent; what is left out is empty. Raises
    ValueError for columns that do not belong together."""
    if not all(isinstance(form.get(name) or [], list) for name in COLUMNS):
        raise ValueError(_("The lists of the criteria have different lengths."))
    columns = {name: [str(cell).strip() for cell in form.get(name) or []] for name in COLUMNS}
    length = len(columns["criterion_weight"])
    for name, cells in columns.items():
        if len(cells) not in (0, length):
            raise ValueError(_("The lists of the criteria have different lengths."))
        columns[name] = cells or [getattr(Row, name.removeprefix("criterion_"))] * length
    rows = (Row(*cells) for cells in zip(*columns.values(), strict=True))
    return [row for row in rows if not row.empty]


def replaced(form: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """A form with what a program gives in its place; criteria are given as a whole or not at all."""
    kept = {name: value for name, value in form.items() if name not in COLUMNS}
    return {**(kept if any(name in given for name in COLUMNS) else form), **given}


def columns_of(rows: Iterable[Row]) -> dict[str, list[str]]:
    """The rows as the form's columns."""
    rows = list(rows)
    return {name: [str(getattr(row, name.removeprefix("criterion_"))) for row in rows] for name in COLUMNS}


def check_rows(rows: Sequence[Row]) -> None:
    """Whether every row can be read. Raises ValueError with the first that cannot."""
    for number, row in enumerate(rows, start=1):
        where = {"n": str(number)}
        if not row.name and not row.id:
            raise ValueError(_("Criterion ${n} needs a name.", mapping=where))
        if row.id and not ID.fullmatch(row.id):
            raise ValueError(
                _("Criterion ${n}: an id has letters, digits, dots and dashes only.", mapping=where)
            )
        if (
            len(row.name) > LONGEST_NAME
            or len(row.group) > LONGEST_NAME
            or len(row.guidance) > LONGEST_GUIDANCE
        ):
            raise ValueError(_("Criterion ${n}: the text is too long.", mapping=where))
        if row.kind not in KINDS:
            raise ValueError(_("Criterion ${n}: choose price, subjective or objective.", mapping=where))
        if not is_number(row.weight) or not Fraction(row.weight):
            raise ValueError(_("Criterion ${n}: write the weight as a number such as 12.5", mapping=where))
        if row.kind != PRICE and row.max and (not is_number(row.max) or not Fraction(row.max)):
            raise ValueError(_("Criterion ${n}: write the highest score as a number", mapping=where))


def tree_of(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """The published tree. Rows without an id are numbered by their place, groups likewise; a criterion
    without a highest score is scored up to its weight."""
    taken = {row.id for row in rows}
    nodes: list[dict[str, Any]] = []
    groups: dict[str, dict[str, Any]] = {}
    for row in rows:
        level = nodes
        if row.group:
            if row.group not in groups:
                made = _free(f"G{len(groups) + 1}", taken)
                groups[row.group] = {"id": made, "name": row.group, "weight": "0", "items": []}
                nodes.append(groups[row.group])
            level = groups[row.group]["items"]
        level.append(_leaf(row, taken, f"{groups[row.group]['id']}." if row.group else "C", len(level) + 1))
    for group in groups.values():
        group["weight"] = plain(sum((Fraction(item["weight"]) for item in group["items"]), Fraction(0)))
    return nodes


def _leaf(row: Row, taken: set[str], prefix: str, place: int) -> dict[str, Any]:
    made = row.id or _free(PRICE if row.kind == PRICE else f"{prefix}{place}", taken)
    leaf = {"id": made, "weight": row.weight, "kind": row.kind}
    if row.kind != PRICE:
        leaf["max"] = row.max or row.weight
    return leaf | {name: text for name in ("name", "guidance") if (text := getattr(row, name))}


def _free(wanted: str, taken: set[str]) -> str:
    """`wanted`, or with a letter behind it when it is taken; now taken."""
    made, letter = wanted, "a"
    while made in taken:
        made, letter = f"{wanted}{letter}", chr(ord(letter) + 1)
    taken.add(made)
    return made


def legal_faults(rows: Sequence[Row], category: str, qualification: Sequence[str], rulebook: Rulebook,
                 day: date, method: str = OPEN) -> list[Fault]:  # fmt: skip
    """Everything that keeps these criteria from being published on a Beijing day, with the article: sum of
    the weights, the price and its least weight, qualifications as factors (M87 55). Scale (M87 17) is the
    lint's: a named officer may set a finding of words aside."""
    tree: list[dict[str, Any]] = tree_of(rows)
    return check_criteria(tree, category, qualification, PriceWeights.on(day, rulebook, method))


@dataclass(frozen=True)
class Sums:
    """What the form shows beside the rows, in the rows' own measure; None where a row cannot be read."""

    total: str
    price: str
    least: str
    """the least weight of the price, of 100"""
    most: str
    """its greatest weight, of 100"""
    complete: bool
    price_enough: bool


def price_span(method: str, category: str, rulebook: Rulebook, day: date) -> tuple[Fraction, Fraction]:
    """Between which shares of 1 the price weighs: in a tender from M87 55 up, in a consultation Caiku 2014-214
    art. 24 gives both ends."""
    wanted = rule_of(method, "price_weight", f"P16.price_weight.{category}", category)
    rule = rulebook.find(wanted, day)
    low, high = rule.decimals if rule and rule.bound == "range" else (rule.decimal if rule else 0, 1)
    return Fraction(low), Fraction(high)


def sums_of(rows: Sequence[Row], least: Fraction, most: Fraction = Fraction(1)) -> Sums:
    """The sum of the weights and the price's weight, as far as the rows can be read."""
    weights = [(row.kind, Fraction(row.weight)) for row in rows if is_number(row.weight)]
    total = sum((weight for _kind, weight in weights), Fraction(0))
    price = sum((weight for kind, weight in weights if kind == PRICE), Fraction(0))
    enough = least * total <= price <= most * total
    return Sums(plain(total), plain(price), plain(least * 100), plain(most * 100), total in (1, 100), enough)
