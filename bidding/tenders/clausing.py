"""Taking clauses of the library into a form (引用条款), and mending a sentence that the lint found. Pure.

What is asked for is one text, as the form's buttons send it: `<clause>@<field>` adds the clause there,
`<clause>@<field>@<line>@<digest>` puts it in the place of the sentence with that digest.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from bidding.tenders.criteria import Row, columns_of, rows_of
from trading.rulebook.clauses import Clause, library
from trading.rulebook.lint import SENTENCE
from trading.rulebook.plan import Finding

TEXTS = ("qualification", "technical", "payment_terms")
_NUMBER = re.compile(r"\s*(?:[0-9]+[、．)）]|[-•])?\s*")
_LAST_NUMBER = re.compile(r"([0-9]+)([.、．)])")


def digest(sentence: str) -> str:
    """What tells sentences apart in a button's value."""
    return hashlib.sha256(sentence.strip().encode()).hexdigest()[:12]


def remedy_of(found: Finding) -> str:
    """The button's value that puts lawful wording in the place of a finding; "" where none fits."""
    mark = found.mark
    field, _, part = found.field.partition(".")
    if mark is None or mark.clause not in library() or (field not in TEXTS and not part.endswith("guidance")):
        return ""
    clause = library()[mark.clause]
    return f"{clause.id}@{found.field}@{mark.line}@{digest(mark.sentence)}" if field in clause.fields else ""


def take(form: Mapping[str, Any], asked: str, locale: str) -> dict[str, Any]:
    """The form with the clause in it; as it was when there is no such clause, field or sentence."""
    name, _, where = asked.partition("@")
    field, _, place = where.partition("@")
    clause, kept = library().get(name), dict(form)
    if clause is None or field.partition(".")[0] not in clause.fields:
        return kept
    if field == "criteria":
        title, guidance = clause.criterion(locale)
        rows = [*rows_of(form), Row(name=title, kind=clause.kind, guidance=guidance)]
        return kept | columns_of(rows)
    if field.startswith("criteria."):
        return kept | columns_of(_mended_rows(rows_of(form), field, clause, locale))
    text = str(form.get(field) or "")
    return kept | {
        field: _mended(text, place, clause.text(locale)) if place else _added(text, clause.text(locale))
    }


def _added(text: str, sentence: str) -> str:
    """One line more, numbered on when the last line is numbered."""
    lines = text.rstrip().splitlines()
    last = _LAST_NUMBER.match(lines[-1].strip()) if lines else None
    start = f"{int(last[1]) + 1}{last[2]}{' ' if last[2] == '.' else ''}" if last else ""
    stop = "" if sentence.endswith((".", "。")) else "。" if not sentence.isascii() else "."
    return "\n".join([*lines, f"{start}{sentence}{stop}"])


def _mended(text: str, place: str, wording: str) -> str:
    """The sentence of that line and digest replaced, its number kept."""
    line, _, wanted = place.partition("@")
    lines = text.splitlines()
    if not line.isdigit() or not 0 < int(line) <= len(lines):
        return text
    row = lines[int(line) - 1]
    for sentence in SENTENCE.finditer(row):
        if digest(sentence.group()) == wanted:
            number = _NUMBER.match(sentence.group())
            kept = number.group() if number else ""
            lines[int(line) - 1] = f"{row[: sentence.start()]}{kept}{wording}{row[sentence.end() :]}"
            break
    return "\n".join(lines)


def _mended_rows(rows: list[Row], field: str, clause: Clause, locale: str) -> list[Row]:
    """The guidance of one criterion replaced."""
    number = field.split(".")[1]
    if not number.isdigit() or not 0 < int(number) <= len(rows):
        return rows
    return [
        replace(row, guidance=clause.criterion(locale)[1]) if place == int(number) else row
        for place, row in enumerate(rows, start=1)
    ]
