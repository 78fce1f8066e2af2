"""The score sheet as a form (评分表单): its rows, its fields, and the levels that a guidance names."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

from bidding.evaluation.criteria import OBJECTIVE, Criterion
from bidding.evaluation.exact import plain
from bidding.evaluation.score_papers import Form
from trading.errors import Fault

MOST_LEVELS = 6
_POINTS = re.compile(r"(?<![\d.])(\d{1,3}(?:\.\d{1,4})?)\s*分")


def field_of(form: Form, bid: str, item: str) -> str:
    """The name of a score's field: places instead of codes, so that it can stand in any address."""
    items = [criterion.id for criterion in form.criteria]
    return f"score-{form.bids.index(bid)}-{items.index(item)}"


def bids_of(form: Form) -> str:
    """Which bids the fields' places count: a page made before others came to be scored is not read as if it were of
    these."""
    return hashlib.sha256("/".join(form.bids).encode()).hexdigest()[:16]


def scores_of(posted: Mapping[str, str], form: Form) -> list[dict[str, str]]:
    """The scores and remarks of a posted form, as typed; what is empty is left out."""
    found = []
    for bid in form.bids:
        for criterion in form.criteria:
            name = field_of(form, bid, criterion.id)
            score, reason = posted.get(name, "").strip(), posted.get(f"why-{name}", "").strip()
            if score or reason:
                found.append({"bid": bid, "item": criterion.id, "score": score, "reason": reason})
    return found


def fields_with(form: Form, scores: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """The fields of the form that show these scores and remarks, but for bids that it does not have."""
    shown = {}
    for entry in (entry for entry in scores if entry["bid"] in form.bids):
        name = field_of(form, entry["bid"], entry["item"])
        shown |= {name: entry["score"], f"why-{name}": entry["reason"]}
    return shown


def prefilled(form: Form) -> dict[str, str]:
    """The fields of the form that show what is stated."""
    return {field_of(form, bid, item): stated.points for (bid, item), stated in form.stated.items()}


def facts_of(posted: Mapping[str, str], form: Form) -> list[dict[str, str]]:
    """The facts and points of a posted statement, as typed."""
    return [
        {
            "bid": bid,
            "item": criterion.id,
            "points": posted.get(name := field_of(form, bid, criterion.id), "").strip(),
            "fact": posted.get(f"why-{name}", "").strip(),
        }
        for bid in form.bids
        for criterion in form.objective
    ]


def facts_with(form: Form) -> dict[str, str]:
    """The fields of a statement that show what is stated so far."""
    shown = prefilled(form)
    return shown | {
        f"why-{field_of(form, bid, item)}": stated.fact for (bid, item), stated in form.stated.items()
    }


def rows(published: Sequence[Mapping[str, Any]], judged: Sequence[Criterion]) -> list[dict[str, Any]]:
    """The rows of the published criteria (`papers.criteria_rows`) as lines of the sheet: groups (`kind` is ""), the
    price, what is scored."""
    by_id = {criterion.id: criterion for criterion in judged}
    return [row | as_scored(by_id.get(row["id"])) for row in map(dict, published)]


def as_scored(criterion: Criterion | None) -> dict[str, Any]:
    """What a line of the sheet says of a criterion; of a group nothing."""
    if criterion is None:
        return {"kind": "", "share": "", "max": "", "levels": []}
    return {
        "kind": criterion.kind,
        "share": plain(criterion.weight * 100),
        "max": plain(criterion.max) if criterion.max else "",
        "levels": levels(criterion),
    }


def levels(criterion: Criterion) -> list[str]:
    """The scores that an objective criterion can come to, to be chosen with one tap: nothing, the full score, and
    the sums of the points that its guidance names, when they are few."""
    if criterion.kind != OBJECTIVE:
        return []
    named = [Fraction(found) for found in _POINTS.findall(criterion.guidance)]
    # "Each certificate 5 points": the same points can come several times.
    steps = named * MOST_LEVELS if "每" in criterion.guidance else named
    sums = {Fraction(0)}
    for step in steps:
        sums |= {total + step for total in sums if total + step <= criterion.max}
        if len(sums) > MOST_LEVELS:
            sums = {Fraction(0)}
            break
    return [plain(level) for level in sorted(sums | {criterion.max})]


def shown_faults(form: Form, faults: Sequence[Fault], names: Mapping[tuple[str, str], str]) -> list[Fault]:
    """The faults with the form's own fields; `names` say which bid and criterion each is about."""
    found = []
    for fault in faults:
        bid, _slash, item = fault.field.partition("/")
        if bid in form.bids and item in {criterion.id for criterion in form.criteria}:
            fault = replace(fault, field=field_of(form, bid, item), remedy=names.get((bid, item), ""))
        found.append(fault)
    return found
