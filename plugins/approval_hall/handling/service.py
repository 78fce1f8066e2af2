"""Departments at work on a case (部门办理): their steps, agreement by silence, time that is not counted."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from plugins.approval_hall import cases, limits, place
from plugins.approval_hall.catalogue.item import Item
from plugins.approval_hall.events import StepEnded
from plugins.approval_hall.handling import clocks
from plugins.approval_hall.intake.service import facts
from plugins.approval_hall.models import HallCase, HallPause, HallStep
from plugins.approval_hall.papers import documents, keeping
from plugins.approval_hall.staff import posts
from trading.acts import Actor, process
from trading.clock import database_now
from trading.errors import Fault, Refused, refuse
from trading.outbox import promise
from trading.web import _, beijing

OUTCOMES = ("passed", "refused")


def find_step(session: Session, case: HallCase, key: str) -> HallStep:
    """Raises Refused `hall.no-step` for a step that has not begun."""
    found = next((step for step in cases.steps(session, case) if step.key == key), None)
    if found is None:
        raise refuse("hall.no-step", _("This step has not begun, or there is none"))
    return found


def end_step(
    session: Session, registry: Any, actor: Actor, case: HallCase, key: str, outcome: str, opinion: str = ""
) -> None:
    """A department gives its opinion; whatever waited for it begins; entry `hall.step-ended`. Raises Refused `hall.no-step`,
    `hall.step-over`, `hall.paused`, `hall.opinion`, `hall.seal-only`, `hall.not-yours`, `hall.not-on-duty`."""
    place.check(registry, actor, "step", case.number)
    step, item = find_step(session, case, key), cases.item_of(session, case)
    posts.expect(session, actor, step.department, item.department(step.department))
    if step.state not in clocks.OPEN or case.state != "accepted":
        raise refuse("hall.step-over", _("This step is over already"))
    if step.state == "paused":
        raise refuse(
            "hall.paused",
            _("The clock of this step stands still; let it go on first"),
            rule=limits.article("pause"),
        )
    if outcome not in OUTCOMES:
        raise refuse("hall.outcome", _("Choose one of the list"), field="outcome")
    if item.step(key).kind == "seal" and (outcome != "passed" or opinion.strip()):
        raise refuse(
            "hall.seal-only", _("This step seals what was sealed before: it is not reviewed again"), field="opinion", rule="HALL 30",
            remedy=_("Look at the seals of the steps before, and seal."),
        )  # fmt: skip
    if outcome == "refused" and not opinion.strip():
        raise refuse(
            "hall.opinion", _("Whoever does not agree says why in writing"), field="opinion", rule="LIC 38",
            remedy=_("The applicant reads the reason in the decision."),
        )  # fmt: skip
    step.state, step.ended_at, step.by_id, step.opinion = (
        outcome,
        database_now(session),
        actor.user_id,
        opinion.strip(),
    )
    session.flush()
    said = {"step": key, "department": step.department, "outcome": outcome}
    go_on(session, registry, actor, case, item, step, "hall.step-ended", said)


def go_on(
    session: Session,
    registry: Any,
    actor: Actor,
    case: HallCase,
    item: Item,
    step: HallStep,
    type: str,
    said: dict[str, Any],
) -> None:
    """After a step: what waited for it begins, and with the last one the case is ready to be decided."""
    assert step.ended_at is not None, "the step has just ended"
    begun = clocks.begin(session, case, item, step.ended_at)
    clocks.recount(session, case, item)
    cases.note(session, actor, type, case, {**said, **clocks.told(begun, item)}, step.ended_at)
    if not any(each.state in clocks.OPEN for each in cases.steps(session, case)):
        cases.advance(session, case, "review")
        case.reviewed_at = step.ended_at
        session.flush()
    registry.notify(StepEnded(session, registry, actor, case, step.ended_at, step, step.state))
    clocks.tell(session, registry, actor, case, step.ended_at)


def step_due(session: Session, registry: Any, payload: dict[str, Any]) -> None:
    """Keep the promise `hall.step-due`: the time of a step between departments is over without a word, so the department is taken
    to agree (超时默许); entry `hall.step-deemed`. A licence to somebody outside is never given so."""
    case, now = cases.find(session, payload["case"], lock=True), database_now(session)
    step = next((each for each in cases.steps(session, case) if each.key == payload["step"]), None)
    if (
        step is None
        or step.state != "running"
        or not step.deemed
        or case.state != "accepted"
        or step.due_at is None
    ):
        return
    if step.due_at > now:
        promise(session, clocks.STEP_DUE, payload, step.due_at)
        return
    item, due = cases.item_of(session, case), step.due_at
    step.state, step.ended_at = "deemed", now
    session.flush()
    said = {"step": step.key, "department": step.department, "due": limits.shown_day(due), "light": "red"}
    go_on(session, registry, process("hall"), case, item, step, "hall.step-deemed", said)


def pause(
    session: Session,
    registry: Any,
    actor: Actor,
    case: HallCase,
    key: str,
    ground: str,
    words: str,
    name: str,
    data: bytes,
) -> HallPause:
    """Stop the clock of a step, or with key "" of the whole case, for one of the grounds of the law, with a reason and the document
    that proves it; the applicant is told in writing; entry `hall.paused`. Raises Refused with every fault."""
    place.check(registry, actor, "pause", case.number)
    item = cases.item_of(session, case)
    step = find_step(session, case, key) if key else None
    department = step.department if step else item.lead
    posts.expect(session, actor, department, item.department(department))
    if case.state != "accepted" or (step is not None and step.state != "running"):
        raise refuse("hall.pause-state", _("Only a clock that runs can be stopped"))
    if step is None and any(
        row.step_id is None and row.ended_at is None for row in cases.pauses(session, case)
    ):
        raise refuse("hall.pause-state", _("Only a clock that runs can be stopped"))
    if faults := _pause_faults(ground, words, data):
        raise Refused(faults)
    at = database_now(session)
    row = HallPause(
        case_id=case.id, step_id=step.id if step else None, ground=ground, words=words.strip(),
        paper=keeping.keep(session, registry["keys"], case, name, data, "paper"), started_at=at,
    )  # fmt: skip
    session.add(row)
    session.flush()
    clocks.recount(session, case, item)
    shown = limits.grounds()[ground].zh
    documents.issue(
        session, case, "pause", at, facts(session, registry, case, item),
        [f"自 {beijing(at, '%Y年%m月%d日')} 起，因{shown}所需时间不计入办理期限（行政许可法第四十五条）。", f"事由：{row.words}"],
    )  # fmt: skip
    payload = {"ground": ground, "reason": row.words, "paper": row.paper, "step": key}
    cases.note(session, actor, "hall.paused", case, payload, at)
    clocks.tell(session, registry, actor, case, at)
    return row


def _pause_faults(ground: str, words: str, data: bytes) -> list[Fault]:
    rule, found = limits.article("pause"), []
    if ground not in limits.grounds():
        found.append(Fault("hall.pause-ground", _("Choose one of the grounds of the law"), "ground", rule))
    if not words.strip():
        found.append(Fault("hall.pause-reason", _("Without a reason no clock stands still"), "words", rule))
    if not data:
        found.append(
            Fault("hall.pause-paper", _("Without a document no clock stands still"), "paper", rule,
                  _("Add the summons, the commission or the minutes that show it."))
        )  # fmt: skip
    return found


def resume(session: Session, registry: Any, actor: Actor, case: HallCase, key: str) -> None:
    """Let the clock of a step, or of the whole case, go on; entry `hall.resumed`. Raises Refused `hall.no-pause`."""
    place.check(registry, actor, "resume", case.number)
    item = cases.item_of(session, case)
    step = find_step(session, case, key) if key else None
    department = step.department if step else item.lead
    posts.expect(session, actor, department, item.department(department))
    wanted = step.id if step else None
    row = next((r for r in cases.pauses(session, case) if r.ended_at is None and r.step_id == wanted), None)
    if row is None:
        raise refuse("hall.no-pause", _("This clock does not stand still"))
    row.ended_at = database_now(session)
    session.flush()
    clocks.recount(session, case, item)
    cases.note(session, actor, "hall.resumed", case, {"step": key, "ground": row.ground}, row.ended_at)
    clocks.tell(session, registry, actor, case, row.ended_at)
