"""The price sheet of a bid (part `price-sheet`): reading and checking it, every fault at once.

Format and validity: docs/protocols/evaluation.md 1.2. Amounts are yuan.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from bidding.evaluation.exact import N_, half_up, is_money
from bidding.evaluation.words import read_words
from trading.errors import Fault, Refused
from trading.ledger.canonical import CanonicalError, loads

CLAIMS = ("micro-enterprise", "sheltered", "micro-consortium", "domestic-product")
MAX_ITEMS = 5000
MAX_TEXT = 500
MAX_DAYS = 36500

_QUANTITY = re.compile(r"(0|[1-9][0-9]{0,11})(\.[0-9]{1,6})?")
_SHEET_KEYS = frozenset({"v", "typ", "currency", "opening", "body", "core_brand", "claims"})
_OPENING_KEYS = frozenset({"total", "words", "period_days"})
_BODY_KEYS = frozenset({"total", "items"})
_ITEM_KEYS = frozenset({"name", "brand", "unit", "quantity", "unit_price", "amount"})


@dataclass(frozen=True)
class Item:
    """One line of the detailed price list (分项报价). `amount` is what the bidder wrote."""

    name: str
    brand: str
    unit: str
    quantity: Fraction
    unit_price: Fraction
    amount: Fraction

    @property
    def product(self) -> Fraction:
        """Unit price × quantity, rounded half up to the fen."""
        return half_up(self.unit_price * self.quantity)


@dataclass(frozen=True)
class PriceSheet:
    """A valid price sheet: opening form (开标一览表), detailed list, brand and policy claims."""

    total: Fraction
    words: str
    words_total: Fraction
    period_days: int
    body_total: Fraction
    items: tuple[Item, ...]
    core_brand: str
    claims: tuple[str, ...]


def parse(raw: object) -> PriceSheet:
    """The price sheet in `raw` (decoded JSON). Raises Refused with every fault that it has."""
    faults = check(raw)
    if faults:
        raise Refused(faults)
    assert isinstance(raw, Mapping)
    opening, body = raw["opening"], raw["body"]
    return PriceSheet(
        total=Fraction(opening["total"]),
        words=opening["words"],
        words_total=read_words(opening["words"]),
        period_days=opening["period_days"],
        body_total=Fraction(body["total"]),
        items=tuple(_item(item) for item in body["items"]),
        core_brand=raw["core_brand"],
        claims=tuple(raw["claims"]),
    )


def parse_bytes(raw: bytes) -> PriceSheet:
    """The price sheet in the canonical JSON bytes of the sealed part. Raises Refused."""
    try:
        value = loads(raw)
    except CanonicalError as error:
        raise Refused(Fault("sheet-not-canonical", N_("The price sheet is not canonical JSON."))) from error
    return parse(value)


def check(raw: object) -> list[Fault]:
    """Everything that is wrong with `raw` as a price sheet; empty when it is valid.

    `field` is a path such as `body.items[0].amount`; `code` is stable.
    """
    found = _Faults()
    if not found.keys(raw, "", _SHEET_KEYS):
        return found.list
    assert isinstance(raw, Mapping)
    found.exactly(raw["v"], "v", 1)
    found.exactly(raw["typ"], "typ", "ebid.price-sheet")
    found.exactly(raw["currency"], "currency", "CNY")
    found.text(raw["core_brand"], "core_brand")
    _check_claims(found, raw["claims"])
    _check_opening(found, raw["opening"])
    _check_body(found, raw["body"])
    return found.list


def _item(raw: Mapping[str, Any]) -> Item:
    return Item(
        raw["name"],
        raw["brand"],
        raw["unit"],
        Fraction(raw["quantity"]),
        Fraction(raw["unit_price"]),
        Fraction(raw["amount"]),
    )


def _check_claims(found: _Faults, raw: object) -> None:
    if not isinstance(raw, list) or any(claim not in CLAIMS for claim in raw):
        found.add("claim-unknown", N_("This policy claim is not known."), "claims")
    elif len(set(raw)) != len(raw):
        found.add("claim-twice", N_("A policy claim is made twice."), "claims")


def _check_opening(found: _Faults, raw: object) -> None:
    if not found.keys(raw, "opening", _OPENING_KEYS):
        return
    assert isinstance(raw, Mapping)
    found.positive_money(raw["total"], "opening.total")
    days = raw["period_days"]
    if type(days) is not int or not 1 <= days <= MAX_DAYS:
        found.add("period-invalid", N_("The period must be a whole number of days."), "opening.period_days")
    if found.text(raw["words"], "opening.words") and not _words_positive(raw["words"]):
        found.add("words-unreadable", N_("The amount in words cannot be read."), "opening.words")


def _words_positive(words: str) -> bool:
    try:
        return read_words(words) > 0
    except ValueError:
        return False


def _check_body(found: _Faults, raw: object) -> None:
    if not found.keys(raw, "body", _BODY_KEYS):
        return
    assert isinstance(raw, Mapping)
    found.positive_money(raw["total"], "body.total")
    items = raw["items"]
    if not isinstance(items, list) or not 1 <= len(items) <= MAX_ITEMS:
        found.add("items-missing", N_("The price list needs between 1 and 5000 items."), "body.items")
        return
    before = len(found.list)
    for number, item in enumerate(items):
        _check_item(found, item, f"body.items[{number}]")
    if len(found.list) == before and not sum(_item(item).product for item in items):
        found.add("unit-prices-zero", N_("The unit prices come to nothing."), "body.items")


def _check_item(found: _Faults, raw: object, field: str) -> None:
    if not found.keys(raw, field, _ITEM_KEYS):
        return
    assert isinstance(raw, Mapping)
    found.text(raw["name"], f"{field}.name", blank=False)
    found.text(raw["unit"], f"{field}.unit", blank=False)
    found.text(raw["brand"], f"{field}.brand")
    found.money(raw["unit_price"], f"{field}.unit_price")
    found.money(raw["amount"], f"{field}.amount")
    quantity = raw["quantity"]
    if not (isinstance(quantity, str) and _QUANTITY.fullmatch(quantity) and Fraction(quantity) > 0):
        found.add(
            "quantity-invalid",
            N_("The quantity must be a number above 0 with at most six decimal places."),
            f"{field}.quantity",
        )


class _Faults:
    """Collects faults; the checks return whether the value may be looked at further."""

    def __init__(self) -> None:
        self.list: list[Fault] = []

    def add(self, code: str, message: str, field: str) -> None:
        self.list.append(Fault(code, message, field))

    def keys(self, raw: object, field: str, wanted: frozenset[str]) -> bool:
        if isinstance(raw, Mapping) and raw.keys() == wanted:
            return True
        self.add("keys-invalid", N_("This part of the price sheet has missing or unknown entries."), field)
        return False

    def exactly(self, raw: object, field: str, wanted: object) -> None:
        if type(raw) is not type(wanted) or raw != wanted:
            self.add("value-invalid", N_("This entry must have its fixed value."), field)

    def text(self, raw: object, field: str, *, blank: bool = True) -> bool:
        if isinstance(raw, str) and len(raw) <= MAX_TEXT and (blank or raw.strip()):
            return True
        self.add("text-invalid", N_("This text is missing or too long."), field)
        return False

    def money(self, raw: object, field: str) -> bool:
        if is_money(raw):
            return True
        self.add("money-invalid", N_("An amount must be written with exactly two decimal places."), field)
        return False

    def positive_money(self, raw: object, field: str) -> None:
        if self.money(raw, field) and not Fraction(str(raw)):
            self.add("total-zero", N_("The total must be more than 0."), field)
