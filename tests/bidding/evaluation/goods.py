"""The scored tender of tests/vectors/cases/goods-87.json as a report, for tests of what is made of reports."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bidding.evaluation.score_corrections import corrected, parse_corrections
from bidding.evaluation.scoring import evaluate
from bidding.evaluation.scoring_inputs import parse_scored_bids, parse_scoring_rules
from config.conform import scored_case

CASE = Path(__file__).parents[2] / "vectors" / "cases" / "goods-87.json"
MEMBERS = tuple(f"m{number}" for number in range(1, 6))


def case() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(CASE.read_text())
    return found


def goods_inputs(
    members: Sequence[str] = MEMBERS, names: Mapping[str, str] | None = None, **changes: Any
) -> dict[str, Any]:
    """The evaluation's input; `names` gives the case's bids other ids."""
    data, called = case(), names or {}
    bids = [bid for bid in data["bids"] if scored_case._state(bid, data["deadline"]) is None]
    rows = [scored_case._bid(bid, list(members)) for bid in bids]
    return {
        "rules": scored_case._rules(data) | {"candidates": 3},
        "members": list(members),
        "bids": sorted(({**row, "id": called.get(row["id"], row["id"])} for row in rows), key=lambda r: r["id"]),
        **changes,
    }  # fmt: skip


def goods_report(inputs: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """What the report of these inputs says, as report.json has it (who sat and signed apart)."""
    rules, bids = parse_scoring_rules(inputs["rules"]), parse_scored_bids(inputs["bids"])
    counted = corrected(rules, bids, parse_corrections(inputs.get("corrections", [])))
    result = evaluate(rules, inputs["members"], counted)
    return {"result": result.as_json(), "derivations": result.derivations_json(), **more}
