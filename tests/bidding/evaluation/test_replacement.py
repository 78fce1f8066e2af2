"""A member is replaced after the evaluation has begun (Order 87 art. 49): what it concluded is void and done anew by
whoever comes; what the others concluded stays."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest
from sqlalchemy.orm import Session

from bidding.evaluation import seats
from bidding.evaluation.scoring import evaluate_json
from expert_pool.selection.replacing import Order
from tests.bidding.evaluation.room import Room, certify, make_room
from tests.bidding.evaluation.scoring_room import SCORED, lock, state
from tests.helpers import make_user
from trading.accounts.models import User
from trading.errors import Refused
from trading.ledger import canonical

PAPER = "诊断证明".encode()


def with_reserves(session: Session, *sheets: Any, reserves: int = 2) -> Room:
    """An opened scored tender whose list names so many experts in reserve; the committee sits."""
    made = make_room(session, sheets, rules=SCORED)
    spare = [make_user(session, "expert", keys=made.registry["keys"]) for _ in range(reserves)]
    for user in spare:
        certify(session, user)
    lines = [
        {"login": user.login, "name": user.name, "employer": "", "kind": "expert", "head": False}
        for user in spare
    ]
    raw = json.dumps(json.loads(made.list_file()) | {"reserves": lines}).encode()
    seats.import_panel(session, made.registry, made.agent, made.tender.code, raw)
    for user in made.people:
        seats.sign_in(session, made.registry, made.actor(user), made.tender.code)
    made.people.extend(spare)
    return made


def scoring_room(session: Session, *sheets: Any) -> Room:
    room = with_reserves(session, *sheets)
    vote(room, room.people[:5], "qualification")
    vote(room, room.people[:5], "conformity")
    state(room)
    return room


def vote(room: Room, users: Sequence[User], step: str, against: Sequence[str] = ()) -> None:
    for user in users:
        room.vote(user, step, against)


def replace(room: Room, user: User, ground: str = "illness", document: bytes = PAPER) -> str:
    seat = next(row.seat for row in room.found.members if row.user_id == user.id)
    order = Order(seat, ground, "突发疾病送医", "诊断证明.txt", document)
    return seats.replace_member(room.session, room.registry, room.agent, room.tender.code, order).member


def sign_in(room: Room, user: User, interest: str = "") -> None:
    seats.sign_in(room.session, room.registry, room.actor(user), room.tender.code, interest)


def member_of(room: Room, user: User) -> str:
    return next(row.member for row in room.found.members if row.user_id == user.id)


def catch_up(room: Room, user: User) -> None:
    """What somebody who comes later does anew before scoring."""
    for step in ("qualification", "conformity"):
        room.vote(user, step)


def test_a_member_replaced_while_scoring_leaves_nothing_that_counts(session: Session) -> None:
    room = scoring_room(session)
    for number, user in enumerate(room.people[:4]):
        lock(room, user, {(0, "T"): "12.3456"} if number == 1 else {})
    gone = replace(room, room.people[1])
    assert room.phase == "replacement"
    with pytest.raises(Refused, match="score.not-now"):
        lock(room, room.people[4])
    with pytest.raises(Refused, match="panel.not-yours"):
        lock(room, room.people[1])
    sign_in(room, room.people[5])
    assert room.phase == "qualification"
    room.vote(room.people[5], "qualification")
    room.vote(room.people[5], "conformity")
    assert room.phase == "scoring"
    with pytest.raises(Refused, match="score.locked"):
        lock(room, room.people[0])
    for user in (room.people[4], room.people[5]):
        lock(room, user)
    inputs = canonical.loads(room.report().inputs)
    came = member_of(room, room.people[5])
    assert gone not in inputs["members"] and came in inputs["members"] and len(inputs["members"]) == 5
    assert gone not in json.dumps(inputs) and "12.3456" not in json.dumps(inputs)
    assert evaluate_json(inputs) == room.result()
    [entry] = room.entries("panel.member-replaced")
    assert (entry["member"], entry["ground"], entry["article"]) == (gone, "illness", "M87 49")
