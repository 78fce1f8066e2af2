"""The report that a scored evaluation really ends in: what members wrote stands in it, and the committee is done."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy.orm import Session

from bidding.evaluation import report
from bidding.evaluation.report_card import card_of
from bidding.evaluation.report_paper import Paper, contents
from tests.bidding.evaluation.room import Room, make_room
from tests.bidding.evaluation.scoring_room import SCORED, correct, explain, lock, reviewed
from trading.events import EvaluationDelivered
from trading.ledger import canonical

REASON = "样机噪声超标"


@pytest.fixture
def room(session: Session) -> Room:
    """Seat 3 gave the second bid far less than the others and wrote why; seat 2 had misread a certificate."""
    made = make_room(session, rules=SCORED)
    reviewed(made)
    for number, user in enumerate(made.people, 1):
        changes = {3: {(1, "T"): "10"}, 2: {(0, "O"): "5"}}
        lock(made, user, changes.get(number, {}))
    explain(made, made.people[2], made.bidders[1].uscc, "T")
    correct(made, made.people[1], made.bidders[0].uscc, "O", "objective", "10")
    return made


def document(room: Room) -> tuple[dict[str, Any], dict[str, Any]]:
    drawn = room.report()
    return canonical.loads(drawn.raw), canonical.loads(drawn.inputs)


def test_reasons_and_corrections_stand_in_the_report_on_the_cards_and_by_seat_on_the_paper(
    room: Room,
) -> None:
    found, inputs = document(room)
    members = [row["member"] for row in found["committee"]]
    (said,), (changed,) = found["score_reasons"], found["score_corrections"]
    assert (said["member"], said["item"], said["score"], said["reason"]) == (members[2], "T", "10", REASON)
    assert (changed["member"], changed["before"], changed["after"], changed["ground"]) == (
        members[1], "5", "10", "objective",
    )  # fmt: skip
    flagged = card_of(room.bidders[1].uscc, found, inputs)
    assert flagged is not None
    assert [(mark.member, mark.reason) for _row, mark in flagged.flagged] == [(members[2], REASON)]
    corrected = card_of(room.bidders[0].uscc, found, inputs)
    assert corrected is not None
    mark = next(row for row in corrected.rows if row.item == "O").marks[1]
    assert (mark.before, mark.score) == ("5", "10")
    paper = Paper(room.tender, room.report(), report.signatures_of(room.session, room.report()), "", str)
    notes = "\n".join(note for card in contents(paper)["cards"] for note in card["notes"])
    assert "3 席，10：" in notes and REASON in notes and "2 席，5 → 10" in notes
    assert len(contents(paper)["firm"]["rows"]) == 1 + len(room.people)


def test_with_the_delivery_each_members_work_is_told_as_it_was_signed(room: Room) -> None:
    events: list[Any] = []
    room.registry.notify = events.append  # type: ignore[method-assign]
    room.sign_all()
    room.deliver()
    (done,) = [event for event in events if isinstance(event, EvaluationDelivered)]
    assert (done.tender, done.maxima) == (room.tender.code, {"T": "50", "O": "10"})
    assert [member.user_id for member in done.members] == [user.id for user in room.people]
    second, third = done.members[1], done.members[2]
    assert second.marks[room.bidders[0].uscc]["O"] == "5", "the sheet, not what it was corrected to"
    assert third.outliers == ((room.bidders[1].uscc, "T"),) and not second.outliers
    assert [member.head for member in done.members] == [True, False, False, False, False]
