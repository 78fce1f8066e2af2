"""The facts of objective criteria (客观评审因素), stated once and prefilled on every member's sheet.

The head states what each bid shows and the points that it gives, from the opened bids, before anybody locks a sheet
(format: docs/protocols/evaluation.md 5.4). The same fact gives the same points: a member may see it otherwise, with a
reason, and the members then settle it (M87 64(3)).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from translationstring import TranslationStringFactory

from bidding.evaluation.papers import field_of
from bidding.evaluation.score_papers import Form, Place, Stated, number_faults, plain_number
from trading.errors import Fault, Refused
from trading.ledger import canonical

_ = TranslationStringFactory("tradehall")

MOST = 500
"""characters of a fact"""
_SALT = re.compile(r"[A-Za-z0-9_-]{22}")
_ENTRY = {"bid", "item", "fact", "points"}
_STRANGE = _("This is not a statement of facts for this committee's scoring")


def facts_document(form: Form, number: int, facts: Sequence[Mapping[str, Any]], salt: str) -> bytes:
    """The bytes that the head signs: `facts` have `bid`, `item`, `fact`, `points`, one for every objective criterion of
    every bid. Raises Refused `score.*` with every fault."""
    entries = [
        {
            "bid": entry.get("bid"),
            "item": entry.get("item"),
            "fact": str(entry.get("fact") or "").replace("\r\n", "\n").strip(),
            "points": plain_number(str(entry.get("points") or "")),
        }
        for entry in facts
    ]
    filled = [entry for entry in entries if entry["fact"] or entry["points"]]
    filled.sort(key=lambda entry: (str(entry["bid"]), str(entry["item"])))
    document = form.head("ebid.score-facts") | {"number": number, "salt": salt, "facts": filled}
    if faults := _faults(form, document):
        raise Refused(faults)
    return canonical.dumps(document)


def read_facts(form: Form, raw: bytes) -> dict[str, Any]:
    """A statement that is whole and this member's. Raises Refused `score.*`."""
    try:
        document = canonical.loads(raw)
    except canonical.CanonicalError as error:
        raise Refused(Fault("score.malformed", _STRANGE)) from error
    if faults := _faults(form, document):
        raise Refused(faults)
    found: dict[str, Any] = document
    return found


def stated_by(document: Mapping[str, Any] | None) -> dict[Place, Stated]:
    """What a statement prefills."""
    entries = document["facts"] if document else []
    return {(entry["bid"], entry["item"]): Stated(entry["fact"], entry["points"]) for entry in entries}


def _faults(form: Form, document: Any) -> list[Fault]:
    if not _shaped(form, document):
        return [Fault("score.malformed", _STRANGE)]
    entries = document["facts"]
    places = [(entry["bid"], entry["item"]) for entry in entries]
    if places != sorted(set(places)):
        return [Fault("score.malformed", _STRANGE)]
    criteria = {criterion.id: criterion for criterion in form.objective}
    if any(bid not in form.bids or item not in criteria for bid, item in places):
        return [Fault("score.stranger", _("A fact is stated for something that is not objective here"))]
    faults = [
        Fault("score.missing", _("State the fact and its points"), field_of(bid, item), "M87 55")
        for bid in form.bids
        for item in criteria
        if (bid, item) not in places
    ]
    for entry in entries:
        place = field_of(entry["bid"], entry["item"])
        faults += number_faults(entry["points"], criteria[entry["item"]], place)
        if not entry["fact"].strip() or len(entry["fact"]) > MOST:
            message = _("Write in at most 500 characters what the bid shows, and where")
            faults.append(Fault("score.fact", message, place))
    return faults


def _shaped(form: Form, document: Any) -> bool:
    head = form.head("ebid.score-facts")
    return (
        isinstance(document, dict)
        and document.keys() == head.keys() | {"number", "salt", "facts"}
        and all(document[key] == value and type(document[key]) is type(value) for key, value in head.items())
        and type(document["number"]) is int
        and isinstance(document["salt"], str)
        and _SALT.fullmatch(document["salt"]) is not None
        and isinstance(document["facts"], list)
        and all(
            isinstance(entry, dict)
            and entry.keys() == _ENTRY
            and all(isinstance(value, str) for value in entry.values())
            for entry in document["facts"]
        )
    )
