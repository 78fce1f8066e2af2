"""Letters of authority (授权书): the head of a department signs what its chief representative may do, version by version."""

from __future__ import annotations

import hashlib
import json
import uuid
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from plugins.approval_hall.catalogue.publishing import library
from plugins.approval_hall.models import HallPower
from plugins.approval_hall.staff import posts, powers
from trading.acts import Actor, record
from trading.clock import database_now
from trading.errors import Refused, refuse
from trading.evidence import accept
from trading.interfaces import IAccounts
from trading.periods import beijing_date
from trading.web import _


def letter(session: Session, registry: Any, department: str, matrix: powers.Matrix) -> bytes:
    """The bytes of the next letter for a department's representative, in force from today. Raises Refused `hall.powers`,
    `hall.no-representative`."""
    if faults := powers.faults(matrix):
        raise Refused(faults)
    held = posts.holders(session, department)
    if posts.REPRESENTATIVE not in held:
        raise refuse(
            "hall.no-representative", _("The department has no chief representative yet"),
            remedy=_("Give the post first."),
        )  # fmt: skip
    person = registry.getUtility(IAccounts).get(session, held[posts.REPRESENTATIVE].user_id)
    version = (
        session.scalar(select(func.max(HallPower.version)).where(HallPower.department == department)) or 0
    ) + 1
    day = beijing_date(database_now(session))
    name = library(registry).departments[department].zh
    return powers.letter(department, name, person.name, version, matrix, day)


def grant(
    session: Session, registry: Any, actor: Actor, department: str, matrix: powers.Matrix, cms: bytes
) -> HallPower:
    """The head signs the letter (`cms` over `letter`'s bytes); entry `hall.power-granted`. Raises Refused `hall.not-head`,
    `signature.*`, `certificate.*`."""
    held = posts.holders(session, department)
    if posts.HEAD not in held or held[posts.HEAD].user_id != actor.user_id:
        raise refuse(
            "hall.not-head",
            _("Only the head of the department signs its letters of authority"),
            rule="HALL 29",
        )
    raw, at = letter(session, registry, department, matrix), database_now(session)
    found = accept(session, registry, f"hall/{department}", raw, cms, at)
    registry.getUtility(IAccounts).own_certificate(session, actor.user_id, found.certificate_sha256, at)
    for row in session.scalars(
        select(HallPower).where(HallPower.department == department, HallPower.ended_at.is_(None))
    ):
        row.ended_at = at
    granted = HallPower(
        department=department, user_id=held[posts.REPRESENTATIVE].user_id, version=json.loads(raw)["version"], raw=raw,
        p7s=cms, granted_at=at,
    )  # fmt: skip
    session.add(granted)
    session.flush()
    payload = {
        "department": department, "version": granted.version, "letter": hashlib.sha256(raw).hexdigest(),
        "p7s": hashlib.sha256(cms).hexdigest(), "powers": dict(matrix),
    }  # fmt: skip
    record(session, actor, "hall.power-granted", None, payload, at)
    return granted


def standing(
    session: Session, department: str, user_id: uuid.UUID | None
) -> tuple[powers.Matrix | None, int]:
    """The matrix that somebody has from a department now, and its letter's version; None without one."""
    query = select(HallPower).where(
        HallPower.department == department, HallPower.user_id == user_id, HallPower.ended_at.is_(None)
    )
    row = session.scalars(query).first()
    return (json.loads(row.raw)["powers"], row.version) if row else (None, 0)


def may_decide(
    session: Session, actor: Actor, department: str, called: str, kind: str, power: str = powers.DECIDE
) -> None:
    """That whoever acts has a power over cases of a kind for a department: its head, or a representative whom the letter lets.
    Raises Refused `hall.not-yours`, `hall.no-power`."""
    held = posts.departments_of(session, actor.user_id).get(department, set())
    if posts.HEAD in held:
        return
    if posts.REPRESENTATIVE not in held:
        raise refuse(
            "hall.not-yours", _("The head or the chief representative of ${department} decides", mapping={"department": called}),
            rule="HALL 29", remedy=_("You can give your opinion on the steps of your department."),
        )  # fmt: skip
    matrix, version = standing(session, department, actor.user_id)
    if not powers.may(matrix, kind, power):
        raise Refused(powers.no_power(kind, called, matrix, version))
