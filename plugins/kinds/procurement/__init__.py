"""Government procurement (政府采购) as a kind of trade: data files, and the reader that serves them.

`kind.toml` has stages, methods, form fields, defaults and timetable, `templates.toml` ready-to-publish
tenders, `texts.toml` the tender document in sections, `responses.toml` those of consultation, negotiation and inquiry. A city changes them by copying this folder.
"""

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
LANGUAGES = ("zh", "en")
TENDER_TEXTS = "texts.toml"
# Placeholders whose words follow from a choice among the values.
CHOICES = {
    "stacking_words": ("stacking", "stacking"),
    "exclude_self_words": ("exclude_self", "exclude_self"),
    "decryption_words": ("vault_mode", "vault_mode"),
    "remedy_words": ("remedy", "vault_mode"),
    "envelope_words": ("envelopes", "envelopes"),
    "delivery_words": ("subject", "subject"),
    "outlier_words": ("outlier", "outlier"),
    "parts_words": ("parts", "method"),
    "final_words": ("final", "method"),
    "change_words": ("change", "method"),
    "reading_words": ("reading", "method"),
    "security_words": ("security", "security"),
}
"""placeholder: the group of its words in texts.toml, and the value that chooses among them"""


@implementer(ITradeKind)
class Procurement:
    """Reads the folder's data once."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self.data = _read(folder / "kind.toml")
        self._templates = _read(folder / "templates.toml")["template"]
        self._texts = {
            row["texts"]: _read(folder / row["texts"]) for row in self.data["method"] if row["offered"]
        }
        self.key: str = self.data["key"]
        self.deal_class: str = self.data["deal_class"]
        self.regime: str = self.data["regime"]

    def name(self, locale: str) -> str:
        return str(self.data[_language(locale)])

    def label(self, group: str, key: str, locale: str, method: str = "open") -> str:
        row = _by_key(self.data[group], key)
        return str(row.get(method, row)[_language(locale)])

    def document_name(self, method: str, locale: str) -> str:
        return str(_by_key(self.data["method"], method)["document"][_language(locale)])

    def conformity(self, method: str) -> list[dict[str, Any]]:
        terms = _by_key(self.data["method"], method)["terms"]
        return [
            {language: row[language].format_map(terms[language]) for language in LANGUAGES}
            | {"price": row.get("price", False)}
            for row in self.data["review"]["conformity"]
        ]

    def stage_of(self, state: str) -> str:
        for stage in self.data["stage"]:
            if state in stage["states"]:
                return str(stage["key"])
        raise KeyError(state)

    def templates(self, locale: str) -> list[dict[str, Any]]:
        return [self._template(template, _language(locale)) for template in copy.deepcopy(self._templates)]

    def placeholders(self) -> set[str]:
        return {"evaluation", "method"}.union(
            *(self._asked(method["key"]) for method in self.data["method"] if method["offered"])
        )

    def document(self, values: Mapping[str, str], locale: str) -> list[dict[str, Any]]:
        method, language = str(values.get("method") or "open"), _language(locale)
        asked = {"evaluation", "method"} | self._asked(method)
        missing = sorted(name for name in asked if not str(values.get(name, "")).strip())
        if missing:
            raise Refused(
                [Fault("document.incomplete", _("This is still missing."), name) for name in missing]
            )
        words = self._words(method, language)
        terms = _by_key(self.data["method"], method)["terms"][language]
        filled = dict(values) | {f"term_{name}": word for name, word in terms.items()}
        for name, (group, choice) in CHOICES.items():
            if f"{group}.{values.get(choice)}" in words:
                filled[name] = words[f"{group}.{values[choice]}"].format_map(values)
        return [
            {
                "key": section["key"],
                "title": section[language]["title"],
                # Values are put in once and never read as placeholders themselves.
                "paragraphs": section[language]["body"].strip().format_map(filled).splitlines(),
                "table": section.get("table", ""),
            }
            for section in self._sections(method)
            if section.get("evaluation", values["evaluation"]) == values["evaluation"]
        ]

    def _sections(self, method: str) -> list[dict[str, Any]]:
        """The sections of a method's document."""
        texts = self._texts[_by_key(self.data["method"], method)["texts"]]
        return [section for section in texts["section"] if method in section.get("methods", [method])]

    def _words(self, method: str, language: str) -> dict[str, str]:
        """What may stand in placeholders, by choice; a method's own words before a tender's."""
        own = self._texts[_by_key(self.data["method"], method)["texts"]]
        return dict(self._texts[TENDER_TEXTS]["words"][language] | own["words"][language])

    def _asked(self, method: str) -> set[str]:
        """The values that a method's document takes, its words included."""
        bodies = [section[language]["body"] for section in self._sections(method) for language in LANGUAGES]
        named = {name for body in bodies for name in _named(body)}
        chosen = {CHOICES[name][0] for name in named if name in CHOICES}
        for language in LANGUAGES:
            for key, text in self._words(method, language).items():
                named |= _named(text) if key.partition(".")[0] in chosen else set()
        return {
            CHOICES[name][1] if name in CHOICES else name for name in named if not name.startswith("term_")
        }

    def _template(self, template: dict[str, Any], language: str) -> dict[str, Any]:
        own = template["values"]
        words = {key: value.strip() for key, value in own[language].items()}
        plain = {key: value for key, value in own.items() if key not in ("zh", "en")}
        items = [
            {"number": item["number"], "quantity": item["quantity"], "core": item["core"], **item[language]}
            for item in template["items"]
        ]
        return {
            "key": template["key"],
            "name": template[language],
            "subject": template["subject"],
            "standardised": template["standardised"],
            "values": {**copy.deepcopy(self.data["defaults"]), **plain, **words},
            "items": items,
            "criteria": [_criterion(criterion, language) for criterion in template.get("criteria", [])],
        }


def _named(text: str) -> set[str]:
    """The placeholders in a text."""
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def _criterion(criterion: dict[str, Any], language: str) -> dict[str, Any]:
    """A template's criterion in a language: the fields of bidding.tenders.criteria.Row."""
    plain = {key: value for key, value in criterion.items() if key not in ("zh", "en")}
    return {**plain, **criterion[language]}


def _read(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text("utf-8"))


def _language(locale: str) -> str:
    return "zh" if locale.startswith("zh") else "en"


def _by_key(rows: list[dict[str, Any]], key: str) -> dict[str, Any]:
    for row in rows:
        if row["key"] == key:
            return row
    raise KeyError(key)


def includeme(config: Configurator) -> None:
    """Registers the kind by its name."""
    kind = Procurement()
    config.registry.registerUtility(kind, ITradeKind, name=kind.key)
