"""Double limits, the green channel, time that is not counted, notice and commitment, revocation: data on the one engine."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Session

from plugins.approval_hall import cases, limits
from plugins.approval_hall.catalogue import checking, library
from plugins.approval_hall.catalogue.item import ItemError, modes, parse
from plugins.approval_hall.handling import ceilings, clocks, deciding, revoking, service, tasks
from plugins.approval_hall.intake import commitment
from plugins.approval_hall.intake import service as intake
from plugins.approval_hall.models import HallIssued
from plugins.approval_hall.statistics import counting
from plugins.approval_hall.statistics.counting import Period
from plugins.approval_hall.supervision import case_deadlines
from tests.plugins.approval_hall.scene import FILE, Quick
from tests.plugins.approval_hall.test_cases import begun, codes
from tests.plugins.approval_hall.test_items import TINY
from trading.clock import database_now
from trading.periods import beijing_date, the_calendar

VERIFICATION = "project-verification"


def filed(scene: Quick, estimate: str, *keys: str) -> str:
    number = begun(scene, *keys)
    scene.act("applicant", lambda db, reg, who, case: intake.change(db, case, {"place": "城东", "estimate": estimate}, "新厂"), number)  # fmt: skip
    scene.act("applicant", intake.submit, number)
    return number


def pass_all(scene: Quick, number: str) -> None:
    """Every department agrees as soon as its turn comes."""
    while open_ones := [
        s for s in scene.read(lambda db: cases.steps(db, scene.case(number))) if s.state == "running"
    ]:
        for step in open_ones:
            words = "" if scene.item.step(step.key).kind == "seal" else "同意"
            if not words:  # 见章盖章
                for said in (("passed", "再看一遍"), ("refused", "不同意")):
                    assert codes(scene, f"{step.department}-A", service.end_step, number, step.key, *said) == ["hall.seal-only"]  # fmt: skip
            scene.act(f"{step.department}-A", service.end_step, number, step.key, "passed", words)


def kinds_issued(scene: Quick, number: str) -> list[str]:
    found = scene.read(lambda db: db.query(HallIssued).filter_by(case_id=scene.case(number).id).all())
    return [row.kind for row in found]


def shift(scene: Quick, number: str, days: int) -> None:
    """What happened so far happened so many days ago."""

    def back(db: Session) -> None:
        case, ago = cases.find(db, number), timedelta(days=days)
        case.accepted_at = case.accepted_at and case.accepted_at - ago
        for row in (*cases.steps(db, case), *cases.pauses(db, case)):
            row.started_at -= ago
            if row.ended_at is not None:
                row.ended_at -= ago
        clocks.recount(db, case, cases.item_of(db, case))

    scene.read(back)


def test_natural_days_run_on_while_working_days_stand_still_and_either_gives_a_red_light(
    session: Session, tmp_path: Path
) -> None:
    scene = Quick(session, tmp_path, VERIFICATION)
    number = filed(scene, "900000", "report", "site", "design")
    scene.act("clerk", intake.accept, number)
    scene.act("development-A", service.end_step, number, "meeting", "passed", "同意")
    scene.act("development-A", service.pause, number, "verify", "expert-review", "专家评审", *FILE)
    shift(scene, number, 60)
    now, days, case, item = database_now(session), the_calendar(), scene.case(number), scene.item
    whole = ceilings.whole(case, item, days, now)
    assert whole is not None and (whole.used, whole.days, whole.light) == (60, 140, "green")
    (phase,) = ceilings.stages(case, item, cases.steps(session, case), days, now)
    assert (phase.name.zh, phase.days, phase.used, phase.light) == ("立项核准", 15, 60, "red")
    spent = deciding.spent_days(session, case)
    assert spent.timed <= 1 and spent.untimed > item.untimed == 20
    found = {
        each.key.rpartition("/")[2]: each for each in case_deadlines.of_case(session, scene.registry, case)
    }
    assert found.keys() >= {"natural", "phase-verification", "untimed", "whole"}
    still = found["untimed"].clock
    assert still is not None and still.amount == 20 and limits.due_at(still.started, 20, days) < now  # type: ignore[operator]
    assert (
        found["whole"].clock is not None
        and limits.due_at(case.accepted_at, 31, days, found["whole"].clock.pauses) is None
    )  # type: ignore[arg-type]
    shift(scene, number, 90)
    case = scene.case(number)
    whole = ceilings.whole(case, item, days, now)
    assert whole is not None and (whole.used, whole.light) == (150, "red")
    scene.act("development-A", service.resume, number, "verify")
    pass_all(scene, number)
    scene.act("head", deciding.decide, number, "approved")
    today = beijing_date(now)
    (row,) = [
        row for row in counting.count(session, Period(today, today), days).still if row.item == VERIFICATION
    ]
    assert (row.before, row.ceiling, row.cases, row.above, row.saved.shown()) == (
        41,
        20,
        1,
        1,
        "51.22 % (21/41)",
    )
    assert row.untimed > 90


def test_a_large_project_takes_the_green_channel_by_itself_with_a_notice_a_tracker_and_half_the_time(
    session: Session, tmp_path: Path
) -> None:
    scene = Quick(session, tmp_path, VERIFICATION)
    small, middle, large = (
        filed(scene, amount, "report", "site", "design") for amount in ("4999999.99", "5000000", "10000000")
    )
    for number in (small, middle, large):
        scene.act("clerk", intake.accept, number)
    who = scene.people["clerk"].id
    found = {number: [(t.kind, t.user_id) for t in scene.read(lambda db, n=number: tasks.of_case(db, scene.case(n)))] for number in (small, middle, large)}  # fmt: skip
    assert found == {small: [], middle: [("agency", who)], large: [("agency", who), ("tracker", who)]}
    assert [(scene.case(n).kind, scene.case(n).promised) for n in (small, middle, large)] == [
        ("joint", 31), ("joint", 31), ("special", 15),
    ]  # fmt: skip
    assert "green" in kinds_issued(scene, large) and "green" not in kinds_issued(scene, middle)
    paper = session.query(HallIssued).filter_by(kind="green").one()
    assert ["跟踪服务人员", scene.people["clerk"].name] in paper.content["rows"]
    today = beijing_date(database_now(session))
    number, share = counting.count(session, Period(today, today), the_calendar()).green
    assert (number, share.shown()) == (1, "51.61 % (16/31)")


def test_the_green_channel_cuts_every_item_by_half_at_least_and_to_twenty_days_at_most() -> None:
    for item in library.load().items.values():
        usual, cut = checking.promised_days(item), checking.promised_days(item, modes()["special"])
        assert cut <= 20 and (2 * cut <= usual or usual < 2)
    assert problems(TINY.replace("promised = 5", "promised = 1").replace("days = 5", "days = 1").replace("days = 2", "days = 1")
                    + '[green]\nfield = "trees"\nleast = 10\n') == {"hall.item-green"}  # fmt: skip


def problems(text: str) -> set[str]:
    return {fault.code for fault in checking.faults(parse(text))}


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("promised = 5 }", "promised = 5, natural = 4 }", "hall.item-natural"),
        ("promised = 5 }", "promised = 5, gap_days = 16 }", "hall.item-gaps"),
        ("promised = 5 }", "promised = 5, untimed = 9, untimed_before = 8 }", "hall.item-untimed"),
        ('lead = "parks"\nstep', 'lead = "parks"\nnatural = 9\nstep', "hall.item-natural"),
        ('zh = "会签", days = 2, deemed = true', 'zh = "会签", days = 2, kind = "meeting"', "hall.item-meeting"),
        ("[[stage]]", 'green = { field = "place", least = 5 }\n[[stage]]', "hall.item-least"),
        ("[[stage]]", 'agency = { field = "none", least = 5 }\n[[stage]]', "hall.item-least"),
        ('zh = "砍伐方案" }', 'zh = "砍伐方案", committed = true }', "hall.item-commitment"),
        ("[[stage]]", 'commitment = { zh = "属实", department = "parks", days = 9 }\n[[stage]]', "hall.item-commitment"),
        ("promised = 5 }", "promised = 25 }", "hall.item-late"),
        ('zh = "会签", days = 2, deemed = true', 'zh = "会签", days = 2, kind = "seal"', "hall.item-seal"),
        ('department = "roads"', 'department = "nobody"', "hall.item-department"),
        ('department = "roads", zh = "会签"', 'department = "roads", after = ["roads"], zh = "会签"', "hall.item-cycle"),
        ('fee = { zh = "不收费" }', "", "hall.item-empty"),
        ("promised = 5 }", "promised = 5, unit = 1 }", "hall.item-unknown"),
        ('days = 5 }', 'days = 5, deamed = true }', "hall.item-unknown"),
        ('days = 5 }', 'days = 5, after = ["nobody"] }', "hall.item-after"),
        ('lead = "parks"', 'lead = "park"', "hall.item-lead"),
    ],
)  # fmt: skip
def test_a_file_that_contradicts_itself_is_not_published_and_says_what(old: str, new: str, code: str) -> None:
    assert old in TINY and code in problems(TINY.replace(old, new, 1))
    for wrong in (
        'fee = { zh = "x", yuan = "many" }',
        'fee = { zh = "x", yuan = true }',
        'fee = { zh = "x", yuan = -1 }',
    ):
        with pytest.raises(ItemError, match="fee.yuan"):
            parse(TINY.replace('fee = { zh = "不收费" }', wrong))


def test_a_broken_file_of_departments_or_of_an_item_takes_nothing_else_with_it(tmp_path: Path) -> None:
    (tmp_path / "departments.toml").write_text("departments = 3")
    (tmp_path / "tree.toml").write_text(TINY.replace("statutory = 20", "statutory = 2.5"))
    (tmp_path / "other.toml").write_text(TINY.replace('"tree"', '"other"'))
    found = library.load([tmp_path])
    assert {Path(name).name: error.place for name, error in found.broken.items()} == {
        "departments.toml": "departments", "tree.toml": "limit.statutory",
    }  # fmt: skip
    assert "other" in found.items and checking.faults(found.items["other"]) == []


def test_what_is_granted_on_commitment_is_inspected_and_falls_when_it_was_not_true(
    session: Session, tmp_path: Path
) -> None:
    scene = Quick(session, tmp_path, "food-permit")
    number = begun(scene, "form", channel="window")
    scene.act("clerk", intake.submit, number)
    assert codes(scene, "clerk", commitment.commit, number) == ["hall.unsigned"]
    assert scene.act("clerk", commitment.commit, number, b"", FILE) == ["layout", "rules"]
    assert codes(scene, "clerk", commitment.commit, number, b"", FILE) == ["hall.no-commitment"]
    scene.act("clerk", intake.accept, number)
    scene.act("market-A", service.end_step, number, "decide", "passed", "同意")
    assert codes(scene, "head", revoking.revoke, number, "理由") == ["hall.no-ground"]
    scene.act("head", deciding.decide, number, "approved")
    scene.act("head", deciding.file_result, number, *FILE)
    scene.act("head", deciding.close, number)
    (task,) = scene.read(lambda db: tasks.of_case(db, scene.case(number)))
    assert (task.kind, task.department, task.days, task.ended_at) == ("inspection", "market", 40, None)
    running = scene.read(lambda db: case_deadlines.clocks(db, scene.registry, database_now(db)))
    assert [each.key for each in running] == [f"hall/{number}/inspection-{task.id}"], (
        "after the case is closed"
    )
    faults = codes(scene, "market-A", tasks.inspect, number, "", "", "", b"")
    assert faults == ["hall.outcome", "hall.opinion", "hall.inspection-paper"]
    scene.act("market-A", tasks.inspect, number, "broken", "没有食品安全管理人员", *FILE)
    scene.act("head", revoking.revoke, number, "承诺不实")
    case = scene.case(number)
    assert (case.state, case.outcome) == ("revoked", "revoked")
    assert kinds_issued(scene, number)[-1] == "revocation" and codes(scene, "head", revoking.revoke, number, "再") == ["hall.revoke"]  # fmt: skip
    told = [type for type, _ in scene.entries(number)]
    assert [each for each in told if each in ("hall.committed", "hall.inspected", "hall.revoked")] == [
        "hall.committed", "hall.inspected", "hall.revoked",
    ]  # fmt: skip
    other = begun(scene, "form", channel="window")
    assert codes(scene, "clerk", commitment.commit, other, b"", FILE) == ["hall.commitment-record"]


def test_an_item_with_a_fee_charges_it_once_when_it_is_granted(session: Session, tmp_path: Path) -> None:
    text = re.sub(r"fee = .*", 'fee = { zh = "每件 120.50 元", yuan = "120.50" }', TINY)
    (tmp_path / "tree.toml").write_text(text)
    scene = Quick(session, tmp_path, "tree", tmp_path)
    number = begun(scene, "plan")
    scene.act("applicant", intake.submit, number)
    scene.act("clerk", intake.accept, number)
    pass_all(scene, number)
    scene.act("head", deciding.decide, number, "approved")
    decided: dict[str, Any] = dict(scene.entries(number))["hall.decided"]
    assert (scene.case(number).fee, decided["fee"]) == (12050, "120.50")
