"""The three-level catalogue of specialities (评标专家专业分类): pure, a data file beside it.

A selection that follows the public classification of experts' specialities: A works, B goods, C services. A code
such as `B03.01.01` lies under `B03.01`, that under `B03`.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FILE = Path(__file__).with_name("specialities.csv")
CLASSES = {"A": ("工程", "Works"), "B": ("货物", "Goods"), "C": ("服务", "Services")}


@dataclass(frozen=True)
class Speciality:
    """One line: its code and its two names."""

    code: str
    zh: str
    en: str

    @property
    def level(self) -> int:
        """1, 2 or 3."""
        return self.code.count(".") + 1

    @property
    def top(self) -> str:
        """The code of the first level over it, or its own."""
        return self.code.split(".")[0]

    def named(self, locale: str) -> str:
        return self.en if locale == "en" else self.zh


@cache
def catalogue() -> dict[str, Speciality]:
    """All lines by code, in order: each level before what lies under it."""
    with FILE.open(newline="", encoding="utf-8") as file:
        return {row["code"]: Speciality(row["code"], row["zh"], row["en"]) for row in csv.DictReader(file)}


def leaves() -> list[Speciality]:
    """What an expert can have: the lines of the third level."""
    return [speciality for speciality in catalogue().values() if speciality.level == 3]


def unknown(codes: Iterable[str]) -> list[str]:
    """The codes that are no lines of the third level."""
    return [code for code in codes if code not in catalogue() or catalogue()[code].level != 3]


def above(code: str) -> tuple[str, ...]:
    """The codes over a code, the widest first: `B03.01.01` → `B03`, `B03.01`."""
    parts = code.split(".")
    return tuple(".".join(parts[:length]) for length in range(1, len(parts)))


def with_levels(codes: Iterable[str]) -> tuple[str, ...]:
    """The codes with all those over them, in order, each once: whom a wider tag finds too."""
    return tuple(sorted({one for code in codes for one in (*above(code), code)}))


def path_of(code: str, locale: str) -> str:
    """The names from the widest level down."""
    return " / ".join(catalogue()[one].named(locale) for one in (*above(code), code) if one in catalogue())
