"""What the majority found and judged is what a bid was evaluated by: real reviews and judgements of the application, bent
afterwards."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy.orm import Session

from bidding import exhibits
from tests.bidding.evaluation.builders import sheet
from tests.bidding.evaluation.room import Room, make_room
from tests.verifier.test_stops import log_of


@pytest.fixture
def judged(session: Session) -> Room:
    """The lowest of four explains its price: three of five accept it. All say that the dearest claims what it is not."""
    room = make_room(session, [sheet("4000.00"), *[sheet(f"{price}.00") for price in (10000, 10500, 11000)]])
    room.seat_all()
    room.all_vote("qualification")
    low, *_rest, dear = (party.uscc for party in room.bidders)
    for number, user in enumerate(room.people):
        said = {"suspected": number < 3, "brand": "Gree" if number < 2 else None, "claims_refused": []}
        found = [
            {"bid": low} | said,
            {"bid": dear, "suspected": False, "brand": "Midea", "claims_refused": []},
        ]
        room.vote(user, "conformity", findings=found)
    [question] = room.questions()
    room.answer(question, "成本明细")
    for number, user in enumerate(room.people):
        room.vote(user, "abnormal", [low] if number > 2 else [])
    return room


def audited(room: Room, bend: Callable[[dict[str, Any], list[Any], dict[str, Any]], None]) -> list[str]:
    """What the verifier says of the room's papers; `bend` changes inputs, entries and files."""
    files: dict[str, Any] = {
        one.path: json.loads(one.content)  # type: ignore[arg-type]
        for one in exhibits.of_evaluation(room.session, room.registry["keys"], room.tender)
        if one.path.endswith(".json")
    }
    acts = [
        (kind, payload)
        for kind in ("review.signed", "abnormal.voted", "abnormal.explained")
        for payload in room.entries(kind)
    ]
    bend(files["evaluation/inputs.json"], acts, files)
    for bid in room.found.bids.values():
        files[f"bids/{bid.manifest}/bid.json"] = {"bidder": {"id": bid.id}}
    log = log_of(*acts, **files)
    log.__dict__ |= {"tender": room.tender.code}
    log._check_findings()
    log._check_judgements()
    return list(log.problems)


def test_what_the_majority_signed_is_in_order_and_what_was_bent_is_named(judged: Room) -> None:
    low = judged.bidders[0].uscc

    def decisions(inputs: dict[str, Any]) -> dict[str, Any]:
        return next(bid["decisions"] for bid in inputs["bids"] if bid["id"] == low)

    def brand(inputs: dict[str, Any], acts: list[Any], files: dict[str, Any]) -> None:
        decisions(inputs)["brand"] = "Gree"

    def refused(inputs: dict[str, Any], acts: list[Any], files: dict[str, Any]) -> None:
        decisions(inputs)["claims_refused"] = ["micro-enterprise"]

    def unsuspected(inputs: dict[str, Any], acts: list[Any], files: dict[str, Any]) -> None:
        decisions(inputs)["abnormal"]["suspected"] = False

    def other(inputs: dict[str, Any], acts: list[Any], files: dict[str, Any]) -> None:
        acts[-1] = ("abnormal.explained", acts[-1][1] | {"accepted": False})

    def left_out(inputs: dict[str, Any], acts: list[Any], files: dict[str, Any]) -> None:
        acts.remove(next(act for act in acts if act[0] == "abnormal.voted"))

    def of_another(inputs: dict[str, Any], acts: list[Any], files: dict[str, Any]) -> None:
        next(paper for path, paper in files.items() if "/judgements/" in path)["round"] = 2

    assert audited(judged, lambda *_: None) == []
    for bend, words in (
        (brand, "brand is not what the majority signed"),
        (refused, "claims_refused is not what the majority signed"),
        (unsuspected, "suspected is not what the majority signed"),
        (other, "its explanation was judged otherwise by the majority"),
        (left_out, "its explanation was not judged by everybody who sits"),
        (of_another, "was signed for another evaluation"),
    ):
        said = audited(judged, bend)
        assert len(said) == 1 and words in said[0], (bend.__name__, said)
