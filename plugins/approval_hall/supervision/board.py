"""The board of lights (监察看板): by department, of approvals and of trading alike, with what is behind each number."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from plugins.approval_hall.supervision.models import HallLight, HallLightChange
from trading.periods import at_beijing, beijing_date

ORDER = {"red": 0, "yellow": 1, "paused": 2, "green": 3}
NOBODY = "-"
"""In addresses: the periods of trading in which nobody has to act."""


@dataclass
class Department:
    """One line of the board: how many lights of each colour are on, and how many turned red this year."""

    name: str
    lights: Counter[str] = field(default_factory=Counter)
    reds_this_year: int = 0

    @property
    def address(self) -> str:
        return self.name or NOBODY

    @property
    def worst(self) -> str:
        return next((light for light in ORDER if self.lights[light]), "green")


@dataclass(frozen=True)
class Board:
    """All departments, those with red lights first, and the lights that are red or yellow now."""

    departments: Sequence[Department]
    totals: Counter[str]
    urgent: Sequence[HallLight]
    at: datetime


def running(session: Session, discreet: bool) -> list[HallLight]:
    """Every light that is on; those that are for the authority only where `discreet`."""
    query = select(HallLight).where(HallLight.ended_at.is_(None))
    if not discreet:
        query = query.where(HallLight.discreet.is_(False))
    return sorted(session.scalars(query), key=urgency)


def urgency(light: HallLight) -> Any:
    """Red before yellow, the longest overdue first."""
    return ORDER[light.light], light.red_at or light.started_at, light.key


def board(session: Session, now: datetime, discreet: bool) -> Board:
    """The whole board."""
    found = running(session, discreet)
    departments = {name: Department(name) for name in {light.department for light in found}}
    for light in found:
        departments[light.department].lights[light.light] += 1
    for name, reds in reds_of_year(session, now, discreet).items():
        departments.setdefault(name, Department(name)).reds_this_year = reds
    ranked = sorted(departments.values(), key=rank)
    urgent = [light for light in found if light.light in ("red", "yellow")]
    return Board(ranked, Counter(light.light for light in found), urgent, now)


def rank(department: Department) -> Any:
    """Most red lights first, then yellow; periods without anybody last."""
    lights = department.lights
    return not department.name, -lights["red"], -lights["yellow"], -department.reds_this_year, department.name


def reds_of_year(session: Session, now: datetime, discreet: bool) -> dict[str, int]:
    """Red lights since the beginning of the year, by department; those for the authority only where `discreet`."""
    begins = at_beijing(beijing_date(now).replace(month=1, day=1), datetime.min.time())
    query = select(HallLightChange.department, func.count()).where(
        HallLightChange.light == "red", HallLightChange.at >= begins
    )
    if not discreet:
        query = query.join(HallLight, HallLight.id == HallLightChange.light_id).where(
            HallLight.discreet.is_(False)
        )
    return {row[0]: row[1] for row in session.execute(query.group_by(HallLightChange.department))}


def of_department(session: Session, name: str, discreet: bool) -> list[HallLight]:
    """The lights of one department; of NOBODY the periods."""
    wanted = "" if name == NOBODY else name
    return [light for light in running(session, discreet) if light.department == wanted]


def of_subject(session: Session, subject: str) -> list[HallLight]:
    """The lights about a tender or a case, those too that went out, in the order of their beginning."""
    query = select(HallLight).where(HallLight.tender == subject, HallLight.discreet.is_(False))
    return list(session.scalars(query.order_by(HallLight.started_at, HallLight.key)))


def history(session: Session, light: HallLight) -> list[HallLightChange]:
    """How a light changed, oldest first."""
    query = select(HallLightChange).where(HallLightChange.light_id == light.id)
    return list(session.scalars(query.order_by(HallLightChange.at, HallLightChange.light.desc())))


def facts(light: HallLight) -> dict[str, Any]:
    """A light as programs read it."""
    return {
        "id": str(light.id), "key": light.key, "subject": light.subject, "title": light.title, "department": light.department,
        "person": light.person, "kind": light.kind, "light": light.light, "tender": light.tender,
        "last_day": light.last_day.isoformat() if light.last_day else None, "rule": light.rule,
        "certainty": light.certainty,
    }  # fmt: skip
