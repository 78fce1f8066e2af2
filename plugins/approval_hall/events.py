"""What happened to a case, told inside the transaction (办件事件): parts of the hall that must follow subscribe here, as in
`trading.events`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from plugins.approval_hall.models import HallCase, HallMaterial, HallStep
from trading.acts import Actor


@dataclass(frozen=True)
class CaseEvent:
    """`at` is the instant of the act, `actor` who did it."""

    session: Session
    registry: Any
    actor: Actor
    case: HallCase
    at: datetime


@dataclass(frozen=True)
class CaseFiled(CaseEvent):
    """Handed in (预申报)."""


@dataclass(frozen=True)
class CaseAccepted(CaseEvent):
    """Accepted (受理)."""


@dataclass(frozen=True)
class CaseReturned(CaseEvent):
    """Not accepted, with the reason in writing (退回)."""


@dataclass(frozen=True)
class CaseTimed(CaseEvent):
    """Clocks of the case changed: a step began or ended, time was stopped or goes on."""


@dataclass(frozen=True)
class StepEnded(CaseEvent):
    """`how` is passed | refused | deemed."""

    step: HallStep
    how: str


@dataclass(frozen=True)
class GapFailed(CaseEvent):
    """A paper that was promised did not come in time (容缺逾期)."""

    material: HallMaterial


@dataclass(frozen=True)
class CaseDecided(CaseEvent):
    """Decided and sealed: `case.outcome`, `case.decision_number` (决定)."""


@dataclass(frozen=True)
class CaseClosed(CaseEvent):
    """Closed with its result in the file (办结)."""
