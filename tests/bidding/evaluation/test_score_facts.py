"""Objective items are stated once by the head and prefilled on every sheet; who sees a fact otherwise says why."""

from __future__ import annotations

from typing import Any

import pytest

from bidding.evaluation import score_service, score_stating
from tests.bidding.evaluation.room import Room, stamp
from tests.bidding.evaluation.scoring_room import correct, lock, sheet_of, state
from tests.bidding.evaluation.test_score_service import code_of, draft, prepared, room, save
from trading.errors import Refused
from trading.ledger import canonical

__all__ = ["prepared", "room"]


def subjective(room: Room) -> list[dict[str, Any]]:
    return [entry for entry in sheet_of(room) if entry["item"] == "T"]


def signing(room: Room, member: int, scores: list[dict[str, Any]]) -> Any:
    actor = room.actor(room.people[member])
    raw = score_service.draft_sheet(room.session, room.registry, actor, room.tender, scores)
    return canonical.loads(raw)["scores"]


def test_what_the_head_stated_stands_on_a_sheet_that_leaves_it_out(room: Room) -> None:
    filled = signing(room, 1, subjective(room))
    assert [entry["score"] for entry in filled if entry["item"] == "O"] == ["10", "10", "10"]
    assert not save(room, 1, 0, [entry for entry in sheet_of(room) if entry["item"] == "O"])["scores"]


def test_other_points_than_the_stated_ones_need_a_reason_and_are_then_settled(room: Room) -> None:
    bid = room.bidders[1].uscc
    other = {"bid": bid, "item": "O", "score": "5", "reason": " "}
    with pytest.raises(Refused) as refused:
        signing(room, 2, [*subjective(room), other])
    [fault] = refused.value.faults
    assert (fault.code, fault.field, fault.rule) == ("score.departs", f"{bid}/O", "M87 64(3)")
    raw = score_service.draft_sheet(
        room.session, room.registry, room.actor(room.people[2]), room.tender,
        [*subjective(room), other | {"reason": "证书已过期"}],
    )  # fmt: skip
    bent = raw.replace("证书已过期".encode(), b"")
    with pytest.raises(Refused, match="score.departs"):
        cms = stamp(room.own_certificate(room.people[2]), bent)
        actor = room.actor(room.people[2])
        score_service.lock_sheet(room.session, room.registry, actor, room.tender.code, bent, cms)
    for number, user in enumerate(room.people):
        lock(room, user, {(1, "O"): "5"} if number == 2 else {})
    assert room.phase == "score-reasons"
    assert room.found.scoring is not None and room.found.scoring.remarks(bid, "O")[0][1]
    correct(room, room.people[2], bid, "O", "objective", "10")
    assert room.phase == "report"
    report = canonical.loads(room.report().raw)
    assert report["score_facts"][0] == {"bid": room.bidders[0].uscc, "item": "O", "fact": "ISO 9001、ISO 14001 证书",
                                        "points": "10", "member": report["committee"][0]["member"]}  # fmt: skip


def test_no_sheet_is_locked_before_the_facts_are_stated(room: Room) -> None:
    room.session.query(score_stating.ScoreFacts).delete()
    assert save(room, 1, 0, sheet_of(room))["version"] == 1
    with pytest.raises(Refused) as refused:
        lock(room, room.people[1])
    assert code_of(refused) == "score.facts-first"
    state(room)
    lock(room, room.people[1])


def test_facts_are_stated_anew_until_somebody_has_locked_and_drafts_follow_them(room: Room) -> None:
    save(room, 1, 0, sheet_of(room))
    state(room, points="5")
    assert [entry["score"] for entry in draft(room, 1)["scores"]] == ["40", "40", "40"]
    lock(room, room.people[1], {(n, "O"): "5" for n in range(3)})
    with pytest.raises(Refused) as refused:
        state(room)
    assert code_of(refused) == "score.facts-stand"
    assert len(room.entries("scores.stated")) == 2


def test_only_the_head_states_facts(room: Room) -> None:
    with pytest.raises(Refused) as refused:
        state(room, room.people[1])
    assert code_of(refused) == "panel.head-only"


def test_every_fault_of_a_statement_is_named_at_once(room: Room) -> None:
    one, two, three = (party.uscc for party in room.bidders)
    facts = [
        {"bid": one, "item": "O", "fact": "", "points": "10"},
        {"bid": two, "item": "O", "fact": "x", "points": "11"},
    ]
    actor = room.actor(room.people[0])
    with pytest.raises(Refused) as refused:
        score_stating.draft_facts(room.session, room.registry, actor, room.tender, facts)
    found = {(fault.code, fault.field) for fault in refused.value.faults}
    assert found == {("score.fact", f"{one}/O"), ("score.range", f"{two}/O"), ("score.missing", f"{three}/O")}
    with pytest.raises(Refused, match="score.stranger"):
        score_stating.draft_facts(
            room.session,
            room.registry,
            actor,
            room.tender,
            [{"bid": one, "item": "T", "fact": "x", "points": "1"}],
        )
