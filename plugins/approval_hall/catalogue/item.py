"""One approval item (审批事项) as one data file: what the office does, for whom, by which law, with what, how, by when, for how
much, and what comes of it. Pure.

The file has the six unified fields (六统一: name, legal basis, required materials, flow, time limit, fee) and with them the
eight public disclosures (八公开: content, basis, conditions, materials, procedure, promised time, fee, result). Format:
docs/approval-hall.md. Times are working days.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import cache
from pathlib import Path
from typing import Any

from translationstring import TranslationStringFactory

_ = TranslationStringFactory("tradehall")
MODES_FILE = Path(__file__).parent / "modes.toml"


class ItemError(ValueError):
    """The file is no item: `place` is where in it, `words` what is expected there."""

    def __init__(self, place: str, words: str) -> None:
        self.place, self.words = place, words
        super().__init__(f"{place}: {words}")


@dataclass(frozen=True)
class Words:
    """Words in both languages; English may be wanting and is then the Chinese."""

    zh: str
    en: str = ""

    def of(self, locale: str) -> str:
        return self.zh if locale.startswith("zh") or not self.en else self.en

    def __bool__(self) -> bool:
        return bool(self.zh)


@dataclass(frozen=True)
class Basis:
    """A ground in law (设定依据)."""

    name: Words
    article: str


@dataclass(frozen=True)
class Material:
    """A paper that is wanted (申请材料); a `tolerable` one may follow later (可容缺), in place of a `committed` one the applicant
    may sign the item's commitment (告知承诺)."""

    key: str
    name: Words
    tolerable: bool = False
    committed: bool = False


@dataclass(frozen=True)
class Field:
    """A field of the application form; `type` is text | long | number | money | date."""

    key: str
    name: Words
    type: str = "text"
    required: bool = True


@dataclass(frozen=True)
class Step:
    """One department's part (办理环节). `kind` is review | inspection | approval | seal. `deemed`: when its time is over it counts
    as agreed (超时默许); `external`: what is given is a licence to somebody outside, which never comes by silence."""

    key: str
    department: str
    name: Words
    days: int
    after: tuple[str, ...] = ()
    kind: str = "review"
    deemed: bool = False
    external: bool = False


@dataclass(frozen=True)
class Stage:
    """Steps that one department leads (阶段、牵头部门); they run at the same time but for `after`. `natural` is its budget of
    natural days (自然日), 0 for none."""

    key: str
    name: Words
    lead: str
    steps: tuple[Step, ...]
    natural: int = 0


@dataclass(frozen=True)
class Commitment:
    """What an applicant may commit to and be granted the item at once (告知承诺制): the words, and which department inspects within
    how many working days after the decision whether they are kept."""

    words: Words
    department: str
    days: int


@dataclass(frozen=True)
class Least:
    """From which amount (yuan) in a field of the form something begins: the green channel, accompaniment."""

    field: str
    amount: Decimal


@dataclass(frozen=True)
class Item:
    """The whole definition; `raw` is the data as read, for the record of a version. `natural` days at most from acceptance to decision
    (双限时), at most `untimed` working days not counted, of which there were `untimed_before`; -1 or 0 where the file says
    nothing. `charge` is the fee in fen."""

    code: str
    name: Words
    content: Words
    conditions: tuple[Words, ...]
    basis: tuple[Basis, ...]
    materials: tuple[Material, ...]
    fields: tuple[Field, ...]
    stages: tuple[Stage, ...]
    statutory: int
    promised: int
    limit_ground: str
    gap_days: int
    natural: int
    untimed: int
    untimed_before: int
    commitment: Commitment | None
    green: Least | None
    agency: Least | None
    fee: Words
    charge: int
    result: Words
    mode: str
    kind: str
    lead: str
    project: str
    exceptional: str
    departments: Mapping[str, Words]
    raw: Mapping[str, Any]

    @property
    def steps(self) -> tuple[Step, ...]:
        return tuple(step for stage in self.stages for step in stage.steps)

    def step(self, key: str) -> Step:
        """Raises KeyError."""
        return {step.key: step for step in self.steps}[key]

    def material(self, key: str) -> Material:
        """Raises KeyError."""
        return {each.key: each for each in self.materials}[key]

    def department(self, key: str, locale: str = "zh_CN") -> str:
        """What a department is called; its key when nobody has named it."""
        found = self.departments.get(key)
        return found.of(locale) if found else key


def parse(text: str, departments: Mapping[str, Words] | None = None) -> Item:
    """The item of a file; `departments` are those that every item knows. Raises ItemError, also for what is no TOML."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ItemError("file", str(error)) from error
    return read(data, departments)


def read(data: Mapping[str, Any], departments: Mapping[str, Words] | None = None) -> Item:
    """The item of such data. What is wanting is read as empty: `checking.faults` names it. Raises ItemError."""
    limit = _table(data, "limit")
    own = {key: _words(data["departments"], key) for key in _table(data, "departments")}
    code = _text(data, "code", "item")
    if not code:
        raise ItemError("code", _("an item has a code"))
    return Item(
        code=code,
        name=_words(data, "name"),
        content=_words(data, "content"),
        conditions=tuple(_entry(each, "condition") for each in _tables(data, "condition")),
        basis=tuple(Basis(_entry(each, "basis"), _text(each, "article", "basis")) for each in _tables(data, "basis")),
        materials=tuple(_material(each) for each in _tables(data, "material")),
        fields=tuple(_field(each) for each in _tables(data, "field")),
        stages=tuple(_stage(each, number) for number, each in enumerate(_tables(data, "stage"), 1)),
        statutory=_number(limit, "statutory", "limit"),
        promised=_number(limit, "promised", "limit", -1),
        limit_ground=_text(limit, "ground", "limit"),
        gap_days=_number(limit, "gap_days", "limit", 15),
        natural=_number(limit, "natural", "limit"),
        untimed=_number(limit, "untimed", "limit", -1),
        untimed_before=_number(limit, "untimed_before", "limit", -1),
        commitment=_commitment(data),
        green=_least(data, "green"),
        agency=_least(data, "agency"),
        fee=_words(data, "fee"),
        charge=int(_yuan(_table(data, "fee"), "yuan", "fee") * 100),
        result=_words(data, "result"),
        mode=_text(data, "mode", "item") or "limit",
        kind=_text(data, "kind", "item") or "promised",
        lead=_text(data, "lead", "item"),
        project=_text(data, "project", "item"),
        exceptional=_text(data, "exceptional", "item"),
        departments={**(departments or {}), **own},
        raw=data,
    )  # fmt: skip


@dataclass(frozen=True)
class Mode:
    """A way of handling (办理制): how its own due date is found. `clock` is same-day | promised | longest | fixed | cut;
    `days` of a fixed one, `share` of a cut one (numerator, denominator), which is `most` days at most (0: no limit)."""

    key: str
    name: Words
    clock: str
    days: int = 0
    share: tuple[int, int] = (1, 1)
    most: int = 0


@dataclass(frozen=True)
class Kind:
    """A kind of case (件): what a representative may do with it unless the letter says otherwise, which kinds it can become."""

    key: str
    name: Words
    power: str
    becomes: tuple[str, ...]


@cache
def modes() -> dict[str, Mode]:
    """The six ways of handling (六办理制)."""
    return {
        key: Mode(
            key,
            Words(row["zh"], row["en"]),
            row["clock"],
            row.get("days", 0),
            tuple(row.get("share", (1, 1))),
            row.get("most", 0),
        )
        for key, row in tomllib.loads(MODES_FILE.read_text("utf-8"))["mode"].items()
    }


@cache
def kinds() -> dict[str, Kind]:
    """The seven kinds of case (七件)."""
    return {
        key: Kind(key, Words(row["zh"], row["en"]), row["power"], tuple(row["becomes"]))
        for key, row in tomllib.loads(MODES_FILE.read_text("utf-8"))["kind"].items()
    }


def _stage(data: Mapping[str, Any], number: int) -> Stage:
    key = _text(data, "key", "stage") or f"stage-{number}"
    return Stage(
        key,
        _entry(data, "stage"),
        _text(data, "lead", key),
        tuple(_step(each) for each in _tables(data, "step")),
        _number(data, "natural", key),
    )


def _commitment(data: Mapping[str, Any]) -> Commitment | None:
    found = _table(data, "commitment")
    if not found:
        return None
    place = "commitment"
    return Commitment(_entry(found, place), _text(found, "department", place), _number(found, "days", place))


def _least(data: Mapping[str, Any], key: str) -> Least | None:
    found = _table(data, key)
    return Least(_text(found, "field", key), _yuan(found, "least", key)) if found else None


def _yuan(data: Mapping[str, Any], key: str, place: str) -> Decimal:
    """An amount of money: a whole number, or a text such as "120.50"."""
    found = data.get(key, 0)
    try:
        amount = Decimal(found) if isinstance(found, (int, str)) and not isinstance(found, bool) else None
    except InvalidOperation:
        amount = None
    if amount is None or not 0 <= amount <= 10**13 or amount != amount.quantize(Decimal("0.01")):
        raise ItemError(f"{place}.{key}", _("an amount in yuan is expected, such as 5000000 or 120.50"))
    return amount


def _step(data: Mapping[str, Any]) -> Step:
    key = _text(data, "key", "step") or _text(data, "department", "step")
    return Step(
        key, _text(data, "department", key), _entry(data, key), _number(data, "days", key),
        tuple(str(each) for each in _list(data, "after")), _text(data, "kind", key) or "review",
        data.get("deemed") is True, data.get("external") is True,
    )  # fmt: skip


def _material(data: Mapping[str, Any]) -> Material:
    return Material(
        _text(data, "key", "material"), _entry(data, "material"), data.get("tolerable") is True, data.get("committed") is True
    )  # fmt: skip


def _field(data: Mapping[str, Any]) -> Field:
    key = _text(data, "key", "field")
    return Field(
        key, _entry(data, "field"), _text(data, "type", key) or "text", data.get("required") is not False
    )


def _table(data: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = data.get(key, {})
    if not isinstance(found, Mapping):
        raise ItemError(key, _("a table is expected"))
    return found


def _list(data: Mapping[str, Any], key: str) -> list[Any]:
    found = data.get(key, [])
    if not isinstance(found, list):
        raise ItemError(key, _("a list is expected"))
    return found


def _tables(data: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    found = _list(data, key)
    if not all(isinstance(each, Mapping) for each in found):
        raise ItemError(key, _("a list of tables is expected"))
    return found


def _text(data: Mapping[str, Any], key: str, place: str) -> str:
    found = data.get(key, "")
    if not isinstance(found, str):
        raise ItemError(f"{place}.{key}", _("a text is expected"))
    return found.strip()


def _number(data: Mapping[str, Any], key: str, place: str, otherwise: int = 0) -> int:
    found = data.get(key, otherwise)
    if not isinstance(found, int) or isinstance(found, bool) or not -1 <= found <= 1000:
        raise ItemError(f"{place}.{key}", _("a whole number of working days is expected"))
    return found


def _words(data: Mapping[str, Any], key: str) -> Words:
    return _entry(_table(data, key), key)


def _entry(data: Any, place: str) -> Words:
    if not isinstance(data, Mapping):
        raise ItemError(place, _("a table is expected"))
    return Words(_text(data, "zh", place), _text(data, "en", place))
