"""What somebody on the buyer's side, or in the room, might try with a committee that is drawn."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pyramid.config import Configurator
from sqlalchemy import text

from bidding.tenders.models import Tender
from expert_pool.advisory import service as advice
from expert_pool.advisory.commands import Ask
from expert_pool.experts import service as experts
from expert_pool.experts.models import PoolLimit
from expert_pool.selection import service
from expert_pool.selection.models import NameRefusal, Panel
from tests.expert_pool.pool import MINUTES, OFFICE
from tests.expert_pool.selection.hall import TAG, PanelHall, make_panel_hall
from tests.expert_pool.selection.test_drawn import drawn_rows
from tests.helpers import log_in, valid_code
from tests.tenders import actor_for
from trading import clock
from trading.accounts.models import User
from trading.ledger import canonical


@pytest.fixture
def hall(config: Configurator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PanelHall:
    return make_panel_hall(config, tmp_path, monkeypatch, others=5)


def name_delegate(hall: PanelHall, logins: list[str], status: Any = 201) -> Any:
    body = {"logins": logins, "letter": "授权"}
    return hall.people["buyer"].post(hall.api("/panel/representatives"), body, status).json


def test_a_login_written_in_two_ways_is_one_representative(hall: PanelHall) -> None:
    hall.ask()
    login = hall.people["delegate"].login
    name_delegate(hall, [login, login.upper()])
    assert hall.entries("panel.representatives")[0]["number"] == 1
    with hall.draws.db() as session:
        seats = service.seats_of(hall.registry["keys"], session.query(Panel).one())
    assert [seat.login for seat in seats] == [login]


def codes_of(answer: Any) -> list[str]:
    return [fault["code"] for fault in answer["faults"]]


def test_a_second_demand_does_not_draw_more_seats_than_the_first_left_empty(hall: PanelHall) -> None:
    first, second = hall.ask(), hall.ask(session=hall.demand()["session"] | {"place": "三楼评标室3"})
    hall.site.answers = dict.fromkeys(sorted(hall.experts)[:5], "D")
    hall.approve(first["demand"])
    hall.draws.to_the_freeze()
    hall.draws.work()
    hall.site.call_all()
    assert hall.people["agent"].get(hall.api("/panel/draw")).json["demand"] == second["demand"]
    assert codes_of(hall.approve(second["demand"], status=422)) == ["demand.strata"]


def test_a_demand_is_outdated_once_it_would_be_judged_by_something_else(hall: PanelHall) -> None:
    with hall.draws.db() as session:
        session.execute(text("UPDATE tender SET state = 'closed'"))
    before = hall.ask()["demand"]
    with hall.draws.db() as session:
        session.execute(text("UPDATE tender SET state = 'opened'"))
    assert codes_of(hall.approve(before, status=422)) == ["demand.outdated"]
    known = hall.ask()["demand"]
    with hall.draws.db() as session:
        session.merge(PoolLimit(name="cool_down_days", value=1, changed_at=clock.now()))
    assert codes_of(hall.approve(known, status=422)) == ["demand.outdated"]
    changed = hall.ask()["demand"]
    hall.draws.run_until(clock.now() + timedelta(hours=4))
    assert "demand.past" in codes_of(hall.approve(changed, status=422))


def move_to(hall: PanelHall, number: str, employer: str) -> None:
    """An expert of the pool has a new employer."""
    with hall.draws.db() as session:
        row, keys = experts.by_number(session, number), hall.registry["keys"]
        experts.seal_profile(keys, row, replace(experts.read(keys, row), employer=employer))


def test_who_has_gone_to_an_organisation_to_be_avoided_does_not_sit(hall: PanelHall) -> None:
    avoided = valid_code(777_777)
    hall.draw(avoid=[{"org": avoided, "reason": "设计单位"}])
    hall.site.call_all()
    early, late = hall.seated()[:2]
    move_to(hall, early, avoided)
    assert hall.arrive(early) == "recused"
    hall.site.call_all()
    assert hall.arrive(late) == "known"
    move_to(hall, late, avoided)
    assert hall.sign_in(hall.experts[late])["recused"]
    grounds = [entry["ground"] for entry in hall.entries("panel.member-recused")]
    assert grounds == ["employer-avoided", "employer-avoided"]


def attempts(hall: PanelHall) -> int:
    """How many arrivals without a seat are written down."""
    with hall.draws.db() as session:
        return session.query(NameRefusal).filter(NameRefusal.door == "arrival").count()


def test_whoever_comes_without_a_seat_is_written_down(hall: PanelHall) -> None:
    anybody = next(iter(hall.experts))
    assert (hall.arrive(anybody), attempts(hall)) == ("refused", 1)  # no draw runs
    hall.ready()
    first, second = hall.seated()[:2]
    assert (hall.arrive(first), attempts(hall)) == ("known", 1)
    hall.step_aside(hall.experts[first])
    hall.site.call_all()
    assert (hall.arrive(first), attempts(hall)) == ("refused", 2)  # removed; the device still opens it
    link(hall, second, None)
    assert (hall.arrive(second), attempts(hall)) == ("refused", 3)  # not of the pool
    link(hall, second, second)
    visit = hall.experts[second].post("/api/panel/here", {}, 201).json["visit"]
    with hall.draws.db() as session:
        service.dismiss(session, hall.code, clock.now())
    hall.site.answer_all()
    assert hall.experts[second].get(f"/api/panel/here/{visit}").json["state"] == "refused"
    assert attempts(hall) == 4


def link(hall: PanelHall, number: str, as_before: str | None) -> None:
    """The pool office takes an account off a person, or puts it back."""
    with hall.draws.db() as session:
        login = hall.experts[number].login
        user = session.query(User).filter(User.login == login).one()
        owner = experts.owner_key(hall.registry["keys"], user.id) if as_before else None
        experts.by_number(session, number).owner = owner


def test_the_head_can_be_chosen_once_a_lost_account_is_linked_again(hall: PanelHall) -> None:
    hall.ready()
    name_delegate(hall, [hall.people["delegate"].login])
    seats = {}
    for number in hall.seated():
        assert hall.arrive(number) == "known"
        seats[number] = hall.sign_in(hall.experts[number])["seat"]
    hall.sign_in(hall.people["delegate"])
    first, second, third, lost = seats
    for number in (first, second):
        assert not hall.experts[number].post(hall.api("/panel/head"), {"seat": seats[first]}).json["chosen"]
    link(hall, lost, None)
    answer = hall.experts[third].post(hall.api("/panel/head"), {"seat": seats[first]}, 422).json
    assert answer["code"] == "panel.unlinked"
    link(hall, lost, lost)
    assert hall.experts[third].post(hall.api("/panel/head"), {"seat": seats[first]}).json["chosen"]


def test_an_answer_to_a_demand_says_of_no_organisation_whether_it_has_experts(hall: PanelHall) -> None:
    said = hall.ask(avoid=[{"org": valid_code(777_777), "reason": "设计单位"}])
    assert not {"excluded", "avoided"} & said.keys()
    assert {"code": "avoided", "rule": "", "what": "< 5"} in said["warnings"]
    assert valid_code(777_777) not in str(said["warnings"])


def import_list(hall: PanelHall, status: Any = 201) -> Any:
    """Another pool's list: four experts and the delegate."""
    with hall.draws.db() as session:
        logins = [someone.login for someone in list(hall.experts.values())[:4]]
        names = {user.login: user.name for user in session.query(User)}
    people = [*((login, "expert") for login in logins), (hall.people["delegate"].login, "purchaser")]
    members = [
        {"login": login, "name": names[login], "employer": "", "kind": kind, "head": n == 0}
        for n, (login, kind) in enumerate(people)
    ]
    said = {"v": 1, "typ": "ebid.panel-list", "tender": hall.code, "source": "province", "members": members}
    return hall.people["agent"].post(hall.api("/panel"), said, status).json


def test_naming_representatives_is_no_approval_of_a_draw(hall: PanelHall) -> None:
    asked = hall.ask()["demand"]
    name_delegate(hall, [hall.people["delegate"].login])
    hall.sign_in(hall.people["delegate"])
    assert 'type="file"' in panel_page(hall), "the form for a list"
    import_list(hall)
    assert hall.approve(asked, status=422)["code"] == "panel.imported"
    with hall.draws.db() as session:
        panel = session.query(Panel).one()
        assert (panel.drawn, panel.size, panel.experts) == (False, 5, 4)
        assert len(service.seats_of(hall.registry["keys"], panel)) == 5


def test_no_list_replaces_a_committee_whose_draw_was_approved(hall: PanelHall) -> None:
    hall.approve(hall.ask()["demand"])
    assert 'type="file"' not in panel_page(hall)
    assert import_list(hall, 422)["code"] == "panel.drawn"


def test_whoever_advised_on_a_project_is_in_no_draw_for_it(hall: PanelHall) -> None:
    advisers = sorted(hall.experts)[:3]
    with hall.draws.db() as session:
        keys, tender = hall.registry["keys"], session.query(Tender).one()
        asker = actor_for(
            hall.registry, session.query(User).filter_by(login=hall.people["agent"].login).one()
        )
        advice.set_members(session, keys, OFFICE, advisers, "组建委员会", MINUTES)
        request = advice.ask(session, keys, asker, tender, Ask(subject="事项", question="问题是什么"), ())
        advice.convene(session, keys, OFFICE, request, tender, advisers)
    hall.ready()
    assert len(hall.seated()) == 4 and not set(hall.seated()) & set(advisers)
    rows = canonical.loads(drawn_rows(hall))
    assert sorted(row.get("x", "") for row in rows).count("advisory") == 3


def panel_page(hall: PanelHall) -> str:
    """What the agent sees of the committee."""
    browser = log_in(hall.app, hall.draws.config, hall.people["agent"].login)
    return str(browser.get(f"/tenders/{hall.code}/panel").text)


def test_a_hall_may_want_a_session_by_certificate_in_the_evaluation_room(hall: PanelHall) -> None:
    hall.ready()
    hall.registry.settings["access.certificate_for"] = "arrive"
    someone = hall.experts[hall.seated()[0]]
    assert someone.post("/api/panel/here", {}, 403)
    by_code = log_in(hall.app, hall.draws.config, someone.login)
    assert "/login/certificate?next=%2Fhere" in by_code.get("/here", status=303).location


def test_a_committee_without_seats_for_the_representatives_is_not_approved(hall: PanelHall) -> None:
    hall.ask()
    name_delegate(hall, [hall.people["delegate"].login])
    all_experts = hall.ask(experts=5, strata=[{"quota": 5, "tag": TAG}])["demand"]
    assert hall.approve(all_experts, status=422)["code"] == "demand.representatives"
