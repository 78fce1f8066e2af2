"""The score sheet as a form (评分表单): its rows, its fields, and the levels that a guidance names."""

from __future__ import annotations

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
    """The fields of the form that show these scores and remarks."""
    shown = {}
    for entry in scores:
        name = field_of(form, entry["bid"], entry["item"])
        shown |= {name: entry["score"], f"why-{name}": entry["reason"]}
    return shown


def rows(
    nodes: Sequence[Mapping[str, Any]],
    judged: Sequence[Criterion],
    words: Mapping[str, tuple[str, str]],
    depth: int = 0,
) -> list[dict[str, Any]]:
    """The tree of criteria as lines of a table: groups (`kind` is ""), the price, what is scored. `words` are
    name and guidance by id in the reader's language where they are not the published ones."""
    found: list[dict[str, Any]] = []
    by_id = {criterion.id: criterion for criterion in judged}
    for node in nodes:
        name, guidance = words.get(node["id"], (node.get("name") or node["id"], node.get("guidance", "")))
        criterion = by_id.get(node["id"])
        found.append(
            {
                "id": node["id"],
                "name": name,
                "guidance": guidance,
                "depth": depth,
                "kind": node.get("kind", ""),
                "weight": node["weight"],
                "share": plain(criterion.weight * 100) if criterion else "",
                "max": plain(criterion.max) if criterion and criterion.max else "",
                "levels": levels(criterion) if criterion else [],
            }
        )
        found += rows(node.get("items", []), judged, words, depth + 1)
    return found


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
