"""Benchmark formulas as `tradehall conform` judges them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from config.conform import main

FORMULAS = Path(__file__).parents[2] / "vectors" / "cases" / "benchmark-formulas.json"


def test_every_published_benchmark_comes_out(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(FORMULAS)]) == 0
    assert "F4-traffic" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("case", "name", "value"),
    [
        ("F1-trim-K", "benchmark", "843.901"),
        ("F1-no-K", "scores", {"850": "98.852"}),
        ("F3-abc", "pool", ["870"]),
        ("F4-traffic", "scores", {"890": "93.000"}),
        ("F5-subset", "figure", "1"),
    ],
)
def test_a_wrong_figure_is_named(
    case: str, name: str, value: object, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = json.loads(FORMULAS.read_text())
    entry = next(entry for entry in data["cases"] if entry["id"] == case)
    entry["expected"][name] = value
    copy = tmp_path / "unseen.json"
    copy.write_text(json.dumps(data))
    assert main([str(copy)]) == 1
    failed = [line for line in capsys.readouterr().out.splitlines() if line.startswith("FAIL")]
    assert len(failed) == 1 and f"benchmark-formula: {case} - " in failed[0]
