"""A tie is decided by the ceremony: its order goes into the evaluation by itself."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy.orm import Session

from bidding.evaluation import access, service, tiebreak
from tests.bidding.evaluation.builders import sheet
from tests.bidding.evaluation.room import Room, make_room
from tests.helpers import make_user
from trading.clock import database_now
from trading.draws import service as draws
from trading.draws.models import Draw, TrusteeCard
from trading.errors import Refused
from trading.events import AwardIssued, DrawEnded
from trading.ledger import canonical
from trading.permissions import Permission

SERVICES = [
    {"name": name, "org": name, "cert_sha256": "00" * 32, "standby": False} for name in ("a", "b", "c")
]


@pytest.fixture
def tied(session: Session) -> Room:
    """Two equal bids, and three trustees that are there."""
    room = make_room(session, [sheet("9000.00"), sheet("9000.00"), sheet("11000.00")])
    room.registry.settings = {"draws.trustees": canonical.dumps(SERVICES).decode()}
    for row in SERVICES:
        session.add(TrusteeCard(name=row["name"], card=b"card", p7s=b"cms", at=database_now(session)))
    room.seat_all()
    room.review_all()
    return room


def start(room: Room, seat: int = 0) -> Draw:
    return tiebreak.start(room.session, room.registry, room.actor(room.people[seat]), room.tender.code)


def finish(room: Room, drawn: Draw, first: str) -> None:
    """The ceremony has ended: the bid `first` came first."""
    names = draws.openings_of(room.registry["keys"], drawn)
    ordered = sorted(names, key=lambda handle: names[handle][1]["id"] != first)
    drawn.result, drawn.result_hash = {"panel": {"lot": ordered}}, "00" * 32
    room.session.flush()
    at = database_now(room.session)
    tiebreak.take_order(DrawEnded(room.session, room.registry, room.tender.code, at, drawn.ann))


def test_the_order_of_the_ceremony_decides_and_is_on_record(tied: Room) -> None:
    drawn = start(tied)
    winner = tied.bidders[1].uscc
    assert drawn.scope == f"{tied.tender.code}/tie/1"
    finish(tied, drawn, winner)
    assert tied.result()["winner"] == winner
    said = tied.entries("tie.drawn")[0]
    assert (said["draw"], said["officer"], said["bids"][0]) == (drawn.ann, tiebreak.PROTOCOL, winner)


def test_only_the_head_starts_it_and_only_when_there_is_a_tie(tied: Room) -> None:
    with pytest.raises(Refused) as refused:
        start(tied, seat=1)
    assert refused.value.faults[0].code == "panel.head-only"
    finish(tied, start(tied), tied.bidders[0].uscc)
    with pytest.raises(Refused) as refused:
        start(tied)
    assert refused.value.faults[0].code == "draw.not-now"


def test_no_officer_writes_an_order_by_hand_where_trustees_serve(tied: Room) -> None:
    order: list[Any] = [tied.bidders[0].uscc, tied.bidders[1].uscc]
    with pytest.raises(Refused) as refused:
        service.record_draw(
            tied.session, tied.registry, tied.actor(tied.people[0]), tied.tender.code, order, "Li", "lots"
        )
    assert refused.value.faults[0].code == "draw.by-ceremony"


def test_only_the_committee_and_the_regulator_know_of_it_before_the_result(tied: Room) -> None:
    drawn = start(tied)
    stranger = make_user(tied.session, "expert")

    def knows(user: Any, *permissions: Permission) -> bool:
        identity = user and SimpleNamespace(user_id=user.id)
        asks = SimpleNamespace(db=tied.session, identity=identity, has_permission=permissions.__contains__)
        return access.knows_of_draw(asks, drawn)

    assert all(knows(member) for member in tied.people)
    assert knows(stranger, Permission.SUPERVISE)
    assert not knows(stranger) and not knows(None)
    assert not knows(tied.tender.agent, Permission.MANAGE_TENDER)


def test_names_are_opened_with_the_award(tied: Room) -> None:
    drawn = start(tied)
    finish(tied, drawn, tied.bidders[0].uscc)
    assert drawn.opened_at is None
    at = database_now(tied.session)
    event = AwardIssued(tied.session, tied.registry, tied.tender.code, at, tied.bidders[0].uscc)
    tiebreak.open_names(event)
    tiebreak.open_names(event)
    (opened,) = tied.entries("draw.opened")
    assert {record["name"] for _, record in opened["openings"].values()} == {
        tied.bidders[0].name, tied.bidders[1].name
    }  # fmt: skip
