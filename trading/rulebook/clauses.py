"""The clause library (条款库): lawful wording, as data (rules/clauses.toml). Pure."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

CLAUSES_FILE = Path(__file__).parent / "rules" / "clauses.toml"
FIELDS = ("qualification", "technical", "payment_terms", "criteria")


@dataclass(frozen=True)
class Clause:
    """One wording. `fields` says where it may stand; a criterion has a name, a kind and guidance. `article` is
    cited as in `trading.rulebook.citing`."""

    id: str
    fields: tuple[str, ...]
    article: str
    tags: tuple[str, ...]
    words: tuple[str, str]
    name: tuple[str, str]
    guidance: tuple[str, str]
    kind: str

    def text(self, locale: str) -> str:
        """The sentence for a text of the document; "" for one that is a criterion only."""
        return self.words[not locale.startswith("zh")]

    def criterion(self, locale: str) -> tuple[str, str]:
        """Name and guidance of the criterion; two empty texts for one that is none."""
        english = not locale.startswith("zh")
        return self.name[english], self.guidance[english]


@cache
def library() -> dict[str, Clause]:
    """Every clause by its id, in the order of the file. Raises ValueError for a clause that cannot stand where
    it says it may."""
    data = tomllib.loads(CLAUSES_FILE.read_text("utf-8"))
    return {entry["id"]: _clause(entry) for entry in data["clause"]}


def for_field(field: str) -> list[Clause]:
    """The clauses that may stand in a field."""
    return [clause for clause in library().values() if field in clause.fields]


def _clause(entry: dict[str, Any]) -> Clause:
    def pair(key: str) -> tuple[str, str]:
        words = entry.get(key, {})
        return words.get("zh", ""), words.get("en", "")

    made = Clause(
        id=entry["id"], fields=tuple(entry["fields"]), article=entry["article"], tags=tuple(entry["tags"]),
        words=(entry.get("zh", ""), entry.get("en", "")), name=pair("name"), guidance=pair("guidance"),
        kind=entry.get("kind", ""),
    )  # fmt: skip
    wanted = {made.words for field in made.fields if field != "criteria"}
    wanted |= {words for words in (made.name, made.guidance) if "criteria" in made.fields}
    if not set(made.fields) <= set(FIELDS) or not all(all(words) for words in wanted):
        raise ValueError(f"{made.id}: a clause needs its words in both languages for every field")
    return made
