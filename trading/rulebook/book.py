"""Rules as data: values with article, certainty, effective dates and the words to show.

A rulebook is one national layer and, for a city, one overlay. An overlay may add rules, say a number
for a rule that is not certain, and tighten; it cannot loosen a national rule of certainty V, since only
the law's own change can (that comes as a new national version with its own dates).
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

from trading.ledger.canonical import dumps

RULES_FOLDER = Path(__file__).parent / "rules"

Certainty = Literal["V", "S", "U"]
Unit = Literal[
    "day",
    "working_day",
    "minute",
    "hour",
    "month",
    "year",
    "ratio",
    "fraction",
    "factor",
    "CNY",
    "count",
    "words",
    "flag",
]
Bound = Literal["at_least", "at_most", "exactly", "range", "none"]
Value = bool | int | Decimal | tuple[int, ...] | tuple[Decimal, ...] | tuple[str, ...]

KEYS = {
    "id",
    "value",
    "unit",
    "bound",
    "instrument",
    "article",
    "certainty",
    "from",
    "to",
    "roll",
    "zh",
    "en",
}
UNITS = set(Unit.__args__)  # type: ignore[attr-defined]
BOUNDS = set(Bound.__args__)  # type: ignore[attr-defined]

UNIT_WORDS = {
    "zh": {"day": "{}日", "working_day": "{}个工作日", "minute": "{}分钟", "hour": "{}小时", "month": "{}个月", "year": "{}年",
           "CNY": "{}元"},
    "en": {"day": "{} days", "working_day": "{} working days", "minute": "{} minutes", "hour": "{} hours",
           "month": "{} months", "year": "{} years", "CNY": "CNY {}"},
}  # fmt: skip


class RuleNotFound(LookupError):
    """No rule of that id is in force on that day."""


@dataclass(frozen=True)
class Rule:
    """One rule in force from `effective_from` to `effective_to` (both days included, None: open)."""

    id: str
    value: Value
    unit: Unit
    bound: Bound
    instrument: str
    instrument_zh: str
    instrument_en: str
    article: str
    certainty: Certainty
    effective_from: date
    effective_to: date | None
    roll: bool
    words_zh: str
    words_en: str
    layer: str

    @property
    def refuses(self) -> bool:
        """Whether breaking the rule refuses the step; otherwise it warns."""
        return self.certainty == "V"

    @property
    def integer(self) -> int:
        """The value as a whole number (days, counts, yuan). Raises ValueError otherwise."""
        if isinstance(self.value, bool) or not isinstance(self.value, int):
            raise ValueError(f"{self.id} is not a whole number")
        return self.value

    @property
    def decimal(self) -> Decimal:
        """The value as a Decimal (ratios, amounts of yuan). Raises ValueError otherwise."""
        if isinstance(self.value, bool) or not isinstance(self.value, int | Decimal):
            raise ValueError(f"{self.id} is not a number")
        return Decimal(self.value)

    @property
    def decimals(self) -> tuple[Decimal, ...]:
        """The numbers of a range or fraction. Raises ValueError otherwise."""
        if not isinstance(self.value, tuple) or any(isinstance(item, str) for item in self.value):
            raise ValueError(f"{self.id} is not a row of numbers")
        return tuple(Decimal(item) for item in self.value)

    @property
    def strings(self) -> tuple[str, ...]:
        """The words of a list. Raises ValueError otherwise."""
        if not isinstance(self.value, tuple):
            raise ValueError(f"{self.id} is not a list of words")
        return tuple(item for item in self.value if isinstance(item, str))

    def words(self, locale: str) -> str:
        """What the rule says, in `zh…` or English, with its value filled in."""
        text = self.words_zh if _zh(locale) else self.words_en
        return text.replace("{value}", self.shown(locale))

    def shown(self, locale: str) -> str:
        """The value as people read it: "20日", "2 %", "CNY 2,000,000"."""
        values = self.value if isinstance(self.value, tuple) else (self.value,)
        return "–".join(_shown(value, self.unit, "zh" if _zh(locale) else "en") for value in values)

    def citation(self, locale: str) -> str:
        """The instrument and article: "财政部令第87号 第16条", "MOF Order 87 art. 16"."""
        name = self.instrument_zh if _zh(locale) else self.instrument_en
        if not self.article:
            return name
        return f"{name} 第{self.article}条" if _zh(locale) else f"{name} art. {self.article}"


@dataclass(frozen=True)
class Rulebook:
    """All rules of one version. `sha256` (hex) is over the canonical bytes of everything in it."""

    version: str
    sha256: str
    rules: Mapping[str, tuple[Rule, ...]]

    @classmethod
    def load(
        cls, folder: Path = RULES_FOLDER, tenant: str | None = None, overlay: Path | None = None
    ) -> Rulebook:
        """Reads `national.toml` and, for a tenant, `tenants/<tenant>.toml` or the file `overlay` over it.

        Raises ValueError for an unknown key, unit or instrument, for two rules of one id in force on
        one day, and for an overlay that loosens a national V rule.
        """
        national = _read(folder / "national.toml", {})
        layers = [national]
        if tenant is not None:
            overlay = folder / "tenants" / f"{tenant}.toml"
        if overlay is not None:
            layers.append(_read(overlay, national.instruments))
        rules: dict[str, tuple[Rule, ...]] = {}
        for layer in layers:
            for rule_id, versions in layer.rules.items():
                rules[rule_id] = _overlaid(rules.get(rule_id, ()), versions)
        version = "+".join(f"{layer.name}-{layer.version}" for layer in layers)
        data = {"version": version, "rules": [_rule_data(rule) for rule in _sorted(rules)]}
        return cls(version, hashlib.sha256(dumps(data)).hexdigest(), rules)

    def find(self, rule_id: str, on: date) -> Rule | None:
        """The rule in force on a day, or None."""
        for rule in self.rules.get(rule_id, ()):
            if rule.effective_from <= on and (rule.effective_to is None or on <= rule.effective_to):
                return rule
        return None

    def rule(self, rule_id: str, on: date) -> Rule:
        """The rule in force on a day. Raises RuleNotFound."""
        found = self.find(rule_id, on)
        if found is None:
            raise RuleNotFound(f"{rule_id} on {on}")
        return found

    def in_force(self, on: date) -> Iterator[Rule]:
        """Every rule in force on a day, by id: for the public rules page."""
        return (rule for rule_id in sorted(self.rules) if (rule := self.find(rule_id, on)) is not None)


@dataclass(frozen=True)
class _Layer:
    name: str
    version: str
    instruments: Mapping[str, Mapping[str, str]]
    rules: Mapping[str, tuple[Rule, ...]]


def _read(path: Path, inherited: Mapping[str, Mapping[str, str]]) -> _Layer:
    data = tomllib.loads(path.read_text("utf-8"), parse_float=Decimal)
    instruments = {**inherited, **data.get("instrument", {})}
    rules: dict[str, tuple[Rule, ...]] = {}
    for entry in data["rule"]:
        rule = _rule(entry, instruments, data["layer"])
        rules[rule.id] = tuple(sorted((*rules.get(rule.id, ()), rule), key=lambda r: r.effective_from))
    for versions in rules.values():
        for earlier, later in zip(versions, versions[1:], strict=False):
            if earlier.effective_to is None or earlier.effective_to >= later.effective_from:
                raise ValueError(f"{path.name}: two versions of {earlier.id} are in force on one day")
    return _Layer(data["layer"], data["version"], instruments, rules)


def _rule(entry: Mapping[str, Any], instruments: Mapping[str, Mapping[str, str]], layer: str) -> Rule:
    if unknown := set(entry) - KEYS:
        raise ValueError(f"{entry.get('id')}: unknown keys {sorted(unknown)}")
    if missing := KEYS - {"to", "roll"} - set(entry):
        raise ValueError(f"{entry.get('id')}: missing keys {sorted(missing)}")
    if (
        entry["unit"] not in UNITS
        or entry["bound"] not in BOUNDS
        or entry["certainty"] not in ("V", "S", "U")
    ):
        raise ValueError(f"{entry['id']}: unknown unit, bound or certainty")
    if entry["instrument"] not in instruments:
        raise ValueError(f"{entry['id']}: unknown instrument {entry['instrument']}")
    names = instruments[entry["instrument"]]
    value = entry["value"]
    return Rule(
        id=entry["id"], value=tuple(value) if isinstance(value, list) else value, unit=entry["unit"],
        bound=entry["bound"], instrument=entry["instrument"], instrument_zh=names["zh"],
        instrument_en=names["en"], article=entry["article"], certainty=entry["certainty"],
        effective_from=entry["from"], effective_to=entry.get("to"), roll=entry.get("roll", False),
        words_zh=entry["zh"], words_en=entry["en"], layer=layer,
    )  # fmt: skip


def _overlaid(base: tuple[Rule, ...], over: tuple[Rule, ...]) -> tuple[Rule, ...]:
    """The overlay's versions come first, so they are found first; base versions stay for other days."""
    for rule in over:
        for national in base:
            if national.certainty == "V" and _overlap(national, rule) and _loosens(national, rule):
                raise ValueError(f"{rule.layer}: {rule.id} loosens a rule of certainty V")
    return (*over, *base)


def _overlap(one: Rule, other: Rule) -> bool:
    latest_start = max(one.effective_from, other.effective_from)
    ends = [rule.effective_to for rule in (one, other) if rule.effective_to is not None]
    return all(latest_start <= end for end in ends)


def _loosens(national: Rule, local: Rule) -> bool:
    if (local.unit, local.bound) != (national.unit, national.bound) or local.certainty != "V":
        return True
    if national.bound == "at_least" and national.unit != "fraction":
        return local.decimal < national.decimal
    if national.bound == "at_most":
        return local.decimal > national.decimal
    if national.unit == "words":
        return not set(national.strings) <= set(local.strings)
    return local.value != national.value


def _sorted(rules: Mapping[str, tuple[Rule, ...]]) -> list[Rule]:
    return [rule for rule_id in sorted(rules) for rule in rules[rule_id]]


def _rule_data(rule: Rule) -> dict[str, Any]:
    data: dict[str, Any] = dict(vars(rule))
    values = rule.value if isinstance(rule.value, tuple) else (rule.value,)
    data["value"] = [item if isinstance(item, bool | int | str) else str(item) for item in values]
    data["effective_from"] = rule.effective_from.isoformat()
    data["effective_to"] = rule.effective_to.isoformat() if rule.effective_to else None
    return data


def _zh(locale: str) -> bool:
    return locale.startswith("zh")


def _shown(value: bool | int | Decimal | str, unit: str, language: str) -> str:
    if isinstance(value, bool | str):
        return str(value) if isinstance(value, str) else ""
    if unit == "ratio":
        return f"{(value * 100).normalize():f} %" if isinstance(value, Decimal) else f"{value * 100} %"
    return UNIT_WORDS[language].get(unit, "{}").format(f"{value:,}" if unit == "CNY" else value)
