"""Articles as people read them (法条引用): `GPL 57` is 政府采购法 第57条. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping

from trading.rulebook.book import Rulebook

ARTICLE = re.compile(r"(?P<instrument>[A-Z][A-Z0-9]*)(?: art\.)? (?P<article>.+)")
Instruments = Mapping[str, tuple[str, str]]
"""instrument → its Chinese and its English name"""


def instruments_of(book: Rulebook) -> dict[str, tuple[str, str]]:
    """The instruments that the rulebook cites."""
    rules = (rule for versions in book.rules.values() for rule in versions)
    return {rule.instrument: (rule.instrument_zh, rule.instrument_en) for rule in rules}


def cited(instruments: Instruments, text: str, locale: str) -> str:
    """One or more articles, separated by commas, in words; what is not an article of a known instrument stays
    as it is."""
    return ("、" if locale.startswith("zh") else ", ").join(
        _one(instruments, part.strip(), locale.startswith("zh")) for part in text.split(", ")
    )


def _one(instruments: Instruments, text: str, chinese: bool) -> str:
    if text in instruments:
        return instruments[text][0 if chinese else 1]
    match = ARTICLE.fullmatch(text)
    if match is None or match["instrument"] not in instruments:
        return text
    zh, en = instruments[match["instrument"]]
    number, _, clause = match["article"].partition("(")
    if not chinese:
        return f"{en} art. {match['article']}"
    return f"{zh} 第{number}条" + (f"（{clause.rstrip(')')}）" if clause else "")
