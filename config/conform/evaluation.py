"""The evaluation's kind of vectors: whole lowest-price tenders (docs/protocols/evaluation.md)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bidding.evaluation.lowest import evaluate_json
from config.conform import Case, Kind


def _recognise(data: Any, path: Path) -> bool:
    cases = data.get("cases") if isinstance(data, dict) else None
    first = cases[0] if isinstance(cases, list) and cases else None
    return isinstance(first, dict) and {"id", "input", "output"} <= first.keys() and "rules" in first["input"]


def _cases(data: Any, path: Path) -> Iterator[Case]:
    for case in data["cases"]:
        found = evaluate_json(case["input"])
        yield str(case["id"]), found == case["output"], f"computed {found}"


KINDS = [Kind("lowest-price", _recognise, _cases)]
