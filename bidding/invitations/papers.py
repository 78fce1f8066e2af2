"""The list of candidates and the record of the draw (备选供应商名单、抽取记录), and what the law asks of them. Pure.

Order 87 art. 14: at least three are drawn at random, from candidates of at least twice that number; two or more of
the purchaser's staff are present, and there is a written record. Formats: docs/protocols/draw.md section 15."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from translationstring import TranslationStringFactory

from trading.errors import Fault
from trading.ledger import canonical
from trading.rulebook.book import Rule

_ = TranslationStringFactory("tradehall")

SOURCES = ("pool", "recommendation")
"""Where candidates come from: a supplier pool, or the purchaser's written recommendation"""


@dataclass(frozen=True)
class Law:
    """The rules P3 in force on a day."""

    suppliers: Rule
    pool: Rule
    witnesses: Rule


@dataclass(frozen=True)
class Listed:
    """Who may be drawn: `candidates` are (USCC, name); `basis` tells which pool, or the number of the
    recommendation, whose paper has the hash `paper` ("" for a pool)."""

    source: str
    basis: str
    paper: str
    number: int
    candidates: tuple[tuple[str, str], ...]


def faults_of(listed: Listed, law: Law, buyers: Mapping[str, str]) -> list[Fault]:
    """Everything that keeps this list from being drawn from, with the article; `buyers` are name by USCC."""
    found, codes = [], [code for code, _name in listed.candidates]
    least, wanted = law.suppliers.integer, listed.number * law.pool.integer
    if listed.number < least:
        message = _("At least ${next} suppliers must be invited.", mapping={"next": str(least)})
        found.append(Fault("invited.too-few", message, "number", article(law.suppliers), str(least)))
    if len(set(codes)) < wanted:
        message = _(
            "The list to draw from must hold at least ${next} suppliers.", mapping={"next": str(wanted)}
        )
        found.append(
            Fault("invited.too-few-candidates", message, "candidates", article(law.pool), str(wanted))
        )
    for code in sorted({code for code in codes if codes.count(code) > 1}):
        message = _("${code} stands in the list twice.", mapping={"code": code})
        found.append(Fault("invited.twice", message, "candidates"))
    for code in sorted(set(codes) & buyers.keys()):
        message = _("${name} buys here and cannot be invited.", mapping={"name": buyers[code]})
        found.append(Fault("invited.buyer", message, "candidates", "GPL 12"))
    if listed.source == "recommendation" and not listed.paper:
        found.append(
            Fault(
                "invited.paper", _("The purchaser's written recommendation belongs to the list."), "paper",
                article(law.pool), _("Add the signed paper as a file."),
            )
        )  # fmt: skip
    return found


def article(rule: Rule) -> str:
    """The article as faults cite it."""
    return f"{rule.instrument} {rule.article}"


def list_document(tender: str, listed: Listed, salt: str) -> bytes:
    """invited/list.json. `salt` (base64url) keeps the hash in the log from telling who is in the list."""
    return canonical.dumps(
        {
            "v": 1, "typ": "ebid.invitation-list", "tender": tender, "salt": salt, "source": listed.source,
            "basis": listed.basis, "paper": listed.paper, "number": listed.number,
            "candidates": [{"id": code, "name": name} for code, name in sorted(listed.candidates)],
        }
    )  # fmt: skip


def record_document(
    tender: str, purchaser: Mapping[str, str], listed: Mapping[str, Any], list_sha256: str, draw: Mapping[str, str],
    drawn: Sequence[Mapping[str, str]], witnesses: Sequence[Mapping[str, str]], at: str,
) -> bytes:  # fmt: skip
    """invited/record.json: what the purchaser's staff sign. `drawn` are {"id", "name"} in drawn order, `draw` has its
    `announce` and `result` hashes and its `scope`, `witnesses` are {"name", "present"}."""
    return canonical.dumps(
        {
            "v": 1, "typ": "ebid.invitation-record", "tender": tender, "purchaser": dict(purchaser),
            "list": list_sha256, "candidates": len(listed["candidates"]), "number": listed["number"],
            "draw": dict(draw), "drawn": [dict(one) for one in drawn],
            "witnesses": [dict(one) for one in witnesses], "at": at,
        }
    )  # fmt: skip
