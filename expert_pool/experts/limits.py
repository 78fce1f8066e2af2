"""The pool's parameters (库参数): workload, cool-down, and from when on a speciality is too small."""

from __future__ import annotations

from dataclasses import asdict

from sqlalchemy import select
from sqlalchemy.orm import Session

from expert_pool.experts.commands import ChangeLimits
from expert_pool.experts.drawable import Limits
from expert_pool.experts.models import PoolLimit
from trading.acts import Actor, record
from trading.clock import database_now
from trading.errors import refuse
from trading.web import _


def current(session: Session) -> Limits:
    """The parameters that count now."""
    changed = {row.name: row.value for row in session.scalars(select(PoolLimit))}
    return Limits(**asdict(Limits()) | changed)


def change(session: Session, actor: Actor, command: ChangeLimits) -> None:
    """New parameters; entry `pool.limits`. Raises Refused `limits.workload`."""
    if command.sessions_a_year < command.sessions_a_month:
        raise refuse(
            "limits.workload", _("A year cannot allow fewer sessions than a month"), field="sessions_a_year"
        )
    wanted = command.model_dump(exclude={"reason"})
    for name, value in wanted.items():
        session.merge(PoolLimit(name=name, value=value, changed_at=database_now(session)))
    session.flush()
    record(session, actor, "pool.limits", None, {"limits": wanted, "reason": command.reason})
