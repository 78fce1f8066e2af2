"""Scoring through its services: drafts, locked sheets, reasons, corrections, and what follows of itself."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, select
from sqlalchemy.orm import Session

from bidding.evaluation import score_papers, score_service, service
from bidding.evaluation.criteria import Criterion
from bidding.evaluation.models import ScoreDraft, ScoreSheet
from bidding.evaluation.scoring import evaluate_json
from bidding.exhibits import of_scoring
from bidding.tenders.models import Tender
from tests.bidding.evaluation.builders import sheet
from tests.bidding.evaluation.room import Room, make_room, stamp
from tests.bidding.evaluation.scoring_room import SCORED, correct, explain, lock, reviewed, sheet_of, state
from trading.accounts.models import User
from trading.errors import Refused
from trading.ledger import canonical
from trading.parties.models import Party


def scored(session: Session, *sheets: Any, **changes: Any) -> Room:
    made = make_room(session, sheets, rules=SCORED | changes)
    made.seat_all()
    return made


@pytest.fixture(scope="module")
def prepared(shared_engine: Engine) -> Iterator[tuple[Connection, Any]]:
    """A committee that is about to score, made once; nothing of it is ever committed."""
    with shared_engine.connect() as connection:
        outer = connection.begin()
        with Session(connection, join_transaction_mode="create_savepoint", expire_on_commit=False) as session:
            made = make_room(session, rules=SCORED)
            reviewed(made)
            session.commit()
            people, bidders = [user.id for user in made.people], [party.id for party in made.bidders]
            found = made.registry, made.tender.id, bidders, people
        yield connection, found
        outer.rollback()


@pytest.fixture
def room(prepared: tuple[Connection, Any]) -> Iterator[Room]:
    """That committee; what a test does with it is undone."""
    connection, (registry, tender, bidders, people) = prepared
    step = connection.begin_nested()
    with Session(connection, join_transaction_mode="create_savepoint", expire_on_commit=False) as session:
        yield Room(
            session, registry, session.get_one(Tender, tender),
            [session.get_one(Party, party) for party in bidders],
            [session.get_one(User, user) for user in people],
        )  # fmt: skip
    step.rollback()


def code_of(refused: pytest.ExceptionInfo[Refused]) -> str:
    return refused.value.faults[0].code


def save(room: Room, member: int, base: int, scores: list[dict[str, Any]]) -> dict[str, Any]:
    user = room.people[member]
    return score_service.save_draft(room.session, room.registry, room.actor(user), room.tender, base, scores)


def draft(room: Room, member: int) -> dict[str, Any]:
    found = room.found
    own = next(row for row in found.seated if row.user_id == room.people[member].id)
    return score_service.draft_of(room.session, room.registry, found, own.member)


def test_scoring_follows_the_reviews_and_ends_in_a_report_that_recomputes(room: Room) -> None:
    assert room.phase == "scoring"
    for user in room.people:
        lock(room, user)
    assert room.phase == "report"
    inputs = canonical.loads(room.report().inputs)
    assert inputs["members"] == [row.member for row in room.found.seated] and inputs["corrections"] == []
    assert evaluate_json(inputs) == room.result()
    assert [row["rank"] for row in room.result()["ranking"]] == [1, 2, 3]
    assert len(room.entries("scores.locked")) == 5
    room.sign_all()
    room.deliver()
    assert room.tender.state == "evaluated"


def test_nothing_is_scored_where_too_few_bidders_are_left(session: Session) -> None:
    room = scored(session)
    room.all_vote("qualification")
    room.all_vote("conformity", [room.bidders[0].uscc])
    assert room.phase == "report"
    assert room.result()["failure"]["code"] == "fewer-than-three-responsive"
    with pytest.raises(Refused) as refused:
        lock(room, room.people[0])
    assert code_of(refused) == "score.not-now"


def test_every_fault_of_a_sheet_is_named_at_once(room: Room) -> None:
    given = sheet_of(room, {(0, "T"): "50.5", (1, "T"): "many", (2, "T"): ""})[:-1]
    with pytest.raises(Refused) as refused:
        score_service.draft_sheet(room.session, room.registry, room.actor(room.people[0]), room.tender, given)
    one, two, three = (party.uscc for party in room.bidders)
    found = {(fault.code, fault.field) for fault in refused.value.faults}
    assert found == {
        ("score.range", f"{one}/T"),
        ("score.number", f"{two}/T"),
        ("score.missing", f"{three}/T"),
    }


def test_a_signed_sheet_with_a_stranger_or_a_score_above_the_maximum_is_refused(room: Room) -> None:
    user = room.people[0]
    actor = room.actor(user)
    raw = score_service.draft_sheet(room.session, room.registry, actor, room.tender, sheet_of(room))
    for bent in (raw.replace(b'"score":"40"', b'"score":"51"'), raw.replace(b'"item":"T"', b'"item":"P"')):
        with pytest.raises(Refused):
            cms = stamp(room.own_certificate(user), bent)
            score_service.lock_sheet(room.session, room.registry, actor, room.tender.code, bent, cms)
    assert room.found.scoring is not None and not room.found.scoring.locked


def test_scores_are_read_from_any_keyboard(room: Room) -> None:
    changes = {(0, "T"): " ４０。５０ ", (1, "T"): "40.0"}
    document = canonical.loads(lock(room, room.people[0], changes))
    assert {e["score"] for e in document["scores"] if e["item"] == "T"} == {"40.5", "40"}


def test_a_draft_is_kept_as_typed_and_lies_sealed_and_padded(room: Room) -> None:
    typed = [{"bid": room.bidders[0].uscc, "item": "T", "score": "4x", "reason": "看样机"}]
    assert save(room, 0, 0, typed)["version"] == 1
    assert draft(room, 0)["scores"] == typed and draft(room, 1)["scores"] == []
    row = room.session.scalars(select(ScoreDraft)).one()
    size = len(row.sealed)
    assert b"4x" not in row.sealed
    assert save(room, 0, 1, sheet_of(room))["version"] == 2
    room.session.refresh(row)
    assert len(row.sealed) == size, "the size tells how far the member is"


def test_a_draft_saved_over_a_newer_version_is_refused_and_nothing_is_lost(room: Room) -> None:
    mine, theirs = sheet_of(room), sheet_of(room, {(0, "T"): "33"})
    save(room, 0, 0, theirs)
    with pytest.raises(score_service.Stale) as stale:
        save(room, 0, 0, mine)
    assert stale.value.newest["version"] == 1
    assert {e["score"] for e in stale.value.newest["scores"]} == {"33", "40"}
    assert save(room, 0, 1, mine)["version"] == 2


def test_locking_ends_the_draft_and_can_be_done_once(room: Room) -> None:
    save(room, 0, 0, sheet_of(room))
    lock(room, room.people[0])
    assert room.session.scalars(select(ScoreDraft)).all() == []
    for again in (lambda: lock(room, room.people[0]), lambda: save(room, 0, 0, sheet_of(room))):
        with pytest.raises(Refused) as refused:
            again()
        assert code_of(refused) == "score.locked"


def test_nobody_gets_anything_of_a_sheet_before_all_are_locked(room: Room) -> None:
    for user in room.people[:4]:
        lock(room, user, {(0, "T"): "47.25"})
    found = room.found
    assert found.scoring is not None
    assert found.scoring.sheets == {} and found.scoring.score(found.scoring.members[0], "x", "T") is None
    assert all(bid["scores"] == {} for bid in found.inputs()["bids"])
    assert found.scoring.owed() == [] and found.scoring.disagreements == []
    for row in room.session.scalars(select(ScoreSheet)):
        assert b"47.25" not in row.sealed
    one, two = (canonical.loads(raw) for [raw] in list(found.locked_sheets.values())[:2])
    assert one["scores"] == two["scores"] and one["salt"] != two["salt"], "equal sheets have equal hashes"
    lock(room, room.people[4])
    assert len(room.found.scoring.sheets) == 5  # type: ignore[union-attr]


def test_an_export_has_no_sheet_before_all_are_locked(room: Room) -> None:
    def exported() -> list[str]:
        return [exhibit.path for exhibit in of_scoring(room.session, room.registry["keys"], room.tender)]

    for user in room.people[:4]:
        lock(room, user)
    assert exported() == []
    lock(room, room.people[4])
    kinds = [path.split("/")[1] for path in exported()]
    assert {kind: kinds.count(kind) for kind in kinds} == {"scores": 10, "score-facts": 2}


def test_bids_that_are_evaluated_again_are_scored_anew(room: Room) -> None:
    for user in room.people[:3]:
        lock(room, user)
    room.tender.round = 2
    room.session.flush()
    room.review_all()
    assert room.found.scoring is not None and not room.found.scoring.locked
    assert room.found.scoring.facts_owed
    state(room)
    assert canonical.loads(lock(room, room.people[0]))["round"] == 2


def test_an_outlier_owes_its_own_members_reason_and_counts_in_full(room: Room) -> None:
    bid = room.bidders[1].uscc
    for number, user in enumerate(room.people):
        lock(room, user, {(1, "T"): "10"} if number == 2 else {})
    assert room.phase == "score-reasons"
    for other in (room.people[0], room.people[3]):
        with pytest.raises(Refused) as refused:
            explain(room, other, bid, "T")
        assert code_of(refused) == "score.not-owed"
    with pytest.raises(Refused):
        explain(room, room.people[2], bid, "T", "  ")
    explain(room, room.people[2], bid, "T")
    assert room.phase == "report"
    [reason] = room.found.scoring.reasons  # type: ignore[union-attr]
    assert (reason["score"], reason["rules"], reason["reason"]) == ("10", ["ratio"], "样机噪声超标")
    assert room.result()["scores"][bid]["items"]["T"]["exact"] == "34"
    assert len(room.entries("scores.explained")) == 1


def test_a_disagreement_on_an_objective_item_must_be_settled_before_the_report(room: Room) -> None:
    bid = room.bidders[0].uscc
    for number, user in enumerate(room.people):
        lock(room, user, {(0, "O"): "5"} if number == 1 else {})
    assert room.phase == "score-reasons"
    with pytest.raises(Refused) as refused:
        correct(room, room.people[0], bid, "T", "objective", "41")
    assert code_of(refused) == "score.ground"
    correct(room, room.people[1], bid, "O", "objective", "10")
    assert room.phase == "report"
    inputs = canonical.loads(room.report().inputs)
    [change] = inputs["corrections"]
    assert (change["ground"], change["before"], change["after"]) == ("objective", "5", "10")
    assert inputs["bids"][0]["scores"], "the sheets stay as they were signed"
    assert evaluate_json(inputs) == room.result()
    assert len(room.entries("scores.corrected")) == 1


def test_an_outlier_may_be_corrected_and_then_owes_nothing(room: Room) -> None:
    bid = room.bidders[1].uscc
    for number, user in enumerate(room.people):
        lock(room, user, {(1, "T"): "10", (0, "T"): "9"} if number == 2 else {})
    with pytest.raises(Refused) as refused:
        correct(room, room.people[0], bid, "T", "outlier", "30")
    assert code_of(refused) == "score.ground", "another member's score is the outlier"
    with pytest.raises(Refused) as refused:
        correct(room, room.people[2], bid, "T", "outlier", "60")
    assert code_of(refused) == "score.range"
    correct(room, room.people[2], bid, "T", "outlier", "38")
    explain(room, room.people[2], room.bidders[0].uscc, "T")
    assert room.phase == "report"


def test_a_reason_belongs_to_the_score_that_it_explains(room: Room) -> None:
    one, two = room.bidders[0].uscc, room.bidders[1].uscc
    for number, user in enumerate(room.people):
        lock(room, user, {(1, "T"): "10", (0, "T"): "9"} if number == 2 else {})
    explain(room, room.people[2], two, "T")
    correct(room, room.people[2], two, "T", "outlier", "12")
    found = room.found.scoring
    assert found is not None and [(o.bid, o.score) for o in found.owed()] == [(one, "9"), (two, "12")]


def test_two_corrections_signed_for_the_same_moment_do_not_both_count(room: Room) -> None:
    bid = room.bidders[0].uscc
    for number, user in enumerate(room.people):
        lock(room, user, {(0, "O"): "5"} if number < 2 else {})
    users, session = room.people[:2], room.session
    papers = [
        score_service.draft_correction(
            session,
            room.registry,
            room.actor(user),
            room.tender,
            bid=bid,
            item="O",
            ground="objective",
            after="10",
            reason="核实",
        )  # fmt: skip
        for user in users
    ]
    for user, raw in zip(users, papers, strict=True):
        cms = stamp(room.own_certificate(user), raw)
        if user is users[0]:
            score_service.correct_score(session, room.registry, room.actor(user), room.tender.code, raw, cms)
            continue
        with pytest.raises(Refused) as refused:
            score_service.correct_score(session, room.registry, room.actor(user), room.tender.code, raw, cms)
        assert code_of(refused) == "score.newer"


def test_nobody_scores_for_another_or_in_another_tender(room: Room) -> None:
    session = room.session
    user = room.people[0]
    raw = score_service.draft_sheet(session, room.registry, room.actor(user), room.tender, sheet_of(room))
    other = room.people[1]
    with pytest.raises(Refused) as refused:
        score_service.lock_sheet(session, room.registry, room.actor(other), room.tender.code, raw,
                                 stamp(room.own_certificate(other), raw))  # fmt: skip
    assert code_of(refused) == "score.malformed"
    with pytest.raises(Refused) as refused:
        score_service.lock_sheet(session, room.registry, room.actor(user), room.tender.code, raw,
                                 stamp(room.own_certificate(other), raw))  # fmt: skip
    assert code_of(refused) == "signature.other-certificate"


def test_equal_totals_and_prices_are_decided_by_a_draw(session: Session) -> None:
    room = scored(session, sheet("9000.00"), sheet("9000.00"), sheet("11000.00"))
    room.review_all()
    state(room)
    for user in room.people:
        lock(room, user)
    assert room.phase == "draw"


def test_low_prices_clarifications_and_dissent_are_as_without_scores(session: Session) -> None:
    room = scored(session, sheet("9000.00"), sheet("10000.00"), sheet("11000.00"), sheet("3000.00"))
    room.vote(room.people[1], "qualification", [room.bidders[0].uscc], reason="no licence seen")
    for user in (room.people[0], *room.people[2:]):
        room.vote(user, "qualification")
    room.all_vote("conformity")
    assert room.phase == "explanations"
    [question] = room.questions()
    room.answer(question, "自有工厂")
    room.all_vote("abnormal", [room.bidders[3].uscc])
    assert room.phase == "scoring"
    form = room.found.scoring.form("x")  # type: ignore[union-attr]
    assert room.bidders[3].uscc not in form.bids and len(form.bids) == 3
    manifest = room.found.bids[room.bidders[0].uscc].manifest
    head = room.actor(room.people[0])
    service.ask(session, room.registry, head, room.tender.code, manifest, "售后服务点在哪里？")
    state(room)
    room.bidders, everybody = room.bidders[:3], room.bidders
    for user in room.people:
        lock(room, user)
    room.bidders = everybody
    report = canonical.loads(room.report().raw)
    assert [row["reason"] for row in report["dissent"]] == ["no licence seen"]
    assert {row["ground"] for row in report["result"]["rejected"]} == {"abnormally-low"}


def test_a_paper_of_another_kind_is_none() -> None:
    form = score_papers.Form("T", "m", ("B",), ())
    for raw in (b"{}", b"[]", b"no", canonical.dumps({"v": True, "typ": "ebid.score-sheet"})):
        for read in (score_papers.read_sheet, score_papers.read_reason, score_papers.read_correction):
            with pytest.raises(Refused):
                read(form, raw)


@pytest.mark.parametrize("before", ["x", "1/0", ""])
def test_a_correction_of_what_is_no_number_changes_nothing(before: str) -> None:
    form = score_papers.Form("T", "m", ("B",), (Criterion("I", "I", "objective", Fraction(1), Fraction(10)),))
    change = {
        "number": 1,
        "bid": "B",
        "item": "I",
        "ground": "objective",
        "before": before,
        "after": "5",
        "reason": "r",
    }
    read = score_papers.read_correction(form, canonical.dumps(form.head("ebid.score-correction") | change))
    assert read["before"] == before  # the act compares it with the score that stands, and refuses
