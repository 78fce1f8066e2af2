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
    budget=st.sampled_from(["1000.00", "1000.00", "110.00"]),
    candidates=st.integers(1, 3),
    stacking=st.sampled_from(["multiplicative", "additive"]),
    abnormal=st.fixed_dictionaries({"mean": ratio, "second": ratio, "ceiling": ratio, "exclude_self": flag}),
    brand_ties=st.sampled_from([[], ["bid-price"]]),
)
marks = st.sampled_from(["10", "10", "12.5", "15", "20", "0", "11"])
objective = st.sampled_from(["3", "3", "3", "3", "1.5"])


@st.composite
def inputs(draw: Any) -> Any:
    ids = draw(st.permutations("ABCDEFG"))[: draw(st.integers(4, 7))]
    rules = {**draw(terms), "items": {"qualification": [], "conformity": []}}
    bids = []
    for name in ids:
        given_marks = draw(st.lists(marks, min_size=5, max_size=5))
        if draw(st.integers(0, 9)) == 9:
            given_marks[2] = "21"
        agreed = draw(objective)
        scores = {
            "T": dict(zip(MEMBERS, given_marks, strict=True)),
            "O": dict.fromkeys(MEMBERS, agreed) | {"m1": draw(objective) if agreed == "1.5" else agreed},
        }
        price = draw(st.sampled_from(["100.00", "100.01", "90.00", "100.00", "100.00", "45.00", "120.00"]))
        offered = sheet(price, brand=draw(st.one_of(st.just(""), st.just(""), brands)), claims=draw(claims))
        bids.append(
            {
                "id": name,
                "sheet": offered,
                "decisions": draw(st.one_of(st.just({}), st.just({}), decisions)),
                "scores": scores,
            }
        )
    draws = draw(st.lists(st.lists(st.sampled_from(ids), min_size=2, max_size=3), max_size=3))
    found = {"rules": rules, "members": MEMBERS, "bids": bids, "draws": draws}
    return found | {"corrections": draw(corrections(bids))}


@st.composite
def corrections(draw: Any, bids: Any) -> Any:
    """Changes of locked scores: those that are due, some at random, lawful or not, one after the other."""
    now = {(b["id"], i, m): score for b in bids for i, row in b["scores"].items() for m, score in row.items()}
    found = []
    for key, score in list(now.items()):
        if score == "21" and draw(st.integers(0, 4)):
            found.append((key, "range", draw(marks)))
        if score != "3" and key[1] == "O" and key[2] == "m1" and draw(flag):
            found.append((key, "objective", now[key[0], "O", "m2"]))
    for _ in range(draw(st.sampled_from([0, 0, 0, 1, 2]))):
        key = draw(st.sampled_from(sorted(now)))
        found.append((key, draw(st.sampled_from(["outlier", "outlier", "objective", "range"])), draw(marks)))
    rows = []
    for (bid, item, member), ground, after in found:
        before = now[bid, item, member]
        now[bid, item, member] = after
        row = {"bid": bid, "item": item, "member": member, "ground": ground}
        rows.append(row | {"before": before, "after": after})
    return rows


def outcome(program: Any, error: type[Exception], given_inputs: Any) -> Any:
    """What a program makes of the inputs; None when it refuses them."""
    try:
        return program(given_inputs)
    except error:
        return None


@settings(max_examples=150, deadline=None)
@given(inputs())
def test_both_programs_score_the_same(given_inputs: Any) -> None:
    ours = outcome(evaluate_json, Refused, given_inputs)
    assert outcome(evaluate_scoring, Invalid, given_inputs) == ours


def telling(**bend: Any) -> Any:
    """Three bids with an outlier, a disagreement and a brand of two; `bend` replaces what it names."""
    given = plain()
    given["bids"] = [
        {**bid, "scores": {item: dict(row) for item, row in bid["scores"].items()}} for bid in given["bids"]
    ]
    given["bids"].append(
        {
            **given["bids"][2],
            "id": "D",
            "sheet": sheet("101.50", brand="Nordwind", claims=["micro-enterprise"]),
        }
    )
    given["bids"][0]["sheet"] = sheet("100.00", brand="nordwind ")
    given["bids"][0]["scores"]["T"]["m5"] = "2"
    given["bids"][1]["scores"]["O"] = dict.fromkeys(MEMBERS, "3") | {"m2": "1.5"}
    return given | bend


CHANGE = {"bid": "A", "item": "T", "member": "m5", "ground": "outlier", "before": "2", "after": "9"}
AGREED = {"bid": "B", "item": "O", "member": "m2", "ground": "objective", "before": "1.5", "after": "3"}


def test_both_programs_agree_on_corrections_brands_deductions_ties_and_sensitivity() -> None:
    for bend, wanted in (
        ({}, "to-correct"),
        ({"corrections": [AGREED]}, "ranked"),
        ({"corrections": [AGREED, CHANGE]}, "ranked"),
    ):
        ours = evaluate_json(telling(**bend))
        assert ours == evaluate_scoring(telling(**bend)) and ours["outcome"] == wanted
        assert len(ours["sensitivity"]) == 5 and len(ours["scores"]) == 4
        assert {"id": "A", "ground": "same-brand", "article": "M87 31"} in ours["rejected"]
    assert ours["outliers"] == [] and evaluate_json(telling())["outliers"][0]["member"] == "m5"


def test_both_programs_break_a_tie_of_points_by_price_and_then_by_the_draw() -> None:
    tied = telling(corrections=[AGREED, CHANGE | {"after": "10"}])
    for bid, brand in zip(tied["bids"], ("", "", "", "x"), strict=True):
        bid["sheet"] = sheet("100.00", brand=brand)
    ours = evaluate_json(tied)
    assert ours["outcome"] == "tie" and ours == evaluate_scoring(tied)
    drawn = tied | {"draws": [["C", "A", "D", "B"]]}
    ours = evaluate_json(drawn)
    assert [row["id"] for row in ours["ranking"]] == ["C", "A", "D", "B"] and ours == evaluate_scoring(drawn)


def test_both_programs_refuse_corrections_without_a_ground() -> None:
    for change in (
        CHANGE | {"before": "3"},
        CHANGE | {"after": "21"},
        CHANGE | {"ground": "range"},
        CHANGE | {"member": "m1", "before": "10", "after": "12"},
        AGREED | {"ground": "outlier"},
        AGREED | {"bid": "C", "before": "3"},
        CHANGE | {"member": "m9"},
    ):
        wrong = telling(corrections=[AGREED, change] if change["item"] == "T" else [change])
        assert refuses(evaluate_json, Refused, wrong) and refuses(evaluate_scoring, Invalid, wrong), change


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
    unbalanced = {**rules, "criteria": [*TREES[0][:2], {**TREES[0][2], "id": "U", "weight": "25"}]}
    assert changed_weights(unbalanced, rules)[-2:] == ["O is not in both", "U is not in both"]
