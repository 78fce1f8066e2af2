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


# --- cases not seen --------------------------------------------------------------------------------


def reweighted(goods: Any, weight: str, rest: str, kind: str = "goods") -> Any:
    """The price weighs `weight`, the first item what is left; nothing else is expected."""
    goods["criteria"][0]["weight"], goods["kind"] = weight, kind
    goods["criteria"][1]["weight"] = goods["criteria"][1]["max"] = rest
    goods["expected"] = {"bids": {"B3": {"price_points": f"{weight}.00"[: len(weight) + 3]}}}
    return goods


@pytest.mark.parametrize(
    ("kind", "weight", "rest", "code"),
    [("goods", "30", "30", 0), ("goods", "29.99", "30.01", 1), ("services", "10", "50", 0), ("services", "9.99", "50.01", 1)],
)  # fmt: skip
def test_the_least_weight_of_the_price_is_judged_to_the_hundredth(
    kind: str,
    weight: str,
    rest: str,
    code: int,
    goods: Any,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert judged(tmp_path, reweighted(goods, weight, rest, kind)) == code
    assert ("price-weight-too-low" in capsys.readouterr().out) is bool(code)


def test_deductions_that_are_added_and_one_for_a_small_firm_alone(goods: Any, tmp_path: Path) -> None:
    # B3: 2333333.33 × (1 − 0.10 − 0.20) = 1633333.331; B2: 1985600 × 0.90 = 1787040; 35 × 1633333.331 ÷ 2180000 = 26.223.
    goods["rules"]["stacking"] = "additive"
    goods["expected"] = {
        "benchmark": "1633333.33",
        "contract_price": "2333333.33",
        "bids": {
            "B3": {"evaluation_price": "1633333.33", "price_points": "35.00"},
            "B2": {"evaluation_price": "1787040.00", "price_points": "31.99"},
            "B1": {"evaluation_price": "2180000.00", "price_points": "26.22", "total": "81.52"},
        },
    }
    assert judged(tmp_path, goods) == 0


def test_of_one_brand_the_best_score_stands_for_it(goods: Any, tmp_path: Path) -> None:
    goods["bids"][0]["brand"], goods["bids"][6]["brand"] = "Gree", " gree"
    goods["expected"] = {"ranking": ["B3", "B1", "B2"], "bids": {"B7": {"total": "80.83"}, "B1": {"rank": 2}}}
    assert judged(tmp_path, goods) == 0


def test_who_is_not_qualified_and_who_explains_a_low_price(goods: Any, tmp_path: Path) -> None:
    # B4 stays: 35 × 980000 ÷ 980000; its items are 15 + 9.2 + 6 + 9.1. B1 is out: the lines are those of the others.
    goods["bids"][0]["qualified"], goods["bids"][3]["explanation_accepted"] = False, True
    goods["expected"] = {
        "benchmark": "980000.00",
        "ranking": ["B3", "B4", "B7", "B2"],
        "abnormal_lines": {
            "half_mean": "923616.67",
            "half_second_lowest": "992800.00",
            "ceiling": "1080000.00",
        },
        "bids": {
            "B1": {"outcome": "rejected-not-qualified"},
            "B4": {"price_points": "35.00", "total": "74.30"},
        },
    }
    assert judged(tmp_path, goods) == 0


@pytest.mark.parametrize(
    ("place", "value", "words"),
    [
        (("bids", 0, "price"), None, "bid B1: price: an amount in yuan"),
        (("bids", 0, "price"), 2180000.0, "bid B1: price: an amount in yuan"),
        (("bids", 0, "price"), "2180000.005", "bid B1: price: an amount in yuan"),
        (("bids", 0, "received"), "2026-03-22T16:00:00", "bid B1: received: an instant with its offset"),
        (("bids", 0, "policies"), ["prison"], "the rules have no deduction for prison"),
        (
            ("bids", 0, "scores", "T1-performance"),
            ["21"],
            "scores of T1-performance: 1 where 5 experts score",
        ),
        (("bids", 0, "id"), "B2", "B2 stands there twice"),
        (("bids",), ["B1"], "bids: a list of objects"),
        (("rules", "abnormal_ratio"), 1, "rules.abnormal_ratio: a ratio as text"),
        (("rules",), None, "rules: an object"),
        (("experts",), "five", "experts: how many score"),
        (("expected", "bids", "B99"), {}, "expected: there is no bid B99"),
    ],
)
def test_a_malformed_case_is_refused_with_its_place(
    place: tuple[Any, ...],
    value: Any,
    words: str,
    goods: Any,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    at = goods
    for key in place[:-1]:
        at = at[key]
    at[place[-1]] = value
    assert judged(tmp_path, goods) == 1
    (line,) = failures(capsys)
    assert "not a case - " in line and words in line and "Error" not in line
