"""Searching notices (公告检索): pairs of neighbouring characters, so that Chinese words of two are found by an index.

A notice is kept with every character and every pair of its searchable texts; a text can only be in one that
has all of its pairs. The database's own trigrams need words of three characters.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

SHOWN = ("title_en", "buyer", "winner")
"""what is searched besides title and code"""


def grams(text: str) -> set[str]:
    """The pairs of a text in lower case, or the one character that it is; empty for an empty text."""
    small = text.lower()
    return {small[i : i + 2] for i in range(len(small) - 1)} or set(small)


def grams_of(title: str, tender: str, shown: Mapping[str, Any]) -> set[str]:
    """All that a notice can be found by."""
    texts = [title, tender, *(str(shown.get(name) or "") for name in SHOWN)]
    return {gram for text in texts for gram in grams(text) | set(text.lower())}
