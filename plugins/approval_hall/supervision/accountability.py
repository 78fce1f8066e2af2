"""Accountability (责任追究): at the n-th red light of a department within a year a case opens by itself, and somebody of
the supervision decides it with a reason."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from plugins.approval_hall.supervision.models import HallAccountability, HallLight, HallLightChange
from plugins.approval_hall.supervision.numbering import next_number
from plugins.approval_hall.supervision.thresholds import thresholds
from trading.acts import Actor, process, record
from trading.clock import database_now
from trading.errors import refuse
from trading.periods import at_beijing, beijing_date
from trading.web import _

OUTCOMES = {
    "no-fault": _("No fault of theirs"),
    "talk": _("Talked to"),
    "notice": _("Criticised in a circular"),
    "discipline": _("Handed over to the disciplinary authority"),
}


def count(session: Session, registry: Any, light: HallLight, change: HallLightChange, now: datetime) -> None:
    """After a red light: the red ones of this department in this year that no case counts yet; so many of them open
    one. Entry `accountability.opened`."""
    wanted = thresholds(registry.settings["approval_hall.lights"]).reds
    found = uncounted(session, light.department, now)
    if len(found) < wanted:
        return
    people = {each.person for each in found}
    case = HallAccountability(
        number=next_number(session, HallAccountability.number, "Z", now), department=light.department, unit=light.unit,
        person=people.pop() if len(people) == 1 else "", reds=len(found), opened_at=now,
    )  # fmt: skip
    session.add(case)
    session.flush()
    for each in found:
        each.counted_in = case.id
    payload = {"number": case.number, "department": case.department, "person": case.person, "reds": case.reds}
    record(session, process("scheduler"), "accountability.opened", None, payload, now)


def uncounted(session: Session, department: str, now: datetime) -> list[HallLightChange]:
    """Red lights of a department since the beginning of the year, oldest first, that no case counts."""
    begins = at_beijing(beijing_date(now).replace(month=1, day=1), datetime.min.time())
    query = select(HallLightChange).where(
        HallLightChange.department == department, HallLightChange.light == "red", HallLightChange.at >= begins,
        HallLightChange.counted_in.is_(None),
    )  # fmt: skip
    return list(session.scalars(query.order_by(HallLightChange.at).with_for_update()))


def find(session: Session, number: str) -> HallAccountability:
    """The case of a number, locked. Raises Refused `accountability.unknown`."""
    query = select(HallAccountability).where(HallAccountability.number == number).with_for_update()
    found = session.scalars(query).first()
    if found is None:
        raise refuse("accountability.unknown", _("There is no such case of accountability."))
    return found


def grounds(session: Session, case: HallAccountability) -> list[tuple[HallLight, HallLightChange]]:
    """The red lights that it counts."""
    query = select(HallLight, HallLightChange).join(HallLightChange, HallLightChange.light_id == HallLight.id)
    query = query.where(HallLightChange.counted_in == case.id).order_by(HallLightChange.at)
    return [(light, change) for light, change in session.execute(query)]


def decide(
    session: Session, actor: Actor, officer: uuid.UUID, number: str, outcome: str, words: str
) -> HallAccountability:
    """Decide it, once; entry `accountability.decided`. Raises Refused `accountability.decided`."""
    case, now = find(session, number), database_now(session)
    if case.outcome:
        raise refuse("accountability.decided", _("This case is decided already."))
    case.outcome, case.words, case.decided_by, case.decided_at = outcome, words, officer, now
    payload = {"number": number, "department": case.department, "outcome": outcome, "words": words}
    record(session, actor, "accountability.decided", None, payload, now)
    session.flush()
    return case
