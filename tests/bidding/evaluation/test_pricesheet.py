"""The price sheet is read strictly and every fault is named at once."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from fractions import Fraction
from typing import Any

import pytest

from bidding.evaluation.pricesheet import check, parse, parse_bytes
from tests.bidding.evaluation.builders import item, sheet
from trading.errors import Refused
from trading.ledger.canonical import dumps

Change = Callable[[dict[str, Any]], object]


def faults(change: Change) -> set[tuple[str, str]]:
    raw = deepcopy(sheet("1234.50"))
    change(raw)
    return {(fault.code, fault.field) for fault in check(raw)}


def test_a_valid_sheet_is_read_exactly() -> None:
    found = parse(sheet("1234.50", brand="Kältor", claims=["sheltered"]))
    assert (found.total, found.words_total, found.body_total) == (Fraction("1234.5"),) * 3
    assert (found.core_brand, found.claims, found.period_days) == ("Kältor", ("sheltered",), 30)


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        (lambda s: s.update(extra=1), "keys-invalid", ""),
        (lambda s: s.pop("claims"), "keys-invalid", ""),
        (lambda s: s.update(v=True), "value-invalid", "v"),
        (lambda s: s.update(typ="ebid.manifest"), "value-invalid", "typ"),
        (lambda s: s.update(currency="USD"), "value-invalid", "currency"),
        (lambda s: s.update(core_brand=None), "text-invalid", "core_brand"),
        (lambda s: s.update(claims=["large"]), "claim-unknown", "claims"),
        (lambda s: s.update(claims=[["sheltered"]]), "claim-unknown", "claims"),
        (lambda s: s.update(claims=["sheltered", "sheltered"]), "claim-twice", "claims"),
        (lambda s: s.update(opening=[]), "keys-invalid", "opening"),
        (lambda s: s["opening"].update(total="1,234.50"), "money-invalid", "opening.total"),
        (lambda s: s["opening"].update(total="1234.50\n"), "money-invalid", "opening.total"),
        (lambda s: s["opening"].update(total="１２３４.50"), "money-invalid", "opening.total"),
        (lambda s: s["opening"].update(total=1234), "money-invalid", "opening.total"),
        (lambda s: s["opening"].update(total="0.00"), "total-zero", "opening.total"),
        (lambda s: s["opening"].update(period_days=True), "period-invalid", "opening.period_days"),
        (lambda s: s["opening"].update(period_days=0), "period-invalid", "opening.period_days"),
        (lambda s: s["opening"].update(words="about a thousand"), "words-unreadable", "opening.words"),
        (lambda s: s["opening"].update(words="零元整"), "words-unreadable", "opening.words"),
        (lambda s: s["body"].update(total="-1.00"), "money-invalid", "body.total"),
        (lambda s: s["body"].update(items=[]), "items-missing", "body.items"),
        (lambda s: s["body"].update(items=[item("1.00")] * 5001), "items-missing", "body.items"),
        (lambda s: s["body"].update(items=[item("0.00")]), "unit-prices-zero", "body.items"),
        (lambda s: s["body"]["items"][0].update(quantity="0"), "quantity-invalid", "body.items[0].quantity"),
        (
            lambda s: s["body"]["items"][0].update(quantity="1e3"),
            "quantity-invalid",
            "body.items[0].quantity",
        ),
        (lambda s: s["body"]["items"][0].update(name="  "), "text-invalid", "body.items[0].name"),
        (lambda s: s["body"]["items"][0].update(brand="x" * 501), "text-invalid", "body.items[0].brand"),
        (
            lambda s: s["body"]["items"][0].update(unit_price="1.5"),
            "money-invalid",
            "body.items[0].unit_price",
        ),
        (lambda s: s["body"]["items"][0].pop("amount"), "keys-invalid", "body.items[0]"),
    ],
)
def test_each_fault_has_its_code_and_place(change: Change, code: str, field: str) -> None:
    assert faults(change) == {(code, field)}


def test_all_faults_are_named_at_once() -> None:
    def spoil(raw: dict[str, Any]) -> None:
        raw["currency"] = "EUR"
        raw["opening"]["words"] = "?"
        raw["body"]["items"][0]["quantity"] = "none"

    assert len(faults(spoil)) == 3


@pytest.mark.parametrize("raw", [None, 5, "sheet", []])
def test_anything_but_an_object_is_no_sheet(raw: object) -> None:
    with pytest.raises(Refused):
        parse(raw)


def test_the_sealed_part_must_be_canonical_json() -> None:
    raw = dumps(sheet("5.00"))
    assert parse_bytes(raw).total == 5
    with pytest.raises(Refused) as refused:
        parse_bytes(raw + b" ")
    assert refused.value.faults[0].code == "sheet-not-canonical"
