"""What the rulebook says about a roster (名录规则), as one value: trades, bands, periods, counts. Pure.

Every number is a rule of the rulebook: a city's own file says it anew (docs/roster.md).
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

from trading.rulebook.book import RULES_FOLDER, Rulebook

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


NUMBERS = (
    "publicity", "cool_down", "running", "refusals", "refusal_months", "refusal_bar", "bribery_years", "grade_a",
    "grade_b", "exit_years", "factor", "decline_days", "result_days", "sign_days", "lists_days",
)  # fmt: skip


def terms(book: Rulebook, day: date) -> Terms:
    """The terms in force on a day. Raises ValueError for a city's file that cannot be meant: bands out of order, a
    trade without its two names, a weight below 1."""
    ends = book.rule("ROSTER.cool_down.ends", day).strings[0]
    if ends not in ENDS:
        raise ValueError(f"ROSTER.cool_down.ends is one of {ENDS}")
    low, high = (int(number) for number in book.rule("ROSTER.finalists", day).decimals)
    numbers = {name: book.rule(f"ROSTER.{name}", day).integer for name in NUMBERS}
    return Terms(
        trades=tuple(_trade(text) for text in book.rule("ROSTER.trades", day).strings),
        bands=_bands(book.rule("ROSTER.bands", day).decimals),
        documents=book.rule("ROSTER.documents", day).strings,
        cool_down_ends=ends,
        finalists=(low, high),
        weights=_weights(book.rule("ROSTER.weights", day).strings),
        **numbers,
    )


def _trade(text: str) -> Trade:
    key, zh, en = text.split("|")
    return Trade(key, zh, en)


def _bands(ends: tuple[Decimal, ...]) -> tuple[Band, ...]:
    if list(ends) != sorted(set(ends)):
        raise ValueError("ROSTER.bands ascend")
    return tuple(Band(low, high) for low, high in zip((Decimal(0), *ends), ends, strict=False))


def _weights(pairs: tuple[str, ...]) -> dict[str, int]:
    found = {grade: int(weight) for grade, _sign, weight in (pair.partition("=") for pair in pairs)}
    if set(found) != set(GRADES) or min(found.values()) < 1:
        raise ValueError("ROSTER.weights gives each grade a whole number of at least 1")
    return found


def overlay_of(region: str, folder: Path = RULES_FOLDER / "tenants") -> Path | None:
    """The data file of the city (or of its province) that a region belongs to: the one whose `regions` has the
    longest beginning of the six digits."""
    best, found = 0, None
    for path in sorted(folder.glob("*.toml")):
        for prefix in tomllib.loads(path.read_text("utf-8")).get("regions", ()):
            if region.startswith(prefix) and len(prefix) > best:
                best, found = len(prefix), path
    return found
