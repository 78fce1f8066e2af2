"""A member is replaced after the evaluation has begun (Order 87 art. 49): what it concluded is void and done anew by
whoever comes; what the others concluded stays."""

from __future__ import annotations

import json
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy.orm import Session

from bidding import exhibits
from bidding.evaluation import seats, service
from bidding.evaluation.rounds import Ground
from bidding.evaluation.scoring import evaluate_json
from bidding.opening.models import SecondOpening
from expert_pool.selection import completing, replacing, seating
from expert_pool.selection import service as committee
from expert_pool.selection.panel_list import CALLED
from expert_pool.selection.purchase import Purchase
from expert_pool.selection.replacing import Order
from expert_pool.selection.representatives import name_representatives
from tests.bidding.evaluation.builders import sheet
from tests.bidding.evaluation.room import Room, certify, make_room, stamp
from tests.bidding.evaluation.scoring_room import SCORED, correct, explain, lock, state
from tests.helpers import make_user
from trading.accounts.models import User
from trading.clock import database_now
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


def purchase_of(room: Room) -> Purchase:
    tender = room.tender
    return Purchase(
        tender.code, "evaluating", tender.tenderer.uscc, "", "440300", frozenset(), Decimal(1), "procurement"
    )


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


def test_a_correction_whose_ground_was_the_void_score_lapses_and_others_stay(session: Session) -> None:
    room = scoring_room(session)
    bids = [party.uscc for party in room.bidders]
    for number, user in enumerate(room.people[:5]):
        lock(room, user, {1: {(0, "O"): "5"}, 2: {(1, "O"): "5"}, 3: {(2, "T"): "10"}}.get(number, {}))
    correct(room, room.people[2], bids[1], "O", "objective", "10")  # what all others had given
    correct(room, room.people[0], bids[0], "O", "objective", "5")  # as the member who is replaced below
    explain(room, room.people[3], bids[2], "T")
    replace(room, room.people[1])
    sign_in(room, room.people[5])
    catch_up(room, room.people[5])
    lock(room, room.people[5])
    assert room.phase == "report", "the reason and the first correction still stand"
    inputs = canonical.loads(room.report().inputs)
    assert [(c["member"], c["bid"]) for c in inputs["corrections"]] == [
        (member_of(room, room.people[2]), bids[1])
    ]
    assert evaluate_json(inputs) == room.result()


def test_whom_the_new_votes_bring_back_the_others_judge_and_score_too(session: Session) -> None:
    prices = [sheet(f"{price}.00") for price in (9000, 10000, 10500, 11000)]
    room = with_reserves(session, *prices)
    back = room.bidders[3].uscc
    vote(room, room.people[:3], "qualification", [back])
    vote(room, room.people[3:5], "qualification")
    vote(room, room.people[:5], "conformity")
    state(room)
    room.bidders, everybody = room.bidders[:3], room.bidders
    for user in room.people[:4]:
        lock(room, user)
    room.bidders = everybody
    replace(room, room.people[1], "recusal")
    sign_in(room, room.people[5])
    room.vote(room.people[5], "qualification")  # three of five now pass the fourth bid
    assert room.phase == "conformity"
    found = room.found
    assert found.sheet_for("conformity", member_of(room, room.people[0])).bids == (back,)
    for user in (*room.people[:1], *room.people[2:5]):
        room.session.expire_all()
        vote_on(room, user, [back])
    room.vote(room.people[5], "conformity")
    assert room.phase == "scoring" and room.found.scoring is not None and room.found.scoring.facts_owed
    with pytest.raises(Refused, match="score.facts-stand"):
        state(room, points="5")  # the locked sheets were prefilled with 10
    state(room)
    for user in (room.people[0], *room.people[2:4]):
        room.bidders = [party for party in everybody if party.uscc == back]
        lock(room, user)
    room.bidders = everybody
    for user in room.people[4:6]:
        lock(room, user)
    assert room.phase == "report"
    assert {row["id"] for row in room.result()["ranking"]} == {party.uscc for party in everybody}


def vote_on(room: Room, user: User, bids: Sequence[str]) -> None:
    actor = room.actor(user)
    votes = [{"bid": bid, "item": "terms", "pass": True, "reason": ""} for bid in bids]
    raw = service.draft_review(room.session, room.registry, actor, room.tender, "conformity", votes)
    cms = stamp(room.own_certificate(user), raw)
    service.sign_review(room.session, room.registry, actor, room.tender.code, "conformity", raw, cms)


def test_the_experts_choose_another_head_who_states_the_facts_anew(session: Session) -> None:
    room = scoring_room(session)
    lock(room, room.people[1])
    replace(room, room.people[0], "absence")
    sign_in(room, room.people[5])
    assert room.phase == "replacement", "nobody leads the committee"
    purchase = purchase_of(room)
    chosen = next(row.seat for row in room.found.seated if row.user_id == room.people[2].id)
    args = room.session, room.registry
    assert [completing.choose_head(*args, room.actor(room.people[n]), purchase, chosen) for n in (1, 2, 3)][
        -1
    ]
    catch_up(room, room.people[5])
    assert room.found.scoring is not None and room.found.scoring.facts_owed
    with pytest.raises(Refused, match="panel.head-only"):
        state(room, room.people[1])
    state(room, room.people[2])
    for user in room.people[2:6]:
        lock(room, user)
    assert room.phase == "report"
    document = canonical.loads(committee.document_of(room.registry["keys"], room.found.panel))  # type: ignore[arg-type]
    heads = [row["member"] for row in document["members"] if row["head"] and not row.get("replaced")]
    assert heads == [member_of(room, room.people[2])]


def test_a_report_that_was_not_delivered_is_drawn_up_anew(session: Session) -> None:
    room = scoring_room(session)
    for user in room.people[:5]:
        lock(room, user, {(0, "T"): "30"} if user is room.people[3] else {})
    before = room.report().sha256
    cms = stamp(room.own_certificate(room.people[0]), room.report().raw)
    service.sign_report(session, room.registry, room.actor(room.people[0]), room.tender.code, cms)
    replace(room, room.people[3])
    kept = {
        one.path: one.secret for one in exhibits.of_evaluation(session, room.registry["keys"], room.tender)
    }
    void = {path: secret for path, secret in kept.items() if path.startswith(f"evaluation/void-{before}/")}
    assert len(void) == 3 and all(void.values()), "the report, its inputs, and the one signature"
    assert room.found.report is None and room.entries("panel.member-replaced")[0]["report"] == before
    sign_in(room, room.people[5])
    catch_up(room, room.people[5])
    lock(room, room.people[5])
    assert room.report().sha256 != before
    room.people = [user for n, user in enumerate(room.people) if n not in (3, 6)]
    room.sign_all()
    room.deliver()
    with pytest.raises(Refused, match="panel.not-begun"):
        replace(room, room.people[1])


def test_the_next_reserve_comes_where_one_has_an_interest_and_with_nobody_left_it_stops(
    session: Session,
) -> None:
    room = scoring_room(session)
    assert replace(room, room.people[2]) and not room.entries("evaluation.reopened")
    sign_in(room, room.people[5], "my sister works there")
    assert not stuck(room)
    with pytest.raises(Refused, match="panel.on-the-way"):
        seats.stop(session, room.registry, room.agent, room.tender.code, Ground("bored", "x.txt", PAPER))
    sign_in(room, room.people[6])
    assert room.phase == "qualification"
    replace(room, room.people[3], "absence")
    assert stuck(room)
    with pytest.raises(Refused, match="panel.document"):
        seats.stop(room.session, room.registry, room.agent, room.tender.code, Ground("nobody", "", b""))
    seats.stop(
        room.session,
        room.registry,
        room.agent,
        room.tender.code,
        Ground("候补专家均无法到场", "说明.txt", PAPER),
    )
    assert (room.tender.state, room.tender.round, room.found.panel) == ("opened", 2, None)
    assert room.found.reviews == []
    [entry] = room.entries("evaluation.reopened")
    assert (entry["order"], entry["committee"], entry["round"], entry["reason"]) == ("", "new", 2, "")
    assert entry["ground"] == "vacancy"
    kept = [one.path for one in exhibits.of_evaluation(session, room.registry["keys"], room.tender)]
    assert f"evaluation/replacements/{entry['stop']}.json" in kept


def test_the_purchaser_cannot_name_its_own_people_for_an_experts_seat(session: Session) -> None:
    room = scoring_room(session)
    panel = room.found.panel
    assert panel is not None and panel.experts == sum(seat.kind == "expert" for seat in room.found.seats) > 0
    gone = next(
        user for user, row in zip(room.people, room.found.members, strict=False) if row.kind == "expert"
    )
    replace(room, gone)
    delegate = make_user(session, "tenderer", party=room.tender.tenderer, keys=room.registry["keys"])
    certify(session, delegate)
    buyer = purchase_of(room)
    with pytest.raises(Refused, match="panel.representatives"):
        name_representatives(session, room.registry, room.agent, buyer, [delegate.login], "letter")
    args = session, room.registry, panel, delegate.id, buyer.tenderer, "purchaser", ""
    assert seating.add_seat(*args).state == CALLED, "not of the panel before the committee is whole"
    sign_in(room, room.people[5])
    assert len(committee.everybody_of(room.registry["keys"], panel)) == 8, (
        "the other reserve stands there still"
    )


def test_a_representative_named_for_the_seat_of_one_takes_over(session: Session) -> None:
    room = scoring_room(session)
    panel = room.found.panel
    assert panel is not None
    row = next((row for row in room.found.seated if row.kind == "purchaser"), None)
    assert row is not None
    replace(room, next(user for user in room.people if user.id == row.user_id))
    delegate = make_user(session, "tenderer", party=room.tender.tenderer, keys=room.registry["keys"])
    certify(session, delegate)
    name_representatives(session, room.registry, room.agent, purchase_of(room), [delegate.login], "letter")
    sign_in(room, delegate)
    assert room.tender.state == "evaluating" and room.phase == "qualification" and room.found.complete


def stuck(room: Room) -> bool:
    panel = room.found.panel
    assert panel is not None
    return replacing.stuck(room.session, room.registry, panel)


def test_a_committee_is_whole_when_a_reserve_sits_before_the_evaluation(session: Session) -> None:
    room = with_reserves(session, reserves=1)
    assert room.tender.state == "evaluating"
    other = make_room(session, rules=SCORED)
    spare = make_user(session, "expert", keys=other.registry["keys"])
    certify(session, spare)
    line = {"login": spare.login, "name": spare.name, "employer": "", "kind": "expert", "head": False}
    raw = json.dumps(json.loads(other.list_file()) | {"reserves": [line]}).encode()
    seats.import_panel(session, other.registry, other.agent, other.tender.code, raw)
    for user in (*other.people[:1], *other.people[2:]):
        sign_in(other, user)
    with pytest.raises(Refused, match="panel.not-yours"):
        sign_in(other, spare)
    sign_in(other, other.people[1], "my brother bids")
    sign_in(other, spare)
    assert len(other.entries("panel.imported")) == 2 and other.found.complete


def test_nobody_is_replaced_without_a_seat_a_ground_a_reason_and_a_document(session: Session) -> None:
    room = scoring_room(session)
    with pytest.raises(Refused) as refused:
        seats.replace_member(
            room.session, room.registry, room.agent, room.tender.code, Order(9, "bored", " ", "", b"")
        )
    codes = [fault.code for fault in refused.value.faults]
    assert codes == ["panel.not-seated", "panel.ground", "panel.why", "panel.document"]


# --- after prices are known ------------------------------------------------------------------------


def open_prices(room: Room, passed: Sequence[str]) -> None:
    """The host has opened the second envelopes of the bids that passed."""
    bids = [bid.manifest for bid in room.found.bids.values() if bid.id in passed]
    now = database_now(room.session)
    room.session.add(
        SecondOpening(tender_id=room.tender.id, stage="price", act=canonical.dumps({"bids": sorted(bids)}), cms=b"",
                      started_at=now, window_ends_at=now, read_out_at=now)
    )  # fmt: skip
    room.session.flush()


def test_an_evaluation_stops_when_others_pass_than_those_whose_prices_are_known(session: Session) -> None:
    room = with_reserves(session, *[sheet(f"{price}.00") for price in (9000, 10000, 10500, 11000)])
    *passed, back = [party.uscc for party in room.bidders]
    vote(room, room.people[:3], "qualification", [back])
    vote(room, room.people[3:5], "qualification")
    open_prices(room, passed)
    assert room.phase == "conformity"
    replace(room, room.people[1])
    sign_in(room, room.people[5])
    room.vote(room.people[5], "qualification", [back])
    assert room.phase == "conformity", "the same bids pass"
    replace(room, room.people[5])
    sign_in(room, room.people[6])
    room.vote(room.people[6], "qualification")
    assert room.phase == "recount", "three of five now pass a bid whose price stays sealed"
    with pytest.raises(Refused, match="review.not-now"):
        room.vote(room.people[0], "conformity")
    ground = Ground("重新计票结果不一致", "说明.txt", PAPER)
    seats.stop(session, room.registry, room.agent, room.tender.code, ground)
    [entry] = room.entries("evaluation.reopened")
    assert (entry["ground"], entry["committee"], room.tender.state) == ("recount", "new", "opened")
    room.people = [make_user(session, "expert", keys=room.registry["keys"]) for _ in range(4)]
    room.people.append(make_user(session, "tenderer", party=room.tender.tenderer, keys=room.registry["keys"]))
    for user in room.people:
        certify(session, user)
    room.seat_all()
    vote(room, room.people[:4], "qualification", [back, passed[2]])
    assert room.phase == "qualification"
    room.vote(room.people[4], "qualification", [back])
    assert room.phase != "recount", (
        "made anew: whoever fails is left out, and everybody who passes has a price"
    )
    assert room.found.qualified() == sorted(passed[:2])


def test_prices_that_should_not_have_been_opened_stop_an_evaluation_too(session: Session) -> None:
    room = with_reserves(session, *[sheet(f"{price}.00") for price in (9000, 10000, 10500, 11000)])
    everybody = [party.uscc for party in room.bidders]
    vote(room, room.people[:3], "qualification")
    vote(room, room.people[3:5], "qualification", everybody[3:])
    open_prices(room, everybody)
    replace(room, room.people[1])
    sign_in(room, room.people[5])
    room.vote(room.people[5], "qualification", everybody[3:])
    assert room.phase == "recount"
    with pytest.raises(Refused, match="panel.why"):
        seats.stop(session, room.registry, room.agent, room.tender.code, Ground(" ", "x.txt", PAPER))
