"""Steps that begin, and when everything is due (并联推进、到期日): worked out anew whenever something begins, ends or stands still."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from plugins.approval_hall import cases, limits
from plugins.approval_hall.catalogue import checking, flow
from plugins.approval_hall.catalogue.item import Item, Mode, modes
from plugins.approval_hall.events import CaseTimed
from plugins.approval_hall.models import HallCase, HallPause, HallStep
from trading.acts import Actor
from trading.outbox import promise
from trading.periods import Calendar, the_calendar

STEP_DUE = "hall.step-due"
OPEN = ("running", "paused")


def begin(session: Session, case: HallCase, item: Item, at: datetime) -> list[HallStep]:
    """Start every step whose turn it is; none once a department has refused."""
    there = cases.steps(session, case)
    if any(step.state == "refused" for step in there):
        return []
    ended = {step.key for step in there if step.state not in OPEN}
    begun = {step.key for step in there}
    stages = {step.key: stage.key for stage in item.stages for step in stage.steps}
    days = step_days(item, modes()[case.mode])
    started = [
        HallStep(
            case_id=case.id, stage=stages[step.key], key=step.key, department=step.department, days=days[step.key],
            deemed=step.deemed, state="running", started_at=at,
        )
        for step in flow.startable(item, ended, begun)
    ]  # fmt: skip
    session.add_all(started)
    session.flush()
    return started


def step_days(item: Item, mode: Mode) -> dict[str, int]:
    """The working days of every step; where the promised time is cut each branch is cut with it, by the day that it is due on. A
    step that has no whole day left is due on the day it begins."""
    if mode.clock != "cut":
        return {step.key: step.days for step in item.steps}
    given = checking.promised_days(item, mode)
    whole = max(flow.parallel(item), checking.promised_days(item))
    return {
        span.step.key: span.end * given // whole - span.start * given // whole if whole else 0
        for span in flow.spans(item)
    }


def recount(session: Session, case: HallCase, item: Item, calendar: Calendar | None = None) -> None:
    """Work out what is due when; a step that counts as agreed by silence is promised for its new end."""
    days = calendar or the_calendar()
    for step in cases.steps(session, case):
        if step.state in OPEN:
            stopped = limits.pauses_from(cases.pauses(session, case, step))
            step.state = "paused" if any(each.end is None for each in stopped) else "running"
            due = limits.due_at(step.started_at, step.days, days, stopped)
            if step.deemed and due is not None and due != step.due_at:
                promise(session, STEP_DUE, {"case": case.number, "step": step.key}, due)
            step.due_at = due
    if case.accepted_at is not None:
        stopped = limits.pauses_from(stopping(session, case, item))
        case.promised_due = limits.due_at(case.accepted_at, case.promised, days, stopped)
        case.statutory_due = limits.due_at(case.accepted_at, case.statutory, days, stopped)
    session.flush()


def stopping(session: Session, case: HallCase, item: Item) -> list[HallPause]:
    """The pauses that stop the clock of the whole case: its own, those of steps on the longest branch, and of a step that has
    become the longest by them. Time that another branch has to spare is no reason to keep the applicant waiting."""
    there, rows = cases.steps(session, case), cases.pauses(session, case)
    longest = set(flow.critical(item))

    def chosen() -> list[HallPause]:
        ids = {step.id for step in there if step.key in longest}
        return [row for row in rows if row.step_id is None or row.step_id in ids]

    begun, calendar = case.accepted_at, the_calendar()
    due = begun and limits.due_at(begun, case.promised, calendar, limits.pauses_from(chosen()))
    if due is not None:
        longest |= {step.key for step in there if step.due_at is not None and step.due_at > due}
    return chosen()


def told(started: list[HallStep], item: Item) -> dict[str, Any]:
    """What an entry says of steps that began, and to which departments copies went (抄告相关)."""
    stages = {stage.key: stage for stage in item.stages}
    named = [
        {
            "step": step.key,
            "department": step.department,
            "days": step.days,
            "due": limits.shown_day(step.due_at),
        }
        for step in started
    ]
    copies = sorted({each for step in started for each in flow.told(stages[step.stage])})
    return {"started": named, "copies": copies} if named else {}


def tell(session: Session, registry: Any, actor: Actor, case: HallCase, at: datetime) -> None:
    """Let whoever follows the clocks of this case look."""
    registry.notify(CaseTimed(session, registry, actor, case, at))
