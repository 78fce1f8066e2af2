"""The documents that members sign when they score (评分表、评分说明、评分更正).

Formats: docs/protocols/bundle.md (`ebid.score-sheet`, `ebid.score-reason`, `ebid.score-correction`). A sheet
carries a salt: its hash stands in the ledger before the others have locked theirs, and must tell nothing.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from translationstring import TranslationStringFactory

from bidding.evaluation.criteria import OBJECTIVE, Criterion, is_number
from bidding.evaluation.exact import plain
from bidding.evaluation.papers import MAX_REASON, field_of
from bidding.evaluation.score_corrections import ARTICLES
from trading.errors import Fault, Refused
from trading.ledger import canonical

_ = TranslationStringFactory("tradehall")

SALT_BYTES = 16
_SALT = re.compile(r"[A-Za-z0-9_-]{22}")
_ENTRY = {"bid", "item", "score", "reason"}
_STRANGE = _("This is not a paper of this committee's scoring")


Place = tuple[str, str]
"""a bid (id) and a criterion (id)"""


@dataclass(frozen=True)
class Stated:
    """What the committee's head found in a bid for an objective criterion, and the points that it gives."""

    fact: str
    points: str


@dataclass(frozen=True)
class Form:
    """What a member scores: the bids (ids) and the judged criteria; `round` is 1 but for an evaluation made anew.
    `stated` stands prefilled: a member who gives other points says why."""

    tender: str
    member: str
    bids: tuple[str, ...]
    criteria: tuple[Criterion, ...]
    round: int = 1
    stated: Mapping[Place, Stated] = field(default_factory=dict)

    @property
    def objective(self) -> tuple[Criterion, ...]:
        """The criteria on which the same fact gives the same points."""
        return tuple(criterion for criterion in self.criteria if criterion.kind == OBJECTIVE)

    def departs(self, bid: str, item: str, score: str) -> bool:
        """Whether a score is not the one that is stated for its place."""
        stated = self.stated.get((bid, item))
        return stated is not None and is_number(score) and Fraction(score) != Fraction(stated.points)

    def head(self, typ: str) -> dict[str, Any]:
        """What every paper of this member begins with."""
        found: dict[str, Any] = {"v": 1, "typ": typ, "tender": self.tender, "member": self.member}
        return found | ({"round": self.round} if self.round > 1 else {})


def plain_number(text: str) -> str:
    """A score as people type it, with the digits and points of any keyboard (１２。５), as it is written."""
    found = unicodedata.normalize("NFKC", text).strip().replace("。", ".")
    return found.rstrip("0").rstrip(".") if "." in found and is_number(found) else found


# --- the sheet ------------------------------------------------------------------------------------


def sheet_document(form: Form, scores: Sequence[Mapping[str, Any]], salt: str) -> bytes:
    """The bytes that a member signs for all scores; `scores` have `bid`, `item`, `score`, `reason`, and may leave out
    what is stated. Raises Refused `score.*` with every fault: what is missing, no number, above the maximum."""
    filled = with_stated(
        form,
        [
            {
                "bid": entry.get("bid"),
                "item": entry.get("item"),
                "score": plain_number(str(entry.get("score") or "")),
                "reason": str(entry.get("reason") or "").strip(),
            }
            for entry in scores
        ],
    )
    filled.sort(key=lambda entry: (str(entry["bid"]), str(entry["item"])))
    document = form.head("ebid.score-sheet") | {"salt": salt, "scores": filled}
    if faults := _sheet_faults(form, document):
        raise Refused(faults)
    return canonical.dumps(document)


def with_stated(form: Form, entries: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The entries of a form with what is stated where the member left a score empty. What nobody has filled in and
    nobody stated is left out: it is missing, not wrong."""
    found = [dict(entry) for entry in entries if entry["score"] or entry["reason"]]
    for entry in found:
        stated = form.stated.get((entry["bid"], entry["item"]))
        entry["score"] = entry["score"] or (stated.points if stated else "")
    given = {(entry["bid"], entry["item"]) for entry in found}
    return found + [
        {"bid": bid, "item": item, "score": stated.points, "reason": ""}
        for (bid, item), stated in form.stated.items()
        if (bid, item) not in given
    ]


def read_sheet(form: Form, raw: bytes) -> dict[str, Any]:
    """A sheet that is whole and is this member's. Raises Refused `score.*`."""
    document = _decoded(raw)
    if faults := _sheet_faults(form, document):
        raise Refused(faults)
    found: dict[str, Any] = document
    return found


def _sheet_faults(form: Form, document: Any) -> list[Fault]:
    head = form.head("ebid.score-sheet")
    if not _headed(document, head, {"salt", "scores"}) or not isinstance(document["scores"], list):
        return [Fault("score.malformed", _STRANGE)]
    entries, salt = document["scores"], document["salt"]
    if not isinstance(salt, str) or not _SALT.fullmatch(salt) or not all(map(_is_entry, entries)):
        return [Fault("score.malformed", _STRANGE)]
    places = [(entry["bid"], entry["item"]) for entry in entries]
    if places != sorted(set(places)):
        return [Fault("score.malformed", _STRANGE)]
    criteria = {criterion.id: criterion for criterion in form.criteria}
    if any(bid not in form.bids or item not in criteria for bid, item in places):
        return [Fault("score.stranger", _("A score is on something that is not to be scored now"))]
    faults = [
        Fault("score.missing", _("Give a score"), field_of(bid, criterion.id), "M87 61")
        for bid in form.bids
        for criterion in form.criteria
        if (bid, criterion.id) not in places
    ]
    for entry in entries:
        place = field_of(entry["bid"], entry["item"])
        faults += number_faults(entry["score"], criteria[entry["item"]], place) + _reason_faults(
            entry["reason"], place
        )
        faults += _departure_faults(form, entry, place)
    return faults


def _departure_faults(form: Form, entry: Mapping[str, str], place: str) -> list[Fault]:
    """Other points than the stated ones need a reason: the same fact gives the same points."""
    if entry["reason"].strip() or not form.departs(entry["bid"], entry["item"], entry["score"]):
        return []
    points = form.stated[entry["bid"], entry["item"]].points
    message = _(
        "The stated fact gives ${points}: write why you give other points", mapping={"points": points}
    )
    return [Fault("score.departs", message, place, "M87 64(3)")]


def number_faults(score: str, criterion: Criterion, place: str) -> list[Fault]:
    """What is wrong with one score as a number (M87 64(2))."""
    if not score:
        return [Fault("score.missing", _("Give a score"), place, "M87 61")]
    if not is_number(score):
        return [Fault("score.number", _("Write a number such as 20.5, with at most four places"), place)]
    if Fraction(score) > criterion.max:
        message = _("The score is above the maximum of ${most}", mapping={"most": plain(criterion.max)})
        return [Fault("score.range", message, place, "M87 64(2)")]
    return []


def _is_entry(entry: Any) -> bool:
    return (
        isinstance(entry, dict)
        and entry.keys() == _ENTRY
        and all(isinstance(value, str) for value in entry.values())
    )


def _reason_faults(reason: object, place: str, *, needed: bool = False) -> list[Fault]:
    if not isinstance(reason, str) or len(reason) > MAX_REASON:
        return [Fault("score.reason", _("A reason is a text of at most 2,000 characters"), place)]
    if needed and not reason.strip():
        return [Fault("score.reason", _("Write the reason"), place, "M87 64")]
    return []


# --- after the sheets are locked --------------------------------------------------------------------


@dataclass(frozen=True)
class Owed:
    """A score that is far from the others: its member owes a reason."""

    bid: str
    item: str
    score: str
    rules: tuple[str, ...]


def reason_document(form: Form, owed: Owed, reason: str) -> bytes:
    """The bytes that a member signs to explain a score. Raises Refused `score.reason`."""
    document = form.head("ebid.score-reason") | {
        "bid": owed.bid,
        "item": owed.item,
        "score": owed.score,
        "rules": list(owed.rules),
        "reason": reason.replace("\r\n", "\n").strip(),
    }
    if faults := _reason_faults(document["reason"], "reason", needed=True):
        raise Refused(faults)
    return canonical.dumps(document)


def read_reason(form: Form, raw: bytes) -> dict[str, Any]:
    """A signed reason of this member: `bid`, `item`, `score`, `rules`, `reason`. Raises Refused `score.*`."""
    document = _decoded(raw)
    if not _headed(document, form.head("ebid.score-reason"), {"bid", "item", "score", "rules", "reason"}):
        raise Refused(Fault("score.malformed", _STRANGE))
    if faults := _reason_faults(document["reason"], "reason", needed=True):
        raise Refused(faults)
    found: dict[str, Any] = document
    return found


@dataclass(frozen=True)
class Change:
    """A locked score that its member corrects, and the ground of M87 art. 64."""

    number: int
    bid: str
    item: str
    ground: str
    before: str
    after: str


def correction_document(form: Form, change: Change, reason: str) -> bytes:
    """The bytes that a member signs to correct a locked score. Raises Refused `score.*` with every fault."""
    document = form.head("ebid.score-correction") | vars(change) | {
        "after": plain_number(change.after),
        "reason": reason.replace("\r\n", "\n").strip(),
    }  # fmt: skip
    if faults := _correction_faults(form, document):
        raise Refused(faults)
    return canonical.dumps(document)


def read_correction(form: Form, raw: bytes) -> dict[str, Any]:
    """A signed correction of this member. Raises Refused `score.*`."""
    document = _decoded(raw)
    keys = {"number", "bid", "item", "ground", "before", "after", "reason"}
    if not _headed(document, form.head("ebid.score-correction"), keys) or type(document["number"]) is not int:
        raise Refused(Fault("score.malformed", _STRANGE))
    if not all(isinstance(document[key], str) for key in keys - {"number"}):
        raise Refused(Fault("score.malformed", _STRANGE))
    if faults := _correction_faults(form, document):
        raise Refused(faults)
    found: dict[str, Any] = document
    return found


def _correction_faults(form: Form, document: Mapping[str, Any]) -> list[Fault]:
    criterion = next((c for c in form.criteria if c.id == document["item"]), None)
    if criterion is None or document["bid"] not in form.bids:
        return [Fault("score.stranger", _("A score is on something that is not to be scored now"))]
    faults = number_faults(document["after"], criterion, "after")
    if document["ground"] not in ARTICLES:
        message = _("A locked score is corrected only on a ground of Order 87 art. 64")
        faults.append(Fault("score.ground", message, "ground", "M87 64"))
    readable = not faults and is_number(document["before"])
    if readable and Fraction(document["after"]) == Fraction(document["before"]):
        faults.append(Fault("score.same", _("This is the score that stands"), "after"))
    return faults + _reason_faults(document["reason"], "reason", needed=True)


def _decoded(raw: bytes) -> Any:
    try:
        return canonical.loads(raw)
    except canonical.CanonicalError as error:
        raise Refused(Fault("score.malformed", _STRANGE)) from error


def _headed(document: Any, head: Mapping[str, Any], more: set[str]) -> bool:
    """Whether a document has this head and exactly these other keys."""
    return (
        isinstance(document, dict)
        and document.keys() == head.keys() | more
        and all(document[key] == value and type(document[key]) is type(value) for key, value in head.items())
    )
