"""A small scored tender for services and pages: three bids, two judged items, five members with stamps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bidding.evaluation import score_service, score_stating
from bidding.evaluation.exact import plain
from tests.bidding.evaluation.room import RULES, Room, stamp
from trading.accounts.models import User

CRITERIA = [
    {"id": "P", "name": "价格", "weight": "40", "kind": "price"},
    {
        "id": "G1", "name": "技术", "weight": "60",
        "items": [
            {"id": "T", "name": "性能", "weight": "50", "kind": "subjective", "max": "50", "guidance": "优 40–50"},
            {"id": "O", "name": "证书", "weight": "10", "kind": "objective", "max": "10", "guidance": "每项得 5 分"},
        ],
    },
]  # fmt: skip
SCORED = RULES | {
    "method": "comprehensive-scoring", "category": "goods", "criteria": CRITERIA,
    "outliers": {"ratio": "0.30", "modified_z": "3.5"}, "ties": ["bid-price"],
}  # fmt: skip
PLAIN = {"T": "40", "O": "10"}


def reviewed(room: Room) -> None:
    """The committee sits and has passed every bid, the head has stated the facts: it is about to score."""
    room.seat_all()
    room.review_all()
    state(room)


def state(room: Room, user: User | None = None, points: str = "") -> bytes:
    """The head states the facts of the objective items, all of full points unless others are given; returns the
    statement."""
    head, scoring = user or room.people[0], room.found.scoring
    assert scoring is not None
    facts = [
        {"bid": bid, "item": each.id, "fact": "ISO 9001、ISO 14001 证书", "points": points or plain(each.max)}
        for bid in scoring.bids
        for each in scoring.whole_form("").objective
    ]
    actor = room.actor(head)
    raw = score_stating.draft_facts(room.session, room.registry, actor, room.tender, facts)
    cms = stamp(room.own_certificate(head), raw)
    score_stating.state_facts(room.session, room.registry, actor, room.tender.code, raw, cms)
    return raw


def sheet_of(room: Room, changes: Mapping[tuple[int, str], str] = {}) -> list[dict[str, Any]]:  # noqa: B006
    """Scores for all bids; `changes` name a bid's place and an item."""
    return [
        {"bid": party.uscc, "item": item, "score": changes.get((number, item), score),
         "reason": "另一证书已过期" if (number, "O") in changes and item == "O" else ""}
        for number, party in enumerate(room.bidders)
        for item, score in PLAIN.items()
    ]  # fmt: skip


def lock(room: Room, user: User, changes: Mapping[tuple[int, str], str] = {}) -> bytes:  # noqa: B006
    """The member signs and locks; returns the sheet."""
    actor = room.actor(user)
    raw = score_service.draft_sheet(room.session, room.registry, actor, room.tender, sheet_of(room, changes))
    cms = stamp(room.own_certificate(user), raw)
    score_service.lock_sheet(room.session, room.registry, actor, room.tender.code, raw, cms)
    return raw


def explain(room: Room, user: User, bid: str, item: str, reason: str = "样机噪声超标") -> None:
    actor = room.actor(user)
    raw = score_service.draft_reason(room.session, room.registry, actor, room.tender, bid, item, reason)
    cms = stamp(room.own_certificate(user), raw)
    score_service.explain_outlier(room.session, room.registry, actor, room.tender.code, raw, cms)


def correct(room: Room, user: User, bid: str, item: str, ground: str, after: str) -> None:
    actor = room.actor(user)
    raw = score_service.draft_correction(
        room.session, room.registry, actor, room.tender, bid=bid, item=item, ground=ground, after=after,
        reason="证书已核实",
    )  # fmt: skip
    cms = stamp(room.own_certificate(user), raw)
    score_service.correct_score(room.session, room.registry, actor, room.tender.code, raw, cms)
