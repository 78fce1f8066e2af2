"""The vectors of draws as `tradehall conform` runs them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from config.conform import main

VECTORS = Path(__file__).parents[2] / "vectors" / "draw_ebid.json"


def test_every_transcript_is_judged_as_the_vectors_say(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(VECTORS)]) == 0
    assert "21 cases, 0 failed" in capsys.readouterr().out


def test_a_wrong_value_and_a_good_transcript_called_bad_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = json.loads(VECTORS.read_text())
    good, other = data["positive"][:2]
    other["intermediate"]["freeze"] = "0" * 64
    data["negative"] = [{"name": "not bent", "transcript": good["transcript"], "why": "it must not be"}]
    copy = tmp_path / "x.json"
    copy.write_text(json.dumps(data))
    assert main([str(copy)]) == 1
    out = capsys.readouterr().out
    assert f"FAIL {copy}: draw: {other['name']} - freeze" in out
    assert f"FAIL {copy}: draw: refused: not bent - accepted" in out
    assert "10 cases, 2 failed" in out
