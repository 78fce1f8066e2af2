"""Importing a committee's list and signing in."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy.orm import Session

from bidding.evaluation import seats as evaluation
from expert_pool.selection import service
from expert_pool.selection.panel_list import parse
from tests.bidding.evaluation.room import Room, certify, make_room
from tests.helpers import make_party, make_user
from trading.errors import Refused
from trading.ledger import canonical


def imported(room: Room, **changes: Any) -> None:
    evaluation.import_panel(
        room.session, room.registry, room.agent, room.tender.code, room.list_file(**changes)
    )


def codes(refused: pytest.ExceptionInfo[Refused]) -> list[str]:
    return [fault.code for fault in refused.value.faults]


def test_an_imported_list_names_nobody_in_the_database(session: Session) -> None:
    room = make_room(session)
    imported(room)
    panel = service.panel_of(session, room.tender.code)
    assert panel is not None and panel.size == 5
    assert service.members_of(session, panel) == []
    stored = b"|".join(str(value).encode() for value in vars(panel).values()) + panel.sealed
    for user in room.people:
        assert user.login.encode() not in stored and str(user.id).encode() not in stored


def test_the_panel_document_has_pseudonyms_roles_and_certificates(session: Session) -> None:
    room = make_room(session)
    imported(room)
    panel = service.panel_of(session, room.tender.code)
    assert panel is not None
    document = canonical.loads(service.document_of(room.registry["keys"], panel))
    assert [member["role"] for member in document["members"]] == ["expert"] * 4 + ["purchaser"]
    first, user = document["members"][0], room.people[0]
    assert first["cert_sha256"] == room.own_certificate(user)
    assert first["member"] == room.actor(user).within(room.tender.code)
    assert room.entries("panel.imported")[0]["panel"] == panel.panel_sha256


def without(room: Room, number: int) -> list[dict[str, Any]]:
    return [member for n, member in enumerate(room.members()) if n != number]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda room: without(room, 3), "committee-too-small"),
        (
            lambda room: [m | {"head": n == 4} for n, m in enumerate(room.members())],
            "committee-head-purchaser",
        ),
        (lambda room: [m | {"head": False} for m in room.members()], "committee-head"),
        (lambda room: [*room.members()[:4], room.members()[0] | {"head": False}], "committee-twice"),
        (lambda room: [room.members()[0] | {"name": "Somebody else"}, *room.members()[1:]], "panel.stranger"),
        (lambda room: [room.members()[0] | {"kind": "purchaser"}, *room.members()[1:]], "panel.role"),
        (
            lambda room: [room.members()[0] | {"employer": room.tender.agency.uscc}, *room.members()[1:]],
            "panel.interest",
        ),
    ],
)
def test_an_unlawful_committee_is_refused(session: Session, change: Any, code: str) -> None:
    room = make_room(session)
    with pytest.raises(Refused) as refused:
        imported(room, members=change(room))
    assert code in codes(refused)


def test_ten_million_need_seven_members(session: Session) -> None:
    room = make_room(session, budget=Decimal(10_000_000))
    with pytest.raises(Refused) as refused:
        imported(room)
    assert codes(refused) == ["committee-too-small"]
    room = make_room(session, budget=Decimal("9999999.99"))
    imported(room)


def test_a_member_without_a_certificate_is_named_by_the_seat_only(session: Session) -> None:
    room = make_room(session)
    room.people[2] = make_user(session, "expert")
    with pytest.raises(Refused) as refused:
        imported(room)
    assert codes(refused) == ["panel.no-certificate"]
    assert room.people[2].login not in str(refused.value.faults)
    assert refused.value.faults[0].message.mapping["seat"] == 3


@pytest.mark.parametrize("raw", [b"", b"[]", b"{}", b'{"v":1,"typ":"ebid.panel-list"}', b"\xff"])
def test_a_file_that_is_no_list_is_refused(raw: bytes) -> None:
    with pytest.raises(Refused) as refused:
        parse(raw)
    assert codes(refused) == ["panel.list"]


def test_the_list_of_another_tender_is_refused(session: Session) -> None:
    room = make_room(session)
    with pytest.raises(Refused) as refused:
        imported(room, tender="T-other")
    assert codes(refused) == ["panel.other-tender"]


def test_nobody_signs_in_before_the_opening_is_recorded(session: Session) -> None:
    room = make_room(session, state="opening")
    imported(room)
    with pytest.raises(Refused) as refused:
        evaluation.sign_in(session, room.registry, room.actor(room.people[0]), room.tender.code)
    assert codes(refused) == ["panel.not-now"]


def test_somebody_who_is_not_on_the_list_can_not_sign_in(session: Session) -> None:
    room = make_room(session)
    imported(room)
    with pytest.raises(Refused) as refused:
        evaluation.sign_in(session, room.registry, room.actor(make_user(session, "expert")), room.tender.code)
    assert codes(refused) == ["panel.not-yours"]


def test_an_employee_of_a_bidder_must_step_aside(session: Session) -> None:
    room = make_room(session)
    members = room.members()
    members[1]["employer"] = room.bidders[0].uscc
    imported(room, members=members)
    actor = room.actor(room.people[1])
    with pytest.raises(Refused) as refused:
        evaluation.sign_in(session, room.registry, actor, room.tender.code)
    assert codes(refused) == ["panel.conflict"]
    evaluation.sign_in(session, room.registry, actor, room.tender.code, "I work there")
    assert room.entries("panel.member-recused")[0]["seat"] == 2
    assert "I work there" not in json.dumps(room.entries("panel.member-recused"))


def test_a_recused_seat_keeps_the_evaluation_from_starting_until_a_new_list_comes(session: Session) -> None:
    room = make_room(session)
    imported(room)
    for number, user in enumerate(room.people):
        interest = "my brother's firm bids" if number == 1 else ""
        evaluation.sign_in(session, room.registry, room.actor(user), room.tender.code, interest)
    assert room.tender.state == "opened"
    room.people[1] = make_user(session, "expert")
    certify(session, room.people[1])
    room.seat_all()
    assert room.tender.state == "evaluating"


def test_a_committee_that_sits_can_not_be_exchanged(session: Session) -> None:
    room = make_room(session)
    imported(room)
    evaluation.sign_in(session, room.registry, room.actor(room.people[0]), room.tender.code)
    with pytest.raises(Refused) as refused:
        imported(room)
    assert codes(refused) == ["panel.in-session"]


def test_the_purchasers_representative_must_come_from_the_purchaser(session: Session) -> None:
    room = make_room(session)
    room.people[4] = make_user(session, "tenderer", party=make_party(session))
    certify(session, room.people[4])
    members = room.members()
    members[4]["employer"] = ""
    with pytest.raises(Refused) as refused:
        imported(room, members=members)
    assert codes(refused) == ["panel.not-the-purchasers"]


def test_the_agencys_people_do_not_sit_for_the_purchaser(session: Session) -> None:
    room = make_room(session)
    room.people[4] = make_user(session, "tenderer", party=room.tender.agency)
    certify(session, room.people[4])
    for employer in (room.tender.agency.uscc, room.tender.tenderer.uscc):
        members = room.members()
        members[4]["employer"] = employer
        with pytest.raises(Refused) as refused:
            imported(room, members=members)
        assert codes(refused) == ["panel.not-the-purchasers"]
