"""Small works by lottery (小型工程摇号) as a kind of trade: stages, methods and the words of the notice are the data of
this folder."""

from __future__ import annotations

import copy
import string
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from translationstring import TranslationStringFactory
from zope.interface import implementer

from trading.errors import Fault, Refused
from trading.interfaces import ITradeKind

if TYPE_CHECKING:
    from pyramid.config import Configurator

_ = TranslationStringFactory("tradehall")

FOLDER = Path(__file__).parent
CHOICES = {"weights": ("weights", "weighted"), "manager": ("manager", "needs_manager")}
"""placeholder: the group of its words in texts.toml, and the value, yes or no, that chooses among them"""


@implementer(ITradeKind)
class SmallWorks:
    """Reads the folder's data once."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self.data = tomllib.loads((folder / "kind.toml").read_text("utf-8"))
        self._texts = tomllib.loads((folder / "texts.toml").read_text("utf-8"))
        self.key: str = self.data["key"]
        self.deal_class: str = self.data["deal_class"]
        self.regime: str = self.data["regime"]

    def name(self, locale: str) -> str:
        return str(self.data[_language(locale)])

    def label(self, group: str, key: str, locale: str) -> str:
        for row in self.data[group]:
            if row["key"] == key:
                return str(row[_language(locale)])
        raise KeyError(key)

    def stage_of(self, state: str) -> str:
        for stage in self.data["stage"]:
            if state in stage["states"]:
                return str(stage["key"])
        raise KeyError(state)

    def templates(self, locale: str) -> list[dict[str, Any]]:
        """One, which fills in what every small works has."""
        values = copy.deepcopy(self.data["defaults"])
        return [{"key": "plain", "name": self.name(locale), "subject": "works", "standardised": False,
                 "values": values, "items": [], "criteria": []}]  # fmt: skip

    def placeholders(self) -> set[str]:
        bodies = [
            section[language]["body"] for section in self._texts["section"] for language in ("zh", "en")
        ]
        bodies += [text for language in ("zh", "en") for text in self._texts["words"][language].values()]
        names = {name for body in bodies for _, name, _, _ in string.Formatter().parse(body) if name}
        return {CHOICES[name][1] if name in CHOICES else name for name in names} | {"method"}

    def document(self, values: Mapping[str, str], locale: str) -> list[dict[str, Any]]:
        if missing := sorted(name for name in self.placeholders() if name not in values):
            raise Refused(
                [Fault("document.incomplete", _("This is still missing."), name) for name in missing]
            )
        language = _language(locale)
        words, filled = self._texts["words"][language], dict(values)
        for name, (group, choice) in CHOICES.items():
            filled[name] = words[f"{group}.{values[choice]}"].format_map(values)
        return [
            {
                "key": section["key"],
                "title": section[language]["title"],
                "paragraphs": [
                    line for line in section[language]["body"].strip().format_map(filled).splitlines() if line
                ],
                "table": "",
            }
            for section in self._texts["section"]
            if section.get("method", values["method"]) == values["method"]
        ]


def _language(locale: str) -> str:
    return "zh" if locale.startswith("zh") else "en"


def includeme(config: Configurator) -> None:
    """Registers the kind by its name."""
    kind = SmallWorks()
    config.registry.registerUtility(kind, ITradeKind, name=kind.key)
