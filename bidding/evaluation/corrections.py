"""Corrections of a price sheet that contradicts itself, in the order of M87 art. 59.

Steps and fields: docs/protocols/evaluation.md, step 5. A correction binds only when the bidder
confirms it; without confirmation the bid is invalid (the evaluation decides that, not this module).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from bidding.evaluation.exact import fixed, half_up
from bidding.evaluation.pricesheet import Item, PriceSheet

_SHIFTS = tuple(Fraction(10) ** k for k in (-3, -2, -1, 1, 2, 3))


@dataclass(frozen=True)
class Correction:
    """One correction: `rule` is "59-1" … "59-4", amounts in yuan."""

    rule: str
    field: str
    before: Fraction
    after: Fraction

    def as_json(self) -> dict[str, str]:
        """The correction as the protocol writes it, amounts with two places."""
        return {
            "rule": self.rule,
            "field": self.field,
            "before": fixed(self.before),
            "after": fixed(self.after),
        }


@dataclass(frozen=True)
class Corrected:
    """A sheet after art. 59: the bid price, the sheet as it reads now, and what was changed."""

    price: Fraction
    sheet: PriceSheet
    steps: tuple[Correction, ...]

    @property
    def needs_confirmation(self) -> bool:
        """Whether the bidder must confirm the result (M87 59)."""
        return bool(self.steps)


def correct(sheet: PriceSheet) -> Corrected:
    """The sheet corrected in statutory order; correcting the result again changes nothing."""
    steps: list[Correction] = []
    total = _opening_form(sheet, steps)
    items, added = _decimal_slip(sheet.items, total, steps)
    items = _line_amounts(items, steps)
    if added != total:
        steps.append(Correction("59-4", "total", total, added))
        total = added
    amended = replace(sheet, total=total, words_total=total, body_total=total, items=items)
    return Corrected(total, amended, tuple(steps))


def _opening_form(sheet: PriceSheet, steps: list[Correction]) -> Fraction:
    """Items (1) and (2): the opening form beats the body, then words beat figures."""
    if sheet.body_total != sheet.total:
        steps.append(Correction("59-1", "body.total", sheet.body_total, sheet.total))
    if sheet.words_total != sheet.total:
        steps.append(Correction("59-2", "opening.total", sheet.total, sheet.words_total))
    return sheet.words_total


def _decimal_slip(
    items: tuple[Item, ...], total: Fraction, steps: list[Correction]
) -> tuple[tuple[Item, ...], Fraction]:
    """Item (3): the one shifted unit price that makes the list meet the total, if there is just one."""
    added = sum((item.product for item in items), Fraction(0))
    fits = _slips(items, added, total) if added != total else []
    if len(fits) != 1:
        return items, added
    index, price = fits[0]
    steps.append(Correction("59-3", f"body.items[{index}].unit_price", items[index].unit_price, price))
    amended = replace(items[index], unit_price=price)
    return (*items[:index], amended, *items[index + 1 :]), total


def _slips(items: Sequence[Item], added: Fraction, total: Fraction) -> list[tuple[int, Fraction]]:
    found = []
    for index, item in enumerate(items):
        for shift in _SHIFTS if item.unit_price else ():
            price = item.unit_price * shift
            whole_fen = (price * 100).denominator == 1
            if whole_fen and added - item.product + half_up(price * item.quantity) == total:
                found.append((index, price))
    return found


def _line_amounts(items: tuple[Item, ...], steps: list[Correction]) -> tuple[Item, ...]:
    """Item (4) for each line: unit price × quantity beats the amount that was written."""
    for index, item in enumerate(items):
        if item.amount != item.product:
            steps.append(Correction("59-4", f"body.items[{index}].amount", item.amount, item.product))
    return tuple(replace(item, amount=item.product) for item in items)
