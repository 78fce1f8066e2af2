"""The deadlines of cases (办件时限): the notice of what is missing, each department's step, the promised time as a whole,
papers that were promised."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from plugins.approval_hall import cases, limits
from plugins.approval_hall.catalogue.item import Item
from plugins.approval_hall.catalogue.publishing import library
from plugins.approval_hall.handling import ceilings, tasks
from plugins.approval_hall.handling.clocks import stopping
from plugins.approval_hall.handling.deciding import spent_days
from plugins.approval_hall.models import HallCase, HallMaterial, HallPause, HallTask
from plugins.approval_hall.staff import posts
from plugins.approval_hall.supervision.thresholds import threshold, thresholds
from trading.clock import database_now
from trading.deadlines import Deadline, Threshold
from trading.interfaces import IAccounts
from trading.periods import Clock, the_calendar
from trading.web import _

RUNNING = ("prefiled", "accepted", "reviewed")
AT_WORK = ("running", "paused")
HALL = "hall"
"""the department of the window itself"""


def clocks(session: Session, registry: Any, now: datetime) -> list[Deadline]:
    """The port IClockSource: everything that runs in cases."""
    inspected = select(HallTask.case_id).where(HallTask.kind == tasks.INSPECTION, HallTask.ended_at.is_(None))
    query = select(HallCase).where(
        HallCase.state.in_(RUNNING) | HallCase.id.in_(inspected), HallCase.filed_by.is_not(None)
    )
    query = query.order_by(HallCase.number)
    found = (each for case in session.scalars(query) for each in of_case(session, registry, case))
    return [each for each in found if each.stopped is None]


def prefix(case: HallCase) -> str:
    """How the keys of a case's deadlines begin."""
    return f"hall/{case.number}/"


def of_case(session: Session, registry: Any, case: HallCase) -> list[Deadline]:
    """What runs in one case, and what was ended in it, with when. Those of an earlier system, which nobody filed
    here, are counted, not watched."""
    if case.filed_by is None:
        return []
    item = cases.item_of(session, case)
    own = item_threshold(registry, item)
    pauses = cases.pauses(session, case)
    found = [
        *of_intake(session, registry, case, item),
        *of_whole(case, item, stopping(session, case, item)),
        *of_steps(session, registry, case, item, pauses),
        *of_ceilings(session, case, item, pauses),
        *of_tasks(session, case, item),
    ]
    return [each if own is None else replace(each, threshold=own) for each in found]


def item_threshold(registry: Any, item: Item) -> Threshold | None:
    """The item's own `[lights]`, None when it has none."""
    row = item.raw.get("lights")
    return threshold(row, thresholds(registry.settings["approval_hall.lights"]).default) if row else None


def of_intake(session: Session, registry: Any, case: HallCase, item: Item) -> Iterator[Deadline]:
    """From the filing on: accept, or tell once what is missing (LIC 32)."""
    if case.filed_at is not None and case.state == "prefiled":
        clock = limits.clock(case.filed_at, limits.days("tell"))
        yield deadline(case, item, "intake", _("Accept, or tell what is missing"), HALL, case.filed_at, clock,
                       department=hall_name(registry), rule=limits.article("tell"))  # fmt: skip
    promised = select(HallMaterial).where(HallMaterial.case_id == case.id, HallMaterial.state == "promised")
    for each in session.scalars(promised):
        if case.accepted_at is not None and each.due_at is not None and each.failed_at is None:
            yield deadline(case, item, f"gap-{each.key}", _("Paper that was promised"), "", case.accepted_at, None,
                           due=each.due_at, kind="period", rule=limits.article("gaps"))  # fmt: skip


def of_whole(case: HallCase, item: Item, pauses: list[HallPause]) -> Iterator[Deadline]:
    """The promised time of the whole case, which its leading department answers for."""
    if case.accepted_at is None:
        return
    still = limits.pauses_from(pauses)
    clock = limits.clock(case.accepted_at, case.promised, still)
    yield deadline(case, item, "whole", _("Decision within the promised time"), item.lead, case.accepted_at, clock,
                   stopped=case.decided_at)  # fmt: skip


def of_steps(
    session: Session, registry: Any, case: HallCase, item: Item, pauses: list[HallPause]
) -> Iterator[Deadline]:
    """Each department's step, with who is on duty there."""
    for step in cases.steps(session, case):
        still = limits.pauses_from([pause for pause in pauses if pause.step_id in (None, step.id)])
        words = item.step(step.key).name
        ended = None if step.state in AT_WORK else step.ended_at
        yield deadline(
            case, item, f"step/{step.key}", words.zh, step.department, step.started_at,
            limits.clock(step.started_at, step.days, still), step_en=words.of("en"), stopped=ended,
            person=in_charge(session, registry, step.department),
        )  # fmt: skip


def of_ceilings(session: Session, case: HallCase, item: Item, pauses: list[HallPause]) -> Iterator[Deadline]:
    """Natural days of the whole and of the stages (双限时), and working days that may stand still (不计时上限)."""
    calendar, now = the_calendar(), database_now(session)
    if whole := ceilings.whole(case, item, calendar, now):
        yield deadline(case, item, whole.key, _("Decision within the natural days"), whole.lead, whole.started, whole.clock,
                       stopped=whole.ended)  # fmt: skip
    for each in ceilings.stages(case, item, cases.steps(session, case), calendar, now):
        yield deadline(case, item, each.key, each.name.zh, each.lead, each.started, each.clock,
                       step_en=each.name.of("en"), stopped=each.ended)  # fmt: skip
    still = [pause for pause in stopping(session, case, item) if pause.ended_at is None]
    if item.untimed >= 0 and still and case.accepted_at is not None and case.decided_at is None:
        begun = min(pause.started_at for pause in still)
        left = max(item.untimed - spent_days(session, case, begun).untimed, 0)
        yield deadline(case, item, "untimed", _("Time that may stand still"), item.lead, begun,
                       limits.clock(begun, left), rule=limits.article("pause"))  # fmt: skip


def of_tasks(session: Session, case: HallCase, item: Item) -> Iterator[Deadline]:
    """Inspections of commitments."""
    for task in tasks.of_case(session, case, tasks.INSPECTION):
        yield deadline(case, item, f"inspection-{task.id}", _("Inspection of a commitment"), task.department, task.made_at,
                       limits.clock(task.made_at, task.days), stopped=task.ended_at, rule="BIZ 40")  # fmt: skip


def hall_name(registry: Any) -> str:
    """What the hall's own department is called: an item names only the departments of its steps."""
    return library(registry).departments[HALL].zh


def in_charge(session: Session, registry: Any, department: str) -> str:
    """Who is on duty in a department, by name; "" for nobody."""
    duty = posts.on_duty(session, department)
    return registry.getUtility(IAccounts).get(session, duty).name if duty else ""


def deadline(
    case: HallCase,
    item: Item,
    name: str,
    step: str,
    unit: str,
    started: datetime,
    clock: Clock | None,
    **other: Any,
) -> Deadline:
    """A deadline of a case; the entries about it stand in the case's trail."""
    facts: dict[str, Any] = {
        "key": prefix(case) + name,
        "subject": case.number,
        "title": item.name.zh,
        "title_en": item.name.of("en"),
        "department": item.department(unit) if unit else "",
        "unit": unit,
        "route": "hall-case",
        "where": {"number": case.number},
        "tender": case.number,
        "item": f"{case.item}.{name.rpartition('/')[2]}",
    }
    return Deadline(step=step, started=started, clock=clock, **(facts | other))
