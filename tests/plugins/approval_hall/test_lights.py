"""Lights over approvals and trading: yellow, red, out; each change once; letters and accountability follow."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pyramid.config import Configurator
from sqlalchemy import select
from sqlalchemy.orm import Session
from webtest import TestApp

from plugins.approval_hall.events import CaseTimed
from plugins.approval_hall.handling import service as handling
from plugins.approval_hall.intake import service as intake
from plugins.approval_hall.models import HallCase
from plugins.approval_hall.statistics import loading
from plugins.approval_hall.supervision import accountability, board, letters, lights, telling
from plugins.approval_hall.supervision.models import (
    HallAccountability,
    HallLight,
)
from tests.helpers import hall_user, log_in
from tests.plugins.approval_hall.supervised import Supervised, days_later
from tests.plugins.approval_hall.test_statistics import row, table
from tests.texting import telephones
from trading import clock
from trading.clock import database_now
from trading.db import committing
from trading.errors import Refused
from trading.ledger.service import entries_of
from trading.outbox import Promise

Ahead = Callable[[timedelta], None]


@pytest.fixture
def hall(session: Session, config: Configurator) -> Supervised:
    config.commit()
    return Supervised(session, config.registry)


@pytest.fixture
def ahead(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Ahead:
    """Let the clock run ahead by so much of real time."""
    monkeypatch.setenv(clock.CLOCK_FILE, str(tmp_path / "clock"))
    return lambda by: (tmp_path / "clock").write_text(str(int(by.total_seconds()))) and None


def look(hall: Supervised) -> None:
    lights.look(hall.session, hall.registry, {})


def entries(hall: Supervised, subject: str, type: str = "light.changed") -> list[dict[str, Any]]:
    found = [each for each in entries_of(hall.session, subject) if each.entry.type == type]
    return [each.payloads[0].document for each in found]


def test_five_departments_shine_green_from_the_acceptance_on_without_an_entry(hall: Supervised) -> None:
    case = hall.case()
    assert hall.lights() == dict.fromkeys(
        ("development", "planning", "environment", "water", "defence", "whole"), "green"
    )
    assert entries(hall, case.number) == []


def test_a_step_turns_yellow_and_red_by_promise_and_each_change_is_one_entry(
    hall: Supervised, ahead: Ahead
) -> None:
    case = hall.case()
    for _ in range(2):  # a second look, a promise kept twice: nothing more
        ahead(days_later(hall, case, 5))
        look(hall)
        lights.turn(hall.session, hall.registry, {"key": f"hall/{case.number}/step/defence"})
    assert hall.lights()["defence"] == "yellow", "four of five days have passed"
    assert hall.lights()["planning"] == "green"
    ahead(days_later(hall, case, 6))
    lights.turn(hall.session, hall.registry, {"key": f"hall/{case.number}/step/defence"})
    look(hall)
    assert hall.lights()["defence"] == "red"
    told = [
        (each["light"], each["department"])
        for each in entries(hall, case.number)
        if each["key"].endswith("/defence")
    ]
    assert told == [("yellow", "人民防空办公室"), ("red", "人民防空办公室")]


def test_a_machine_that_stood_still_writes_yellow_before_red(hall: Supervised, ahead: Ahead) -> None:
    case = hall.case()
    ahead(days_later(hall, case, 7))
    look(hall)
    assert hall.changes("defence") == ["yellow", "red"]
    assert hall.changes("water")[:1] == ["yellow"]


def test_a_step_done_in_time_goes_out_and_one_done_late_turns_red_first(
    hall: Supervised, ahead: Ahead
) -> None:
    case = hall.case()
    hall.end(case, "water")
    assert "water" not in hall.lights()
    assert hall.changes("water") == []
    ahead(days_later(hall, case, 10))
    look(hall)
    assert hall.changes("water") == [], "what is done stays done, however often somebody looks"
    hall.end(case, "defence")  # its promise of agreement by silence has not been kept yet
    assert "defence" not in hall.lights()
    assert hall.changes("defence") == ["yellow", "red"]
    look(hall)
    assert "defence" not in hall.lights()


def test_an_application_that_was_taken_up_late_turns_red_before_it_goes_out(
    hall: Supervised, ahead: Ahead
) -> None:
    case = hall.filed()
    look(hall)
    assert hall.lights() == {"intake": "green"}
    light = hall.session.scalars(select(HallLight).where(HallLight.key.endswith("/intake"))).one()
    assert (light.unit, light.department) == ("hall", "行政审批服务局")
    ahead(timedelta(days=14))
    intake.accept(hall.session, hall.registry, hall.clerk, case)
    assert "intake" not in hall.lights()
    assert hall.changes("intake") == ["yellow", "red"]


def test_cases_of_an_earlier_system_are_not_watched(hall: Supervised) -> None:
    over = row(1, rating="dissatisfied")
    still_open = row(2, decided="", closed="", outcome="")
    loading.load(hall.session, hall.registry, hall.clerk, table([over, still_open]), hall.owner.uscc)
    look(hall)
    for case in hall.session.scalars(select(HallCase)):
        hall.registry.notify(
            CaseTimed(hall.session, hall.registry, hall.clerk, case, database_now(hall.session))
        )
    assert hall.lights("") == {}


def test_a_step_that_is_paused_too_late_stays_red_and_its_lateness_counts_once(
    hall: Supervised, ahead: Ahead
) -> None:
    case = hall.case()
    ahead(days_later(hall, case, 10))
    look(hall)
    handling.pause(
        hall.session, hall.registry, hall.officers["water"], case, "water", "site-visit", "联合踏勘", "m.pdf",
        b"%PDF-1.4 minutes",
    )  # fmt: skip
    assert hall.lights()["water"] == "red"
    handling.resume(hall.session, hall.registry, hall.officers["water"], case, "water")
    look(hall)
    assert hall.changes("water") == ["yellow", "red"]


def test_agreement_by_silence_shows_as_red(hall: Supervised, ahead: Ahead) -> None:
    case = hall.case()
    ahead(days_later(hall, case, 6))
    handling.step_due(hall.session, hall.registry, {"case": case.number, "step": "defence"})
    assert hall.changes("defence") == ["yellow", "red"]
    types = [each.entry.type for each in entries_of(hall.session, case.number)]
    assert types.count("hall.step-deemed") == 1


def test_a_paused_step_does_not_age(hall: Supervised, ahead: Ahead) -> None:
    case = hall.case()
    handling.pause(
        hall.session,
        hall.registry,
        hall.officers["defence"],
        case,
        "defence",
        "site-visit",
        "联合踏勘",
        "m.pdf",
        b"%PDF-1.4 minutes",
    )
    assert hall.lights()["defence"] == "paused"
    ahead(days_later(hall, case, 20))
    look(hall)
    assert hall.lights()["defence"] == "paused"
    assert hall.changes("defence") == ["paused"]


def test_texts_go_to_who_is_on_duty_and_for_red_to_the_supervisors(hall: Supervised, ahead: Ahead) -> None:
    phones = telephones(hall.registry)
    case = hall.case()
    ahead(days_later(hall, case, 6))
    look(hall)
    waiting = hall.session.scalars(select(Promise).where(Promise.topic == telling.TELL)).all()
    for each in [*waiting, *waiting]:
        telling.tell(hall.session, hall.registry, each.payload)
    texts = [text for number, text in phones.sent.values() if number == "13900000004"]
    assert len(texts) == 2, "yellow and red, once each"
    assert all(case.number in text and "人防" in text for text in texts)
    assert not any(hall.owner.name in text or case.title in text for _, text in phones.sent.values())
    supervisors = [text for number, text in phones.sent.values() if number == "13900000099"]
    assert ["红灯" in text for text in supervisors] == [True]


def test_three_red_lights_of_a_department_open_one_case_of_accountability(
    hall: Supervised, ahead: Ahead
) -> None:
    made = [hall.case() for _ in range(4)]
    ahead(days_later(hall, made[0], 6))
    look(hall)
    found = list(hall.session.scalars(select(HallAccountability).where(HallAccountability.unit == "defence")))
    assert [(each.reds, each.person) for each in found] == [(3, "经办人defence")], (
        "the fourth waits for two more"
    )
    case = accountability.decide(
        hall.session, hall.supervisor, hall.supervisor.user_id, found[0].number, "talk", "已约谈"
    )
    assert case.outcome == "talk"
    with pytest.raises(Refused):
        accountability.decide(
            hall.session, hall.supervisor, hall.supervisor.user_id, case.number, "notice", "x"
        )


def test_a_letter_is_answered_once_and_its_own_time_is_watched(hall: Supervised, ahead: Ahead) -> None:
    case = hall.case()
    light = hall.session.scalars(select(HallLight).where(HallLight.key.endswith("/defence"))).one()
    letter = letters.issue(hall.session, hall.supervisor, hall.supervisor.user_id, light, "请说明原因", 5)
    look(hall)
    assert hall.lights("letter/") == {letter.number: "green"}
    ahead(timedelta(days=12))
    look(hall)
    assert hall.lights("letter/") == {letter.number: "red"}
    letters.answer(
        hall.session, hall.officers["defence"], hall.officers["defence"].user_id, letter, "人手不足，已补办"
    )
    look(hall)
    assert hall.lights("letter/") == {}
    with pytest.raises(Refused):
        letters.answer(
            hall.session, hall.officers["defence"], hall.officers["defence"].user_id, letter, "again"
        )
    assert [each["number"] for each in entries(hall, case.number, "letter.answered")] == [letter.number]


def test_a_letter_goes_only_to_somebody_who_can_answer(hall: Supervised) -> None:
    hall.case()
    light = hall.session.scalars(select(HallLight).where(HallLight.key.endswith("/defence"))).one()
    light.unit, light.department = "", "财政部门"  # as a complaint's authority, which is no party
    with pytest.raises(Refused) as refused:
        letters.issue(hall.session, hall.supervisor, hall.supervisor.user_id, light, "请说明原因", 5)
    assert refused.value.faults[0].code == "letter.nobody"


def test_the_page_of_a_light_offers_a_letter_where_somebody_can_answer(
    app: TestApp, config: Configurator
) -> None:
    reader, now = log_in(app, config, hall_user(config, "hall-supervisor")), clock.now()
    texts = dict.fromkeys(("tender", "title_en", "step_en", "item", "person", "rule", "route"), "")
    for unit, offered in (("defence", True), ("", False)):
        with committing(config.registry["sessions"]) as session:
            light = HallLight(
                key=f"x/{unit}", subject="SP1", title="项目", step="会签", kind="act", department="人防", unit=unit, certainty="V",
                where={}, discreet=False, started_at=now, light="green", light_since=now, **texts,
            )  # fmt: skip
            session.add(light)
            session.flush()
            address = f"/hall/lights/{light.id}"
        assert ('name="words"' in reader.get(address)) is offered


def test_what_is_for_the_authority_only_is_in_no_number_of_the_board(hall: Supervised, ahead: Ahead) -> None:
    case = hall.case()
    light = hall.session.scalars(select(HallLight).where(HallLight.key.endswith("/defence"))).one()
    ahead(days_later(hall, case, 6))
    look(hall)
    light.discreet = True
    letters.issue(hall.session, hall.supervisor, hall.supervisor.user_id, light, "请说明原因", 5)
    now = database_now(hall.session)
    lights.follow(
        hall.session, hall.registry, letters.clocks(hall.session, hall.registry, now), "letter/", now
    )
    open_to_all = board.board(hall.session, now, discreet=False)
    assert "人民防空办公室" not in {each.name for each in open_to_all.departments}
    assert (open_to_all.totals["red"], board.reds_of_year(hall.session, now, discreet=False)) == (0, {})
    theirs = board.board(hall.session, now, discreet=True)
    assert [(each.reds_this_year, sum(each.lights.values())) for each in theirs.departments[:1]] == [(1, 2)]


def test_the_board_counts_by_department_and_shows_what_is_behind_a_number(
    hall: Supervised, ahead: Ahead
) -> None:
    case = hall.case()
    ahead(days_later(hall, case, 6))
    look(hall)
    shown = board.board(hall.session, database_now(hall.session), discreet=True)
    first = shown.departments[0]
    assert (first.name, first.lights["red"], first.reds_this_year) == ("人民防空办公室", 1, 1)
    behind = board.of_department(hall.session, first.name, discreet=True)
    assert [(each.light, each.subject) for each in behind] == [("red", case.number)]
    assert shown.totals["red"] == 1
    assert {each.light for each in shown.urgent} == {"red", "yellow"}
