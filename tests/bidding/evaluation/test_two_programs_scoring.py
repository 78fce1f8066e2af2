"""Scoring: the platform and the offline verifier, written apart from docs/protocols/evaluation.md, agree."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from bidding.evaluation.scoring import evaluate_json
from tests.bidding.evaluation.builders import rules_json, sheet
from tests.bidding.evaluation.test_two_programs import brands, claims, decisions, flag, ratio
from tradehall_verify import Audit, Invalid, bent_points, changed_weights, evaluate_scoring
from trading.errors import Refused

TREES = [
    [
        {"id": "P", "kind": "price", "weight": "40"},
        {"id": "T", "kind": "subjective", "weight": "40", "max": "20"},
        {"id": "O", "kind": "objective", "weight": "20", "max": "3"},
    ],
    [
        {"id": "G", "weight": "0.65", "items": [
            {"id": "T", "kind": "subjective", "weight": "0.55", "max": "20"},
            {"id": "O", "kind": "objective", "weight": "0.1", "max": "3"},
        ]},
        {"id": "P", "kind": "price", "weight": "0.35"},
    ],
]  # fmt: skip
MEMBERS = ["m1", "m2", "m3", "m4", "m5"]
terms = st.builds(
    rules_json,
    method=st.just("comprehensive-scoring"),
    category=st.sampled_from(["goods", "services"]),
    criteria=st.sampled_from(TREES),
    outliers=st.sampled_from([{"ratio": "0.30", "modified_z": "3.5"}, {"ratio": "0.05", "modified_z": None}]),
    budget=st.sampled_from(["1000.00", "110.00"]),
    candidates=st.integers(1, 3),
    stacking=st.sampled_from(["multiplicative", "additive"]),
    abnormal=st.fixed_dictionaries({"mean": ratio, "second": ratio, "ceiling": ratio, "exclude_self": flag}),
    brand_ties=st.sampled_from([[], ["bid-price"]]),
)
marks = st.sampled_from(["10", "10", "12.5", "15", "20", "0", "11"])
objective = st.sampled_from(["3", "3", "3", "3", "1.5"])


@st.composite
def inputs(draw: Any) -> Any:
    ids = draw(st.permutations("ABCDEFG"))[: draw(st.integers(3, 7))]
    rules = {**draw(terms), "items": {"qualification": [], "conformity": []}}
    bids = []
    for name in ids:
        given_marks = draw(st.lists(marks, min_size=5, max_size=5))
        agreed = draw(objective)
        scores = {
            "T": dict(zip(MEMBERS, given_marks, strict=True)),
            "O": dict.fromkeys(MEMBERS, agreed) | {"m1": draw(objective) if agreed == "1.5" else agreed},
        }
        price = draw(st.sampled_from(["100.00", "100.01", "90.00", "100.00", "45.00", "120.00"]))
        offered = sheet(price, brand=draw(brands), claims=draw(claims))
        bids.append({"id": name, "sheet": offered, "decisions": draw(decisions), "scores": scores})
    draws = draw(st.lists(st.lists(st.sampled_from(ids), min_size=2, max_size=3), max_size=3))
    return {"rules": rules, "members": MEMBERS, "bids": bids, "draws": draws}


@settings(max_examples=30, deadline=None)
@given(inputs())
def test_both_programs_score_the_same(given_inputs: Any) -> None:
    assert evaluate_scoring(given_inputs) == evaluate_json(given_inputs)


def plain() -> Any:
    scores = {"T": dict.fromkeys(MEMBERS, "10"), "O": dict.fromkeys(MEMBERS, "3")}
    rules = rules_json(
        method="comprehensive-scoring",
        category="goods",
        criteria=TREES[0],
        outliers={"ratio": "0.30", "modified_z": "3.5"},
    )
    bids = [
        {"id": name, "sheet": sheet(f"{100 + n}.00"), "decisions": {}, "scores": scores}
        for n, name in enumerate("ABC")
    ]
    return {"rules": rules, "members": MEMBERS, "bids": bids}


def test_both_programs_refuse_the_same_faults() -> None:
    for bend in (
        {"criteria": [*TREES[0][:2], {**TREES[0][2], "weight": "19"}]},
        {"criteria": [{**TREES[0][0], "weight": "20"}, {**TREES[0][1], "weight": "60"}, TREES[0][2]]},
        {"criteria": [*TREES[0][:2], {**TREES[0][2], "max": "2"}]},
        {"criteria": [*TREES[0][:2], {**TREES[0][2], "id": "U"}]},
    ):
        wrong = plain()
        wrong["rules"] |= bend
        assert refuses(evaluate_json, Refused, wrong) and refuses(evaluate_scoring, Invalid, wrong), bend


def refuses(program: Any, error: type[Exception], given_inputs: Any) -> bool:
    try:
        program(given_inputs)
    except error:
        return True
    return False


def test_the_verifier_names_a_bent_score_and_a_changed_weight() -> None:
    honest = evaluate_scoring(plain())
    bent = evaluate_json(plain())
    bent["scores"]["B"]["items"]["T"] = {"points": "21.00", "exact": "21"}
    assert bent_points(honest, bent) == [
        "bidder B: the report says 21.00 points for T, recomputed 20.00",
    ]
    audit = Audit.__new__(Audit)
    audit.problems = []
    audit._compare_result(honest, bent)
    assert audit.problems == ["bidder B: the report says 21.00 points for T, recomputed 20.00"]
    rules = plain()["rules"]
    changed = {
        **rules,
        "criteria": [{**TREES[0][0], "weight": "30"}, {**TREES[0][1], "weight": "50"}, TREES[0][2]],
    }
    assert sorted(changed_weights(changed, rules)) == [
        "P weighs 30.00 of 100, published was 40.00",
        "T weighs 50.00 of 100, published was 40.00",
    ]
