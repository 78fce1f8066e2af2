"""M87 art. 64: locked scores are corrected on its grounds only; both programs see it the same way."""

from __future__ import annotations

from typing import Any

import pytest

from bidding.evaluation.scoring import evaluate_json
from tests.bidding.evaluation.test_two_programs_scoring import MEMBERS, plain, refuses
from tradehall_verify import Invalid, evaluate_scoring
from trading.errors import Refused


def tender(**correction: str) -> Any:
    """m5 is far off on T, and m1 differs on the objective O, both for B."""
    found = plain()
    scores = {
        "T": dict.fromkeys(MEMBERS, "10") | {"m5": "2"},
        "O": dict.fromkeys(MEMBERS, "3") | {"m1": "1"},
    }
    found["bids"][1] = found["bids"][1] | {"scores": scores}
    given = {"bid": "B", "item": "T", "member": "m5", "ground": "outlier", "before": "2", "after": "9"}
    found["corrections"] = [given | correction]
    return found


OBJECTIVE = {"item": "O", "member": "m1", "ground": "objective", "before": "1", "after": "3"}


@pytest.mark.parametrize("program", [evaluate_json, evaluate_scoring])
def test_an_outlier_and_a_differing_fact_may_be_corrected(program: Any) -> None:
    result = program(tender())
    assert result["scores"]["B"]["items"]["T"]["exact"] == "98/5" and result["outliers"] == []
    assert result["outcome"] == "to-correct"
    assert program(tender(**OBJECTIVE))["disagreements"] == []


@pytest.mark.parametrize(
    "correction",
    [
        {"member": "m1", "before": "10"},
        {"ground": "objective"},
        {"ground": "range"},
        {"before": "3"},
        {"after": "20.5"},
        {"bid": "X"},
        {"item": "P"},
        {**OBJECTIVE, "item": "O", "ground": "outlier"},
    ],
)
def test_a_correction_without_its_ground_is_refused(correction: dict[str, str]) -> None:
    assert refuses(evaluate_json, Refused, tender(**correction))
    assert refuses(evaluate_scoring, Invalid, tender(**correction))
