"""The worked figures of the rules of Order 87 and of the finance ministry's low-price rule, through the real services: a
committee sits, reviews and scores, and the report prints them."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from sqlalchemy.orm import Session

from bidding.evaluation.scoring import evaluate_json
from tests.bidding.evaluation.builders import sheet
from tests.bidding.evaluation.room import Room, make_room
from tests.bidding.evaluation.scoring_room import SCORED, lock, reviewed, state
from trading.ledger import canonical

CRITERIA = [
    {"id": "P", "weight": "30", "kind": "price"},
    {"id": "T", "weight": "60", "kind": "subjective", "max": "50"},
    {"id": "O", "weight": "10", "kind": "objective", "max": "10"},
]
THIRTY = SCORED | {"criteria": CRITERIA, "budget": "2000000.00"}


def scored(session: Session, *sheets: Any, **changes: Any) -> Room:
    """Everybody gives every bid the same."""
    room = make_room(session, sheets, rules=THIRTY | changes)
    reviewed(room)
    for user in room.people:
        lock(room, user)
    return room


def test_price_points_and_what_a_micro_enterprise_changes(session: Session) -> None:
    micro = sheet("1100000.00", claims=("micro-enterprise",))
    room = scored(session, sheet("1000000.00"), micro, sheet("1250000.00"))
    inputs, result = canonical.loads(room.report().inputs), room.result()
    assert price_points(room, result) == ["29.70", "30.00", "23.76"]
    assert {row["evaluation_price"] for row in result["ranking"]} == {"1000000.00", "990000.00", "1250000.00"}
    assert result["contract_price"] == "1100000.00", "never the deducted price"
    without = evaluate_json(inputs | {"rules": inputs["rules"] | {"deductions": {}}})
    assert price_points(room, without) == ["30.00", "27.27", "24.00"]


def price_points(room: Room, result: dict[str, Any]) -> list[str]:
    return [result["scores"][party.uscc]["price_points"]["points"] for party in room.bidders]


def test_two_deductions_multiplied_and_added(session: Session) -> None:
    both = ("micro-enterprise", "domestic-product")
    room = scored(session, sheet("110.00", claims=both), sheet("120.00"), sheet("125.00"), budget="130.00")
    inputs = canonical.loads(room.report().inputs)
    found = {}
    for stacking in ("multiplicative", "additive"):
        result = evaluate_json(inputs | {"rules": inputs["rules"] | {"stacking": stacking}})
        prices = {row["id"]: row["evaluation_price"] for row in result["ranking"]}
        found[stacking] = prices[room.bidders[0].uscc]
    assert found == {"multiplicative": "79.20", "additive": "77.00"}
    assert room.result() == evaluate_json(inputs)


def test_a_price_of_forty_among_a_hundred_is_low_by_all_three_lines(session: Session) -> None:
    prices = [sheet(f"{price}.00") for price in (100, 98, 95, 40)]
    room = make_room(session, prices, rules=THIRTY | {"budget": "110.00", "ceiling": "110.00"})
    room.seat_all()
    room.review_all()
    assert room.phase == "explanations"
    [question] = room.questions()
    low = room.bidders[3].uscc
    assert room.found.bid_of(question).id == low
    room.answer(question, "自有工厂，附成本明细")
    room.all_vote("abnormal", [low])
    state(room)
    everybody, room.bidders = room.bidders, room.bidders[:3]
    for user in room.people:
        lock(room, user)
    result = room.result()
    assert result["triggers"] == {low: ["half_mean", "half_second_lowest", "ceiling"]}
    lines = {name: Fraction(line) for name, line in result["lines"].items()}
    assert [lines[name] * 1000 for name in result["triggers"][low]] == [41625, 47500, 49500]
    assert {row["id"]: row["ground"] for row in result["rejected"]} == {low: "abnormally-low"}
    assert len(everybody) == 4


def test_of_one_brand_the_best_score_stays_and_both_count_as_one_bidder(session: Session) -> None:
    """Order 87 art. 31: the dearer of two bids of one brand wins by its score; the other is not ranked."""
    sheets = [
        sheet("9000.00", brand="格力"),
        sheet("9500.00", brand=" 格力 "),
        sheet("10000.00", brand="美的"),
        sheet("10500.00", brand="海尔"),
    ]
    room = make_room(session, sheets, rules=THIRTY | {"budget": "11000.00"})
    reviewed(room)
    for user in room.people:
        lock(room, user, {(0, "T"): "30", (1, "T"): "45"})
    result = room.result()
    first, better = (party.uscc for party in room.bidders[:2])
    assert result["winner"] == better and first not in {row["id"] for row in result["ranking"]}
    assert len(result["ranking"]) == 3 and result["benchmark"] == "9000.00", (
        "the beaten price counts in the benchmark"
    )


def test_two_bids_of_one_brand_and_one_other_are_two_bidders_too_few(session: Session) -> None:
    sheets = [sheet("9000.00", brand="格力"), sheet("9500.00", brand="格力"), sheet("10000.00", brand="美的")]
    room = make_room(session, sheets, rules=THIRTY | {"budget": "11000.00"})
    room.seat_all()
    room.review_all()
    assert room.phase == "report"
    assert room.result()["failure"] == {"code": "fewer-than-three-valid", "article": "GPL 36(1)"}
