"""The evaluation's vectors as `tradehall conform` runs them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from config.conform import main

VECTORS = Path(__file__).parents[2] / "vectors" / "lowest_price.json"


def test_whole_tenders_come_out_as_the_vectors_say(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(VECTORS)]) == 0
    assert "0 failed" in capsys.readouterr().out


def test_a_wrong_result_in_the_vectors_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = json.loads(VECTORS.read_text())
    data["cases"][0]["output"]["outcome"] = "failed elsewhere"
    copy = tmp_path / "x.json"
    copy.write_text(json.dumps(data))
    assert main([str(copy)]) == 1
    assert f"FAIL {copy}: lowest-price: {data['cases'][0]['id']}" in capsys.readouterr().out
