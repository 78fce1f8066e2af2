"""The score sheet as a form: levels that a guidance names, fields, faults."""

from __future__ import annotations

from fractions import Fraction

import pytest

from bidding.evaluation.criteria import Criterion
from bidding.evaluation.score_form import (
    bids_of,
    field_of,
    fields_with,
    levels,
    rows,
    scores_of,
    shown_faults,
)
from bidding.evaluation.score_papers import Form
from bidding.tenders.papers import criteria_rows
from trading.errors import Fault


def objective(guidance: str, most: str = "10", kind: str = "objective") -> Criterion:
    return Criterion("O", "证书", kind, Fraction(1, 10), Fraction(most), guidance)


@pytest.mark.parametrize(
    ("guidance", "found"),
    [
        ("节能认证得 5 分，环境标志得 5 分，没有不得分", ["0", "5", "10"]),
        ("每项得 2.5 分", ["0", "2.5", "5", "7.5", "10"]),
        ("甲得 3 分，乙得 4 分", ["0", "3", "4", "7", "10"]),
        ("每份得 0.5 分", ["0", "10"]),
        ("", ["0", "10"]),
        ("、".join(f"{n / 10} 分" for n in range(101)), ["0", "10"]),
    ],
)
def test_an_objective_item_offers_the_levels_that_its_guidance_names(guidance: str, found: list[str]) -> None:
    assert levels(objective(guidance)) == found
    assert levels(objective(guidance, kind="subjective")) == []


def test_a_form_gives_back_what_was_typed_into_it() -> None:
    form = Form("T", "m", ("B1", "B2"), (objective(""),))
    typed = [{"bid": "B2", "item": "O", "score": "4", "reason": "看样"}]
    assert scores_of(fields_with(form, typed), form) == typed
    assert field_of(form, "B2", "O") == "score-1-0"
    fewer = Form("T", "m", ("B1",), (objective(""),))
    assert fields_with(fewer, typed) == {} and bids_of(fewer) != bids_of(form)
    [shown, other] = shown_faults(
        form, [Fault("score.missing", "x", "B2/O"), Fault("y", "y", "after")], {("B2", "O"): "乙 · 证书"}
    )
    assert (shown.field, shown.remedy, other.field) == ("score-1-0", "乙 · 证书", "after")


def test_the_tree_becomes_lines_with_groups_above_what_they_hold() -> None:
    tree = [{"id": "P", "weight": "90", "kind": "price"},
            {"id": "G", "name": "商务", "weight": "10", "items": [{"id": "O", "weight": "10", "kind": "objective", "max": "10"}]}]  # fmt: skip
    price = Criterion("P", "P", "price", Fraction(9, 10), Fraction(0))
    published = criteria_rows({"criteria": tree}, {"O": ("Certificates", "5 each")}, "en")
    found = rows(published, [price, objective("")])
    assert [(row["id"], row["depth"], row["kind"], row["max"]) for row in found] == [
        ("P", 0, "price", ""), ("G", 0, "", ""), ("O", 1, "objective", "10"),
    ]  # fmt: skip
    assert (found[0]["share"], found[2]["name"], found[2]["guidance"]) == ("90", "Certificates", "5 each")
