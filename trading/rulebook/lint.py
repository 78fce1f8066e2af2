"""Forbidden conditions in the words of a tender document (限制性条款检查), found sentence by sentence. Pure.

The words are data (rules/lint.toml). What is found names its place, the words, the rule with its article, and
the clause that says it lawfully. A sentence that forbids the condition ("不设注册资本要求") is not one that sets it.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from translationstring import TranslationStringFactory

from trading.rulebook.book import Rule, Rulebook
from trading.rulebook.plan import Finding, Mark, Regime, finding

_ = TranslationStringFactory("tradehall")

WORDS_FILE = Path(__file__).parent / "rules" / "lint.toml"

MESSAGES = {
    "region": _("“${word}” reads like a preference for local bidders."),
    "performance": _("“${word}” asks for work or prizes of one region, trade or owner."),
    "scale": _("“${word}” reads like a condition of scale."),
    "years": _("“${word}” asks how long an enterprise has existed."),
    "brand": _("“${word}” names a brand, make or origin."),
    "patent": _("“${word}” asks for a patent or registered software."),
    "authorisation": _("“${word}” asks for the maker’s authorisation."),
    "sign-up": _("“${word}” puts a sign-up before the documents or the bid."),
    "roster": _("“${word}” asks for membership of a roster."),
    "presence": _("“${word}” asks somebody to come in person."),
    "lottery": _("“${word}” finds the winner by lottery."),
    "minimum": _("“${word}” sets a minimum price."),
    "ownership": _("“${word}” restricts ownership or legal form."),
    "honours": _("“${word}” is an honour or membership that says nothing about this contract."),
    "certificates": _("“${word}” is often made to measure: it must serve this contract, and equal proofs must do."),
    "testing": _("“${word}” names who has to test or certify."),
}  # fmt: skip
"""What is said about each group of the file"""

SENTENCE = re.compile(r"(?:[^。；;!！?？\n.]|\.(?!\s|$))+")
_FORBIDS = re.compile(
    r"(?:不得|不应|不能|禁止|严禁|未|不)(?:再|另)?(?:以|将|把|设|要求|限|指定|因|对|通过|需|须|必|论)|无需|无须|勿须"
)
_SETS = re.compile(r"须|(?<!供)应|且|但|仅|只|否则|优先|必须为|(?:得|加|计)\s*[0-9]")
_LIFTS = re.compile(
    r"^[^，,。；;]{0,12}?(?:不作为|不得作为|不限(?!于)|不计分|不计入|不加分|均可|一视同仁|不影响|不构成|不作要求)"
)
_NOT = re.compile(
    r"\b(?:no|not|never|nor|none|neither|without|need not)\b(?! (?:less|fewer|lower|below|under|accept))",
    re.I,
)
REACH = 28
"""how many characters before the words a "not" still counts"""


@dataclass(frozen=True)
class Fault:
    """One entry of the file, ready to be looked for."""

    group: str
    rule: Rule
    patterns: tuple[re.Pattern[str], ...]
    unless: re.Pattern[str] | None
    fields: frozenset[str]
    doubtful: bool
    clause: str

    def looks_at(self, field: str) -> bool:
        """Whether it is looked for in a field such as "criteria.2.guidance"."""
        return not self.fields or field.partition(".")[0] in self.fields

    def found_in(self, sentence: str) -> Iterator[re.Match[str]]:
        """The places in a sentence, each once; none in a sentence that is lawful."""
        if self.unless and self.unless.search(sentence):
            return
        taken = 0
        matches = sorted(
            (match for pattern in self.patterns for match in pattern.finditer(sentence)),
            key=lambda match: (match.start(), -match.end()),
        )
        for match in matches:
            if match.start() >= taken and not _forbidden(sentence, match):
                taken = match.end()
                yield match


def _forbidden(sentence: str, match: re.Match[str]) -> bool:
    """Whether the sentence forbids or lifts the condition instead of setting it."""
    before, after = sentence[: match.start()], sentence[match.end() :]
    clause = re.split("[，,]", before)[-1][-REACH:]
    # "不指定品牌": the words themselves may complete the "not".
    nots = (found for found in _FORBIDS.finditer(clause + match.group()) if found.start() < len(clause))
    last = max((found.end() for found in nots), default=None)
    if last is not None and not _SETS.search(clause[last:]):
        return True
    return bool(_LIFTS.search(after)) or bool(_NOT.search(before[-2 * REACH :]))


def lint(
    texts: Mapping[str, str], rulebook: Rulebook, day: date, regime: Regime = "procurement"
) -> list[Finding]:
    """Every forbidden condition in texts by field name, in the order of the texts. A rule of certainty V
    refuses, others and doubtful words warn."""
    entries = faults_on(rulebook, day, regime)
    return [found for name, text in texts.items() for found in _lint(name, text, entries)]


def _lint(field: str, text: str, entries: tuple[Fault, ...]) -> Iterator[Finding]:
    here = [entry for entry in entries if entry.looks_at(field)]
    for number, line in enumerate(text.splitlines(), start=1):
        for sentence in SENTENCE.finditer(line):
            told: set[tuple[str, int]] = set()
            for entry in here:
                for match in entry.found_in(sentence.group()):
                    if (entry.group, match.start()) not in told:
                        told.add((entry.group, match.start()))
                        yield _finding(entry, field, number, sentence.group(), match)


def _finding(entry: Fault, field: str, line: int, sentence: str, match: re.Match[str]) -> Finding:
    word = match.group()
    message = _(str(MESSAGES[entry.group]), mapping={"word": word})
    found = finding(entry.rule, field, word, message)
    # An override covers these words in this sentence, and no other.
    digest = hashlib.sha256(sentence.strip().encode()).hexdigest()[:12]
    return replace(
        found,
        id=f"{entry.rule.id}:{field}={word[:60]} {digest}",
        severity="warn" if entry.doubtful else found.severity,
        mark=Mark(line, sentence, match.start(), match.end(), entry.clause),
    )


def faults_on(rulebook: Rulebook, day: date, regime: Regime) -> tuple[Fault, ...]:
    """The entries whose rule is in force on a day, with that rule's own words in their patterns."""
    return _faults(_Rules(rulebook.sha256, rulebook), day, regime)


@dataclass(frozen=True)
class _Rules:
    """A rulebook as a key of the cache: by its hash."""

    sha256: str
    book: Rulebook

    def __hash__(self) -> int:
        return hash(self.sha256)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Rules) and other.sha256 == self.sha256


@cache
def _faults(rules: _Rules, day: date, regime: Regime) -> tuple[Fault, ...]:
    data = tomllib.loads(WORDS_FILE.read_text("utf-8"))
    made = []
    for entry in data["fault"]:
        named = [entry["rule"], entry.get("bidding_law", entry["rule"])]
        rule = rules.book.find(named[regime == "bidding_law"], day)
        if rule is None:
            continue
        lists = [
            other.strings for name in named if (other := rules.book.find(name, day)) and other.unit == "words"
        ]
        made.append(_fault(entry, rule, data["words"], [word for words in lists for word in words]))
    return tuple(made)


def _fault(entry: Mapping[str, Any], rule: Rule, pieces: Mapping[str, str], words: list[str]) -> Fault:
    known = {**pieces, "words": f"(?:{'|'.join(map(re.escape, words)) or '(?!)'})"}

    def made(pattern: str) -> re.Pattern[str]:
        for name, piece in known.items():
            pattern = pattern.replace(f"{{{name}}}", piece)
        return re.compile(pattern, re.IGNORECASE)

    return Fault(
        group=entry["group"], rule=rule, patterns=tuple(made(pattern) for pattern in entry["patterns"]),
        unless=made(entry["unless"]) if "unless" in entry else None, fields=frozenset(entry.get("fields", ())),
        doubtful=entry.get("doubtful", False), clause=entry.get("clause", ""),
    )  # fmt: skip
