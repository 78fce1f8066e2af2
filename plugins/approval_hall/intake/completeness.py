"""What an application still wants, and who may be told of it how often (申请材料是否齐全、一次性告知、容缺). Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from translationstring import TranslationStringFactory

from plugins.approval_hall.catalogue.item import Field, Item, Material
from trading.errors import Fault

_ = TranslationStringFactory("tradehall")


@dataclass(frozen=True)
class Paper:
    """How far one wanted paper is: missing | delivered | promised, and when it was last handed in."""

    key: str
    state: str
    delivered_at: datetime | None = None


def missing(item: Item, papers: Mapping[str, Paper]) -> list[Material]:
    """The materials that are neither there nor promised."""
    return [each for each in item.materials if each.key not in papers or papers[each.key].state == "missing"]


def promisable(item: Item, papers: Mapping[str, Paper]) -> tuple[list[Material], list[Material]]:
    """The missing ones that may follow later, and those without which nothing begins."""
    gaps = missing(item, papers)
    return [each for each in gaps if each.tolerable], [each for each in gaps if not each.tolerable]


def told_twice(keys: Collection[str], papers: Mapping[str, Paper], last_at: datetime | None) -> list[str]:
    """The gaps of a further notice that were there at the last one (一次性告知): what has not been handed in anew since then has
    not changed since then either."""
    if last_at is None:
        return []

    def changed(key: str) -> bool:
        found = papers.get(key)
        return found is not None and found.delivered_at is not None and found.delivered_at > last_at

    return [key for key in keys if not changed(key)]


def form_faults(item: Item, values: Mapping[str, Any]) -> list[Fault]:
    """What is wrong with the fields of an application, each by its name."""
    found: list[Fault] = []
    for field in item.fields:
        text = str(values.get(field.key, "") or "").strip()
        if not text:
            if field.required:
                found.append(Fault("hall.field-empty", _("Fill in this field"), field.key))
        elif message := _wrong(field, text):
            found.append(Fault("hall.field-wrong", message, field.key))
    return found


def _wrong(field: Field, text: str) -> Any:
    if len(text) > (4000 if field.type == "long" else 300):
        return _("This is too long")
    if field.type in ("number", "money"):
        try:
            number = Decimal(text)
        except InvalidOperation:
            return _("Write a number such as 1234.50")
        if not number.is_finite() or number < 0 or number > Decimal("1e15"):
            return _("Write a number such as 1234.50")
        if field.type == "money" and number != number.quantize(Decimal("0.01")):
            return _("Write at most two digits after the point")
    if field.type == "date":
        try:
            datetime.strptime(text, "%Y-%m-%d")  # noqa: DTZ007 a day, no instant
        except ValueError:
            return _("Write a date such as 2026-12-01")
    return None
