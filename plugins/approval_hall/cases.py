"""Cases as every part of the hall reads them (办件): found, with their item, papers, steps and pauses; their entries."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from plugins.approval_hall import lifecycle
from plugins.approval_hall.catalogue.item import Item, read
from plugins.approval_hall.intake.completeness import Paper
from plugins.approval_hall.lifecycle import CaseFacts
from plugins.approval_hall.models import HallCase, HallItem, HallMaterial, HallPause, HallStep
from trading.acts import Actor, record
from trading.errors import refuse
from trading.periods import beijing_date
from trading.web import _


def definition(row: HallItem) -> Item:
    """The item of a published version."""
    return read(json.loads(row.definition))


def item_of(session: Session, case: HallCase) -> Item:
    """The item under whose version a case was filed."""
    return definition(session.get_one(HallItem, case.item_id))


def find(session: Session, number: str, lock: bool = False) -> HallCase:
    """The case of a number. Raises Refused `hall.unknown`."""
    query = select(HallCase).where(HallCase.number == number)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    found = session.scalars(query).first()
    if found is None:
        raise refuse("hall.unknown", _("There is no case of this number"))
    return found


def next_number(session: Session, prefix: str, at: datetime) -> str:
    """The next number of a day, such as SP202611230001. Gaps in the row would mean that a case was taken away."""
    day = f"{prefix}{beijing_date(at):%Y%m%d}"
    session.execute(text("SELECT pg_advisory_xact_lock(hashtext('hall case number'))"))
    last = session.scalar(select(func.max(HallCase.number)).where(HallCase.number.startswith(day)))
    return f"{day}{int(last[len(day) :] if last else 0) + 1:04d}"


def materials(session: Session, case: HallCase) -> dict[str, HallMaterial]:
    """The rows of the papers that a case wants, by key."""
    rows = session.scalars(select(HallMaterial).where(HallMaterial.case_id == case.id))
    return {row.key: row for row in rows}


def papers(rows: Mapping[str, HallMaterial]) -> dict[str, Paper]:
    """The same for the pure rules."""
    return {key: Paper(key, row.state, row.delivered_at) for key, row in rows.items()}


def steps(session: Session, case: HallCase) -> list[HallStep]:
    """The steps that have begun, in order."""
    query = select(HallStep).where(HallStep.case_id == case.id)
    return list(session.scalars(query.order_by(HallStep.started_at, HallStep.key)))


def running(session: Session) -> list[tuple[HallCase, HallStep]]:
    """Every step that is under way, with its case: what lights and boards follow."""
    query = select(HallCase, HallStep).join(HallStep, HallStep.case_id == HallCase.id)
    query = query.where(HallStep.state.in_(("running", "paused"))).order_by(HallStep.due_at, HallCase.number)
    return [(row.HallCase, row.HallStep) for row in session.execute(query)]


def pauses(session: Session, case: HallCase, step: HallStep | None = None) -> list[HallPause]:
    """Time that is not counted: of the whole case (all there is), or of one step with what stops the case as a whole."""
    query = select(HallPause).where(HallPause.case_id == case.id)
    if step is not None:
        query = query.where(HallPause.step_id.is_(None) | (HallPause.step_id == step.id))
    return list(session.scalars(query.order_by(HallPause.started_at)))


def note(
    session: Session, actor: Actor, type: str, case: HallCase, payload: dict[str, Any], at: datetime
) -> None:
    """The one entry of an act on a case; its trail is that of the case's number."""
    record(session, actor, type, case.number, {"case": case.number, **payload}, at)


def advance(session: Session, case: HallCase, step: str, **facts: Any) -> None:
    """Take a step of the life. Raises Refused `hall.<step>`."""
    case.state = lifecycle.take(step, CaseFacts(case.state, **facts))
    session.flush()


def of_party(session: Session, party_id: uuid.UUID) -> list[HallCase]:
    """An enterprise's cases, the newest first."""
    query = select(HallCase).where(HallCase.party_id == party_id)
    return list(session.scalars(query.order_by(HallCase.created_at.desc(), HallCase.number.desc())))
