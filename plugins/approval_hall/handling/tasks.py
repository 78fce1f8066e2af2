"""What is to be done about a case beside its steps (任务): a named tracker of the green channel (绿色通道), somebody who accompanies a large
project (代办), the inspection after an approval on commitment (核查)."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from plugins.approval_hall import cases, limits, place
from plugins.approval_hall.catalogue import schemes
from plugins.approval_hall.catalogue.checking import promised_days
from plugins.approval_hall.catalogue.item import Item
from plugins.approval_hall.models import HallCase, HallTask
from plugins.approval_hall.papers import documents, keeping
from plugins.approval_hall.staff import posts
from trading.acts import Actor
from trading.clock import database_now
from trading.errors import Fault, Refused, refuse
from trading.interfaces import IAccounts
from trading.periods import the_calendar
from trading.web import _

TRACKER, AGENCY, INSPECTION = "tracker", "agency", "inspection"
KEPT, BROKEN = "kept", "broken"


def green_reason(item: Item, form: Mapping[str, Any]) -> str:
    """Why a case takes the green channel without being asked: its amount; "" when it does not come up to it."""
    if item.green is None or not schemes.reached(item.green, form):
        return ""
    field = next(each for each in item.fields if each.key == item.green.field)
    return f"{field.name.zh} {form[field.key]}，达到绿色通道标准 {item.green.amount}"


def open_with(
    session: Session, registry: Any, actor: Actor, case: HallCase, item: Item, rows: Any, at: datetime
) -> dict[str, Any]:
    """At the acceptance: who follows the case through the green channel, with a notice to the applicant that names them; who
    accompanies a large project. Returns what the entry says of it."""
    person = actor.user_id or posts.on_duty(session, item.lead)
    said: dict[str, Any] = {}
    if case.mode == "special":
        make(session, case, TRACKER, item.lead, person, at)
        whole, user = promised_days(item), registry.getUtility(IAccounts)
        name = user.get(session, person).name if person else item.department(item.lead)
        documents.issue(
            session, case, "green", at, [*rows, ("跟踪服务人员", name)],
            [f"本件进入绿色通道：{case.special}。", f"承诺期限由 {whole} 个工作日缩短为 {case.promised} 个工作日，应于 {limits.shown_day(case.promised_due)} 前办结。",
             f"由 {name} 全程跟踪服务。"],
        )  # fmt: skip
        said["tracker"] = str(person) if person else ""
    if schemes.reached(item.agency, case.form):
        make(session, case, AGENCY, "hall", person, at)
        said["agency"] = str(person) if person else ""
    return said


def make(
    session: Session, case: HallCase, kind: str, department: str, user_id: uuid.UUID | None, at: datetime, days: int = 0,
) -> HallTask:  # fmt: skip
    """A task of a department, or of one of its people."""
    due = limits.due_at(at, days, the_calendar()) if days else None
    row = HallTask(
        case_id=case.id, kind=kind, department=department, user_id=user_id, days=days, made_at=at, due_at=due
    )
    session.add(row)
    session.flush()
    return row


def of_case(session: Session, case: HallCase, kind: str = "") -> list[HallTask]:
    """The tasks of a case, or those of a kind, oldest first."""
    query = select(HallTask).where(HallTask.case_id == case.id)
    if kind:
        query = query.where(HallTask.kind == kind)
    return list(session.scalars(query.order_by(HallTask.made_at, HallTask.kind)))


def inspections(session: Session) -> list[tuple[HallCase, HallTask]]:
    """Every inspection that is still to be made, what is due first on top."""
    query = select(HallCase, HallTask).join(HallTask, HallTask.case_id == HallCase.id)
    query = query.where(HallTask.kind == INSPECTION, HallTask.ended_at.is_(None))
    return [(row.HallCase, row.HallTask) for row in session.execute(query.order_by(HallTask.due_at))]


def end_others(session: Session, case: HallCase, at: datetime) -> None:
    """With the case whoever followed or accompanied it is done; an inspection is not."""
    for row in of_case(session, case):
        if row.kind != INSPECTION and row.ended_at is None:
            row.ended_at = at
    session.flush()


def inspect(
    session: Session, registry: Any, actor: Actor, case: HallCase, outcome: str, opinion: str, name: str, data: bytes,
) -> HallTask:  # fmt: skip
    """The department has looked whether a commitment is kept, with the record of the inspection; entry `hall.inspected`. Raises
    Refused `hall.no-inspection`, `hall.not-yours`, `hall.outcome`, `hall.opinion`, `hall.inspection-paper`."""
    place.check(registry, actor, "inspect", case.number)
    row = next((task for task in of_case(session, case, INSPECTION) if task.ended_at is None), None)
    if row is None:
        raise refuse("hall.no-inspection", _("Nothing of this case is to be inspected"))
    item = cases.item_of(session, case)
    posts.expect(session, actor, row.department, item.department(row.department))
    faults = []
    if outcome not in (KEPT, BROKEN):
        faults.append(Fault("hall.outcome", _("Choose one of the list"), "outcome"))
    if not opinion.strip():
        faults.append(Fault("hall.opinion", _("Fill in this field"), "opinion"))
    if not data:
        faults.append(
            Fault("hall.inspection-paper", _("Add the record of the inspection"), "record", "BIZ 40")
        )
    if faults:
        raise Refused(faults)
    row.paper = keeping.keep(session, registry["keys"], case, name, data, "record")
    row.outcome, row.opinion, row.ended_at = outcome, opinion.strip(), database_now(session)
    row.user_id = actor.user_id
    session.flush()
    payload = {"outcome": outcome, "opinion": row.opinion, "paper": row.paper, "department": row.department}
    cases.note(session, actor, "hall.inspected", case, payload, row.ended_at)
    return row
