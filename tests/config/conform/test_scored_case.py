"""A plain case of a scored tender as `tradehall conform` judges it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from config.conform import main

GOODS = Path(__file__).parents[2] / "vectors" / "cases" / "goods-87.json"


def judged(tmp_path: Path, data: Any) -> int:
    copy = tmp_path / "unseen.json"
    copy.write_text(json.dumps(data))
    return main([str(copy)])


@pytest.fixture
def goods() -> Any:
    return json.loads(GOODS.read_text())


def test_every_figure_of_the_goods_case_comes_out_to_the_cent(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(GOODS)]) == 0
    printed = capsys.readouterr().out
    assert "B3 total" in printed and "contract_price" in printed and "0 failed" in printed


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("benchmark", "1680000.01"),
        ("ranking", ["B3", "B7", "B1", "B2"]),
        ("winner", "B1"),
        ("outlier_flags", []),
        ("outlier_flags", [["B2", "T1-performance", 5], ["B1", "T1-performance", 1]]),
        ("objective_disagreements", [["B1", "B1-certificates"]]),
        ("tied_for_document_rule_or_draw", ["B1", "B7"]),
        ("abnormal_lines", {"half_mean": "956893.33"}),
        ("a figure nobody knows", 1),
    ],
)
def test_a_wrong_figure_is_named(
    name: str, value: Any, goods: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    goods["expected"][name] = value
    assert judged(tmp_path, goods) == 1
    assert f"scored-tender: {name} - " in capsys.readouterr().out


def test_a_bent_score_is_named(goods: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    goods["bids"][0]["scores"]["T1-performance"][0] = "21.5"
    assert judged(tmp_path, goods) == 1
    assert "B1 total" in [line.split(": ")[2].split(" -")[0] for line in failures(capsys)]


def failures(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return [line for line in capsys.readouterr().out.splitlines() if line.startswith("FAIL")]


def test_disagreement_a_tie_and_an_unsigned_bid_are_told(goods: Any, tmp_path: Path) -> None:
    twin = json.loads(json.dumps(goods["bids"][0])) | {"id": "B9"}
    unsigned = json.loads(json.dumps(goods["bids"][0])) | {"id": "BX", "signed": False}
    goods["bids"] += [twin, unsigned]
    goods["bids"][1]["scores"]["B1-certificates"][0] = "9"
    goods["expected"] = {
        "bids": {"BX": {"outcome": "refused-unsigned"}, "B9": {"total": "82.27"}},
        "ranking": ["B3", "B1", "B9", "B7", "B2"],
        "tied_for_document_rule_or_draw": ["B1", "B9"],
        "objective_disagreements": [["B2", "B1-certificates"]],
        "winner": "B3",
    }
    assert judged(tmp_path, goods) == 0


def test_a_case_with_an_unlawful_price_weight_is_refused(
    goods: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    goods["criteria"][0]["weight"], goods["criteria"][1]["weight"] = "20", "40"
    assert judged(tmp_path, goods) == 1
    assert len(failures(capsys)) == 1
