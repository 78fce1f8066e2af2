"""Decisions about experts (处理决定): a warning, a suspension from one day to another, removal from the pool.

Nothing else of this room changes who can be drawn. A decision has an author, a reason, evidence and an entry of its own;
the pool's change of standing follows in the same transaction (E3).
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from expert_pool.conduct.indicators import Indicator
from expert_pool.conduct.models import ConductDecision
from expert_pool.experts import service as pool
from expert_pool.experts.models import ExpertAct
from expert_pool.experts.service import Evidence
from expert_pool.experts.standing import STEPS
from trading.acts import Actor, process, record
from trading.clock import BEIJING, database_now
from trading.errors import refuse
from trading.outbox import promise
from trading.rulebook.calendar import beijing_date
from trading.secrets import HallKeys
from trading.web import _

WARNING, SUSPENSION, REMOVAL = "warning", "suspension", "removal"
KINDS = (WARNING, SUSPENSION, REMOVAL)
STEP = {SUSPENSION: "suspend", REMOVAL: "leave"}
"""what each does to the standing in the pool; a warning does nothing"""
OVER = "conduct.suspension-over"


def decide(
    session: Session,
    keys: HallKeys,
    actor: Actor,
    number: str,
    kind: str,
    reason: str,
    evidence: Evidence,
    *,
    until: date | None = None,
    grounds: Sequence[Indicator] = (),
) -> ConductDecision:
    """Decide about the expert with this number. Entry `conduct.decided`, and the pool's own when the standing
    changes. `until`: the last day of a suspension, None until it is lifted by the pool office. Raises Refused
    `conduct.*`, `expert.*`."""
    row, at = pool.by_number(session, number), database_now(session)
    today = beijing_date(at)
    if until is not None and (kind != SUSPENSION or until < today):
        raise refuse(
            "conduct.until", _("Only a suspension has a last day, and it is not over yet"), field="until"
        )
    assert actor.user_id is not None, "people decide"
    document = pool.kept_evidence(session, keys, evidence)
    shown = [as_json(each) for each in grounds]
    payload = {
        "expert": number,
        "decision": kind,
        "from": today.isoformat(),
        "until": until.isoformat() if until else None,
        "reason": reason,
        "grounds": shown,
        "evidence": document,
    }
    entry = record(session, actor, "conduct.decided", None, payload, at)
    made = ConductDecision(
        number=number, kind=kind, from_day=today, until_day=until, reason=reason, grounds=shown,
        document=document, decided_by=actor.user_id, decided_at=at, entry=entry.id,
    )  # fmt: skip
    session.add(made)
    session.flush()
    if kind in STEP:
        pool.change_standing(session, keys, actor, row, STEP[kind], reason, evidence)
    if until is not None:
        promise(session, OVER, {"decision": str(made.id)}, first_instant_after(until))
    return made


def first_instant_after(day: date) -> datetime:
    """Midnight in Beijing after a day."""
    return datetime.combine(day + timedelta(days=1), datetime.min.time(), BEIJING)


def over(session: Session, registry: Any, payload: dict[str, Any]) -> None:
    """Keeps the promise `conduct.suspension-over`: the person can be drawn again, unless somebody lifted the
    suspension, suspended anew or removed the person in between."""
    decision = session.get_one(ConductDecision, uuid.UUID(payload["decision"]))
    if decision.ended_at is not None or not in_force(session, decision):
        return
    decision.ended_at = database_now(session)
    row = pool.by_number(session, decision.number)
    rests_on = Evidence("decision.txt", f"{OVER} {decision.entry} {decision.until_day}".encode())
    words = f"处理期满（决定 {decision.entry}）"
    pool.change_standing(
        session, registry["keys"], process("scheduler"), row, "reinstate", words, rests_on
    )  # fmt: skip


def in_force(session: Session, decision: ConductDecision) -> bool:
    """Whether a decision's suspension holds: of all changes of standing since, also those that the pool office
    orders without a decision, the decision's own is the only one."""
    row = pool.by_number(session, decision.number)
    since = select(ExpertAct.act).where(
        ExpertAct.expert_id == row.id, ExpertAct.entry > decision.entry, ExpertAct.act.in_(STEPS)
    )
    return list(session.scalars(since)) == [STEP[SUSPENSION]]


def standing_decision(session: Session, number: str) -> ConductDecision | None:
    """The last decision that changed the standing of an expert."""
    found = [each for each in of_expert(session, number) if each.kind in STEP]
    return found[0] if found else None


def of_expert(session: Session, number: str) -> list[ConductDecision]:
    """Every decision about an expert, the newest first."""
    query = select(ConductDecision).where(ConductDecision.number == number)
    return list(
        session.scalars(query.order_by(ConductDecision.decided_at.desc(), ConductDecision.entry.desc()))
    )


def as_json(found: Indicator) -> dict[str, Any]:
    """An indicator with its evidence, as a decision keeps it. The tender and the figures, nobody's name."""
    return {
        "code": found.code,
        "count": found.count,
        "of": found.of,
        "evidence": [{"tender": each.tender, **dict(each.values)} for each in found.evidence],
    }
