"""An evaluation from the committee's sign-in to the delivered report, through its services."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy.orm import Session

from bidding.evaluation import lowest, seats, service
from tests.bidding.evaluation.builders import item, sheet
from tests.bidding.evaluation.room import RULES, Room, make_room, stamp
from tests.helpers import make_user
from trading.errors import Refused
from trading.ledger import canonical


@pytest.fixture
def room(session: Session) -> Room:
    made = make_room(session)
    made.seat_all()
    return made


def code_of(refused: pytest.ExceptionInfo[Refused]) -> str:
    return refused.value.faults[0].code


def test_the_last_member_to_sit_down_starts_the_evaluation(session: Session) -> None:
    room = make_room(session)
    room.import_panel()
    for user in room.people[:4]:
        seats.sign_in(session, room.registry, room.actor(user), room.tender.code)
        assert room.tender.state == "opened"
    seats.sign_in(session, room.registry, room.actor(room.people[4]), room.tender.code)
    assert room.tender.state == "evaluating"
    assert room.phase == "qualification"
    assert len(room.entries("panel.member-signed-in")) == 5


def test_an_evaluation_without_incident_ends_with_the_lowest_price(room: Room) -> None:
    room.review_all()
    assert room.phase == "report"
    room.sign_all()
    room.deliver()
    assert room.tender.state == "evaluated"
    assert room.result()["winner"] == room.bidders[0].uscc
    assert room.result()["contract_price"] == "9000.00"
    [reported] = room.entries("evaluation.reported")
    assert {row["member"] for row in reported["signatures"]} == {m.member for m in room.found.seated}


def test_the_report_recomputes_to_the_same_result(room: Room) -> None:
    room.vote(room.people[0], "qualification", [room.bidders[2].uscc])
    for user in room.people[1:]:
        room.vote(user, "qualification")
    room.all_vote("conformity")
    inputs = canonical.loads(room.report().inputs)
    assert lowest.evaluate_json(inputs) == room.result()
    assert inputs["rules"] == room.tender.rules


def test_one_dissenting_vote_is_outvoted_and_recorded_with_its_reason(room: Room) -> None:
    outvoted = room.bidders[0].uscc
    room.vote(room.people[0], "qualification", [outvoted], reason="licence has expired")
    for user in room.people[1:]:
        room.vote(user, "qualification")
    room.all_vote("conformity")
    assert room.result()["winner"] == outvoted
    [dissent] = canonical.loads(room.report().raw)["dissent"]
    assert (dissent["bid"], dissent["reason"]) == (outvoted, "licence has expired")


def test_three_of_five_votes_reject_a_bid(session: Session) -> None:
    room = make_room(session, [sheet("9000.00"), sheet("10000.00"), sheet("11000.00"), sheet("12000.00")])
    room.seat_all()
    rejected = room.bidders[0].uscc
    for user in room.people[:3]:
        room.vote(user, "qualification", [rejected])
    for user in room.people[3:]:
        room.vote(user, "qualification")
    room.all_vote("conformity")
    assert room.result()["rejected"] == [{"id": rejected, "ground": "not-qualified", "article": "M87 63(3)"}]
    assert room.result()["winner"] == room.bidders[1].uscc


def test_nobody_sees_votes_before_everybody_has_voted(room: Room) -> None:
    for user in room.people[:4]:
        room.vote(user, "qualification")
        assert room.found.votes("qualification", room.bidders[0].uscc) == []
    room.vote(room.people[4], "qualification")
    [entry] = room.found.votes("qualification", room.bidders[0].uscc)
    assert len(entry.votes) == 5


def test_a_signed_review_can_not_be_changed(room: Room) -> None:
    room.vote(room.people[0], "qualification")
    with pytest.raises(Refused) as refused:
        room.vote(room.people[0], "qualification")
    assert code_of(refused) == "review.locked"


def test_a_rejection_without_reason_and_a_missing_vote_are_refused_together(room: Room) -> None:
    votes = room.votes("qualification")
    votes[0] |= {"pass": False, "reason": " "}
    votes[1]["pass"] = None
    with pytest.raises(Refused) as refused:
        service.draft_review(room.session, room.registry, room.actor(room.people[0]), room.tender,
                             "qualification", votes)  # fmt: skip
    assert {fault.code for fault in refused.value.faults} == {"review.reason", "review.missing"}


def test_a_review_in_another_members_name_is_refused(room: Room) -> None:
    raw = service.draft_review(room.session, room.registry, room.actor(room.people[1]), room.tender,
                               "qualification", room.votes("qualification"))  # fmt: skip
    cms = stamp(room.own_certificate(room.people[0]), raw)
    with pytest.raises(Refused) as refused:
        service.sign_review(room.session, room.registry, room.actor(room.people[0]), room.tender.code,
                            "qualification", raw, cms)  # fmt: skip
    assert code_of(refused) == "review.malformed"


def test_a_review_signed_with_another_certificate_is_refused(room: Room) -> None:
    actor = room.actor(room.people[0])
    raw = service.draft_review(room.session, room.registry, actor, room.tender, "qualification",
                               room.votes("qualification"))  # fmt: skip
    with pytest.raises(Refused) as refused:
        service.sign_review(room.session, room.registry, actor, room.tender.code, "qualification", raw,
                            stamp("ab" * 32, raw))  # fmt: skip
    assert code_of(refused) == "signature.other-certificate"


def test_somebody_who_is_not_of_the_committee_can_not_vote(room: Room) -> None:
    stranger = make_user(room.session, "expert")
    with pytest.raises(Refused) as refused:
        service.draft_review(
            room.session, room.registry, room.actor(stranger), room.tender, "qualification", []
        )
    assert code_of(refused) == "panel.not-yours"


def test_fewer_than_three_qualified_bidders_end_the_tender(room: Room) -> None:
    room.all_vote("qualification", [room.bidders[0].uscc])
    assert room.phase == "report"
    assert room.result()["failure"] == {"code": "fewer-than-three-qualified", "article": "M87 44"}
    room.sign_all()
    room.deliver()
    assert room.tender.state == "failed"
    assert room.entries("tender.failed") == [{"reason": "fewer-than-three-qualified", "article": "M87 44"}]


CONTRADICTORY = sheet("9000.00", words="玖仟伍佰元整", items=[item("9500.00")], body="9500.00")
"""Words say 9,500: by M87 59(2) they rule over the figures."""


def corrected_room(session: Session) -> Room:
    sheets = [CONTRADICTORY, sheet("10000.00"), sheet("11000.00"), sheet("12000.00")]
    room = make_room(session, sheets)
    room.seat_all()
    room.review_all()
    return room


def test_a_corrected_price_counts_when_the_bidder_confirms_it(session: Session) -> None:
    room = corrected_room(session)
    assert room.phase == "corrections"
    [question] = room.questions()
    assert (question.kind, question.total) == ("correction", "9500.00")
    room.answer(question, confirmed=True)
    assert room.result()["contract_price"] == "9500.00"
    [confirmed] = room.entries("price.confirmed")
    assert (confirmed["confirmed"], confirmed["total"]) == (True, "9500.00")


def test_a_bid_whose_correction_is_denied_is_rejected(session: Session) -> None:
    room = corrected_room(session)
    room.answer(room.questions()[0], confirmed=False)
    assert room.result()["rejected"][0]["ground"] == "correction-not-confirmed"
    assert canonical.loads(room.report().inputs)["bids"][0]["decisions"].keys() >= {"confirmed"}


def test_a_correction_that_nobody_answers_in_time_rejects_the_bid(session: Session) -> None:
    room = corrected_room(session)
    room.time_is_up()
    assert room.result()["rejected"][0]["ground"] == "correction-not-confirmed"
    decisions = {b["id"]: b["decisions"] for b in canonical.loads(room.report().inputs)["bids"]}
    assert decisions[room.bidders[0].uscc]["confirmed"] is None


def test_an_answer_after_its_time_is_refused(session: Session) -> None:
    room = corrected_room(session)
    [question] = room.questions()
    room.time_is_up()
    with pytest.raises(Refused) as refused:
        room.answer(question, confirmed=True)
    assert code_of(refused) == "clarification.late"


def low_room(session: Session) -> Room:
    """The last bid is below all three lines."""
    room = make_room(session, [sheet("10000.00"), sheet("9800.00"), sheet("9500.00"), sheet("4000.00")])
    room.seat_all()
    room.review_all()
    return room


def test_an_abnormally_low_price_is_asked_about_with_at_least_thirty_minutes(session: Session) -> None:
    room = low_room(session)
    assert room.phase == "explanations"
    [question] = room.questions()
    assert (question.due_at - question.asked_at).total_seconds() == 30 * 60


def test_a_low_price_wins_when_the_majority_accepts_its_explanation(session: Session) -> None:
    room = low_room(session)
    low = room.bidders[3].uscc
    room.answer(room.questions()[0], "Our own factory; the wood was bought last year.")
    assert room.phase == "judgement"
    room.vote(room.people[0], "abnormal", [low])
    for user in room.people[1:]:
        room.vote(user, "abnormal")
    assert room.result()["winner"] == low
    [judged] = room.entries("abnormal.explained")
    assert (judged["accepted"], judged["reason"]) == (True, "calculation")
    assert len(room.entries("abnormal.voted")) == 5


@pytest.mark.parametrize("explained", [True, False])
def test_a_low_price_that_is_not_justified_is_rejected(session: Session, explained: bool) -> None:
    room = low_room(session)
    low = room.bidders[3].uscc
    if explained:
        room.answer(room.questions()[0], "We are cheap.")
        room.all_vote("abnormal", [low])
    else:
        room.time_is_up()
    assert {"id": low, "ground": "abnormally-low", "article": "M87 60"} in room.result()["rejected"]
    assert room.result()["winner"] == room.bidders[2].uscc


def test_the_committee_itself_may_suspect_a_price_by_majority(session: Session) -> None:
    room = make_room(session)
    room.seat_all()
    suspected = room.bidders[0].uscc
    finding = {"bid": suspected, "suspected": True, "brand": None, "claims_refused": []}
    room.all_vote("qualification")
    for number, user in enumerate(room.people):
        room.vote(user, "conformity", findings=[finding] if number < 3 else [])
    [question] = room.questions()
    assert room.found.bid_of(question).id == suspected
    assert "评标委员会" in question.question


def test_of_one_brand_only_the_lowest_price_takes_part(session: Session) -> None:
    sheets = [
        sheet("9000.00", brand="甲"),
        sheet("9500.00", brand="甲"),
        sheet("10000.00"),
        sheet("11000.00"),
    ]
    room = make_room(session, sheets)
    room.seat_all()
    room.review_all()
    assert room.result()["rejected"] == [
        {"id": room.bidders[1].uscc, "ground": "same-brand", "article": "M87 31"}
    ]


def test_a_brand_that_the_majority_finds_counts_instead_of_the_declared_one(session: Session) -> None:
    sheets = [
        sheet("9000.00", brand="甲"),
        sheet("9500.00", brand="乙"),
        sheet("10000.00"),
        sheet("11000.00"),
    ]
    room = make_room(session, sheets)
    room.seat_all()
    room.all_vote("qualification")
    finding = {"bid": room.bidders[1].uscc, "suspected": False, "brand": "甲", "claims_refused": []}
    room.all_vote("conformity", findings=[finding])
    assert room.result()["rejected"][0]["ground"] == "same-brand"


def test_a_refused_claim_gives_no_deduction(session: Session) -> None:
    sheets = [sheet("9000.00"), sheet("9900.00", claims=["micro-enterprise"]), sheet("11000.00")]
    room = make_room(session, sheets)
    room.seat_all()
    room.all_vote("qualification")
    refused = {"bid": room.bidders[1].uscc, "suspected": False, "brand": None,
               "claims_refused": ["micro-enterprise"]}  # fmt: skip
    room.all_vote("conformity", findings=[refused])
    assert room.result()["winner"] == room.bidders[0].uscc


def test_a_tie_waits_for_a_recorded_draw_with_a_named_officer(session: Session) -> None:
    room = make_room(session, [sheet("9000.00"), sheet("9000.00"), sheet("11000.00")])
    room.seat_all()
    room.review_all()
    assert room.phase == "draw"
    order = [room.bidders[1].uscc, room.bidders[0].uscc]
    head = room.actor(room.people[0])
    with pytest.raises(Refused) as refused:
        service.record_draw(session, room.registry, head, room.tender.code, [order[0], "x"], "Li", "lots")
    assert code_of(refused) == "draw.others"
    service.record_draw(session, room.registry, head, room.tender.code, order, "Li Na", "two lots in a box")
    assert room.result()["winner"] == order[0]
    assert canonical.loads(room.report().inputs)["draws"] == [order]
    assert room.entries("tie.drawn")[0]["officer"] == "Li Na"


def test_only_the_head_asks_and_only_the_bidder_answers(room: Room) -> None:
    manifest = room.found.bids[room.bidders[0].uscc].manifest
    with pytest.raises(Refused) as refused:
        service.ask(
            room.session, room.registry, room.actor(room.people[1]), room.tender.code, manifest, "Why?"
        )
    assert code_of(refused) == "panel.head-only"
    question = service.ask(room.session, room.registry, room.actor(room.people[0]), room.tender.code,
                           manifest, "Which model?")  # fmt: skip
    with pytest.raises(Refused) as refused:
        service.answer(room.session, room.registry, room.agent, room.tender.code, question.id.hex,
                       uscc=room.bidders[1].uscc, cms=b"x", text="Mine")  # fmt: skip
    assert code_of(refused) == "clarification.unknown"
    room.answer(question, "Model K-23,\nas in the list")
    assert room.questions()[0].answer == "Model K-23,\nas in the list"
    assert room.entries("clarification.answered")[0]["ref"] == question.id.hex


def test_an_unreadable_price_sheet_is_evaluated_as_null(session: Session) -> None:
    room = make_room(session, [b'{"v": 1}', sheet("10000.00"), sheet("11000.00"), sheet("12000.00")])
    room.seat_all()
    room.review_all()
    assert canonical.loads(room.report().inputs)["bids"][0]["sheet"] is None
    assert room.result()["rejected"][0]["ground"] == "price-sheet-invalid"


def test_a_report_is_delivered_only_with_every_signature_and_by_the_head(room: Room) -> None:
    room.review_all()
    with pytest.raises(Refused) as refused:
        room.deliver()
    assert code_of(refused) == "report.unsigned"
    room.sign_all()
    with pytest.raises(Refused) as refused:
        service.deliver(room.session, room.registry, room.actor(room.people[2]), room.tender.code)
    assert code_of(refused) == "panel.head-only"
    room.deliver()
    with pytest.raises(Refused) as refused:
        room.deliver()
    assert code_of(refused) == "report.delivered"


def test_a_dissent_on_the_report_must_be_signed_too(room: Room) -> None:
    room.review_all()
    user, text = room.people[2], "The delivery time\r\nis not credible."
    own, raw = room.own_certificate(user), room.report().raw
    call: dict[str, Any] = {"cms": stamp(own, raw), "dissent": text}
    with pytest.raises(Refused) as refused:
        service.sign_report(room.session, room.registry, room.actor(user), room.tender.code, **call)
    assert code_of(refused) == "report.dissent-unsigned"
    call["dissent_cms"] = stamp(own, text.replace("\r\n", "\n").encode())
    service.sign_report(room.session, room.registry, room.actor(user), room.tender.code, **call)
    assert room.entries("report.signed")[0]["dissent"] is not None


def test_votes_in_the_inputs_are_those_of_the_signed_reviews(room: Room) -> None:
    room.review_all()
    signed = {
        (vote["bid"], review["member"], vote["review"], vote["item"]): vote["pass"]
        for row in room.found.reviews
        for review in [json.loads(row.raw)]
        for vote in review["votes"]
    }
    used = {
        (bid["id"], vote["member"], step, entry["item"]): vote["pass"]
        for bid in canonical.loads(room.report().inputs)["bids"]
        for step in ("qualification", "conformity")
        for entry in bid["decisions"][step]
        for vote in entry["votes"]
    }
    assert used == signed
    assert len(used) == 5 * 3 * (len(RULES["items"]["qualification"]) + len(RULES["items"]["conformity"]))
