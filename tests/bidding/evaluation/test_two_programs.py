"""The platform and the offline verifier, written apart from docs/protocols/evaluation.md, agree on any input."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from bidding.evaluation.lowest import evaluate_json
from bidding.evaluation.pricesheet import CLAIMS
from tests.bidding.evaluation.builders import item, rules_json, sheet
from tradehall_verify import evaluate_lowest_price

money = st.sampled_from(
    ["100.00", "100.01", "99.99", "45.00", "90.00", "50.00", "44.99", "110.00", "33.33", "1000.00"]
)
words = st.sampled_from(["壹佰圆正", "壹拾元伍分", "零元整", "胡说", "玖拾元", "壹零元"])
brands = st.sampled_from(["", "K", "k ", "N", "Ｋ"])
claims = st.lists(st.sampled_from(CLAIMS), unique=True, max_size=3)
ratio = st.sampled_from(["0.00", "0.45", "0.50", "0.65"])
flag = st.booleans()
lists = st.lists(st.builds(item, money, st.sampled_from(["1", "10", "0.333"]), money), min_size=1, max_size=3)


@st.composite
def sheets(draw: Any) -> Any:
    changes = {"brand": draw(brands), "claims": draw(claims)}
    for name, values in (("body", money), ("words", words), ("items", lists)):
        if draw(st.integers(0, 4)) == 0:
            changes[name] = draw(values)
    return None if draw(st.integers(0, 30)) == 30 else sheet(draw(money), **changes)


@st.composite
def votes(draw: Any, name: str) -> Any:
    passes = draw(
        st.lists(st.integers(0, 4).map(bool), min_size=0 if draw(st.integers(0, 9)) == 0 else 5, max_size=5)
    )
    return [
        {"item": name, "votes": [{"member": f"m{n}", "pass": p, "reason": ""} for n, p in enumerate(passes)]}
    ]


judged = st.fixed_dictionaries({"explained": flag, "accepted": flag}, optional={"suspected": flag})
decisions = st.fixed_dictionaries(
    {
        "qualification": votes("Q1"),
        "conformity": votes("C1"),
        "confirmed": st.sampled_from([True, True, False, None]),
    },
    optional={"abnormal": st.none() | judged, "brand": st.none() | brands, "claims_refused": claims},
)
rules = st.builds(
    rules_json,
    budget=st.sampled_from(["1000.00", "200.00", "100.00"]),
    ceiling=st.sampled_from([None, "100.00"]),
    candidates=st.integers(1, 3),
    items=st.sampled_from(
        [{"qualification": ["Q1"], "conformity": ["C1"]}, {"qualification": [], "conformity": []}]
    ),
    deductions=st.dictionaries(st.sampled_from(CLAIMS), st.sampled_from(["0.04", "0.10", "0.20"])),
    stacking=st.sampled_from(["multiplicative", "additive"]),
    abnormal=st.fixed_dictionaries({"mean": ratio, "second": ratio, "ceiling": ratio, "exclude_self": flag}),
    brand_ties=st.sampled_from([[], ["evaluation-price"]]),
    ties=st.sampled_from([[], ["bid-price"]]),
)


@st.composite
def inputs(draw: Any) -> Any:
    ids = draw(st.permutations("ABCDEFG"))[: draw(st.integers(2, 7))]
    bids = [{"id": name, "sheet": draw(sheets()), "decisions": draw(decisions)} for name in ids]
    draws = draw(st.lists(st.lists(st.sampled_from(ids), min_size=2, max_size=3), max_size=3))
    return {"rules": draw(rules), "bids": bids, "draws": draws}


@settings(max_examples=60, deadline=None)
@given(inputs())
def test_both_programs_come_to_the_same_result(given_inputs: Any) -> None:
    assert evaluate_lowest_price(given_inputs) == evaluate_json(given_inputs)
