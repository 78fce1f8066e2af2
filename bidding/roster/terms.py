"""What the rulebook says about a roster (名录规则), as one value: trades, bands, periods, counts. Pure.

Every number is a rule of the rulebook: a city's own file says it anew (docs/roster.md).
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from trading.rulebook.book import RULES_FOLDER, Rule, Rulebook

REGION = re.compile(r"[0-9]{1,6}")
GRADES = ("A", "B", "C")
ENDS = ("either", "completion", "months", "both")
"""when a cool-down ends: the earlier of completion and months, the one, the other, the later"""


@dataclass(frozen=True)
class Trade:
    """A part of the roster (专业)."""

    key: str
    zh: str
    en: str

    def name(self, locale: str) -> str:
        return self.zh if locale.startswith("zh") else self.en


@dataclass(frozen=True)
class Band:
    """Estimates from `low` (included) up to `high` (not included), in yuan (金额分档)."""

    low: Decimal
    high: Decimal

    @property
    def key(self) -> str:
        return f"{self.low:.0f}-{self.high:.0f}"

    def holds(self, amount: Decimal) -> bool:
        return self.low <= amount < self.high


@dataclass(frozen=True)
class Terms:
    """The roster's rules on one day."""

    trades: tuple[Trade, ...]
    bands: tuple[Band, ...]
    documents: tuple[str, ...]
    publicity: int
    cool_down: int
    cool_down_ends: str
    running: int
    refusals: int
    refusal_months: int
    refusal_bar: int
    bribery_years: int
    grade_a: int
    grade_b: int
    exit_years: int
    factor: int
    finalists: tuple[int, int]
    decline_days: int
    result_days: int
    sign_days: int
    lists_days: int
    weights: dict[str, int]

    def trade(self, key: str) -> Trade | None:
        return next((trade for trade in self.trades if trade.key == key), None)

    def band_of(self, amount: Decimal) -> Band | None:
        """The band that an estimate falls into; None above the last."""
        return next((band for band in self.bands if band.holds(amount)), None)

    def band(self, key: str) -> Band | None:
        return next((band for band in self.bands if band.key == key), None)


LEAST = {
    "publicity": 1, "cool_down": 0, "running": 1, "refusals": 1, "refusal_months": 1, "refusal_bar": 0,
    "bribery_years": 0, "grade_a": 0, "grade_b": 0, "exit_years": 1, "factor": 1, "decline_days": 1, "result_days": 1,
    "sign_days": 1, "lists_days": 1,
}  # fmt: skip
"""each number of the terms, a rule of its own, and the least that it can be"""


def terms(book: Rulebook, day: date) -> Terms:
    """The terms in force on a day. Raises ValueError with every fault of a city's file that cannot be meant, each named
    by its rule."""
    found: dict[str, Any] = {}
    faults: list[str] = []
    for name, read in READERS.items():
        rule_id = f"ROSTER.{RULES_OF.get(name, name)}"
        try:
            found[name] = read(book.rule(rule_id, day))
        except (ValueError, LookupError) as error:
            faults.append(f"{rule_id}: {error}")
    if not faults and not found["grade_b"] < found["grade_a"] <= 100:
        faults.append("ROSTER.grade_a: it is above grade_b and at most 100")
    if faults:
        raise ValueError("; ".join(faults))
    return Terms(**found)


def _number(least: int) -> Callable[[Rule], int]:
    def read(rule: Rule) -> int:
        if rule.integer < least:
            raise ValueError(f"{rule.integer} is less than {least}")
        return rule.integer

    return read


def _trades(rule: Rule) -> tuple[Trade, ...]:
    found = tuple(_trade(text) for text in rule.strings)
    keys = [trade.key for trade in found]
    if not keys or len(set(keys)) != len(keys):
        raise ValueError("trades have different keys, and there is one at least")
    return found


def _trade(text: str) -> Trade:
    parts = text.split("|")
    if len(parts) != 3 or not all(parts) or not TRADE.fullmatch(parts[0]):
        raise ValueError(f"{text!r} is not key|中文|English")
    return Trade(*parts)


def _bands(rule: Rule) -> tuple[Band, ...]:
    ends = rule.decimals
    for low, high in zip((Decimal(0), *ends), ends, strict=False):
        if high <= low or high != int(high):
            raise ValueError(f"bands ascend in whole yuan: {high} comes after {low}")
    if not ends:
        raise ValueError("there is no band")
    return tuple(Band(low, high) for low, high in zip((Decimal(0), *ends), ends, strict=False))


def _documents(rule: Rule) -> tuple[str, ...]:
    if not rule.strings or len(set(rule.strings)) != len(rule.strings):
        raise ValueError("kinds of documents differ, and there is one at least")
    return rule.strings


def _ends(rule: Rule) -> str:
    if len(rule.strings) != 1 or rule.strings[0] not in ENDS:
        raise ValueError(f"it is one of {', '.join(ENDS)}")
    return rule.strings[0]


def _finalists(rule: Rule) -> tuple[int, int]:
    if len(rule.decimals) != 2 or not 1 <= rule.decimals[0] <= rule.decimals[1]:
        raise ValueError("it is the least and the most finalists")
    low, high = (int(number) for number in rule.decimals)
    return low, high


def _weights(rule: Rule) -> dict[str, int]:
    found = {}
    for pair in rule.strings:
        grade, _sign, weight = pair.partition("=")
        if grade not in GRADES or not weight.isascii() or not weight.isdigit() or int(weight) < 1:
            raise ValueError(f"{pair!r} gives no grade of {', '.join(GRADES)} a whole number of at least 1")
        found[grade] = int(weight)
    if set(found) != set(GRADES):
        raise ValueError(f"it gives each grade of {', '.join(GRADES)} a whole number of at least 1")
    return found


TRADE = re.compile(r"[a-z0-9-]{1,40}")
RULES_OF = {"cool_down_ends": "cool_down.ends"}
READERS: Mapping[str, Callable[[Rule], Any]] = {
    "trades": _trades, "bands": _bands, "documents": _documents, "cool_down_ends": _ends, "finalists": _finalists,
    "weights": _weights, **{name: _number(least) for name, least in LEAST.items()},
}  # fmt: skip
"""part of the terms → how its rule is read"""


def misread(book: Rulebook, national: Rulebook, day: date) -> list[str]:
    """What a city's file says that cannot be meant, on that day or on a later one from which a rule of it is in force:
    a rule that the roster does not have, another unit, values out of order."""
    faults, days = [], {day}
    for rule_id, versions in book.rules.items():
        if not rule_id.startswith("ROSTER."):
            continue
        known = national.rules.get(rule_id)
        if known is None:
            faults.append(f"{rule_id}: the roster has no such rule")
            continue
        faults += [
            f"{rule_id}: its unit is {known[0].unit}" for rule in versions if rule.unit != known[0].unit
        ]
        days |= {rule.effective_from for rule in versions if rule.effective_from > day}
    for one in sorted(days):
        try:
            terms(book, one)
        except ValueError as error:
            faults.append(str(error))
    return faults


def overlay_of(region: str, folder: Path = RULES_FOLDER / "tenants") -> Path | None:
    """The data file of the city (or of its province) that a region belongs to: the one whose `regions` has the
    longest beginning of the six digits. Raises ValueError, with its name, for a file that cannot be read."""
    best, found = 0, None
    for path in sorted(folder.glob("*.toml")):
        try:
            regions = tomllib.loads(path.read_text("utf-8")).get("regions", [])
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise ValueError(f"{path.name}: {error}") from error
        if not isinstance(regions, list) or not all(REGION.fullmatch(str(each)) for each in regions):
            raise ValueError(
                f'{path.name}: regions is a list of beginnings of region codes, such as ["3701"]'
            )
        for prefix in map(str, regions):
            if region.startswith(prefix) and len(prefix) > best:
                best, found = len(prefix), path
    return found
