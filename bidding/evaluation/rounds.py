"""Evaluating again (重新评审): by order of the authority, with the same committee or another one; or with another one when
nobody can be had for a seat that a replaced member left, or when others pass the review without that member than those
whose prices are known (Order 87 art. 49).

Nothing is overwritten: votes, questions, report and candidates belong to a round, and a new round begins.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from bidding.evaluation import service
from bidding.tenders.models import Tender
from bidding.tenders.service import advance
from expert_pool.selection import service as committee
from trading.acts import Actor, record
from trading.clock import database_now, rfc3339
from trading.ledger import canonical
from trading.supervision import papers

VACANCY, RECOUNT = "vacancy", "recount"
"""on what an evaluation is stopped without an order"""


def begin(
    session: Session, registry: Any, actor: Actor, tender: Tender, order: str, reason: str, *, another: bool
) -> None:
    """Begin a new round; `another` sends the committee home. The caller has locked the tender and voided
    what was awarded. Entry `evaluation.reopened`. Raises Refused `tender.step`."""
    now = database_now(session)
    advance(session, registry, tender, "new_committee" if another else "re_evaluate", now, order=order)
    tender.round += 1
    if another:
        committee.dismiss(session, tender.code, now)
    payload = {
        "order": order,
        "reason": reason,
        "round": tender.round,
        "committee": "new" if another else "same",
    }
    record(session, actor, "evaluation.reopened", tender.code, payload, now)
    session.flush()
    if not another:
        service.proceed(session, registry, tender, now)


@dataclass(frozen=True)
class Ground:
    """Why the buyer stops an evaluation: in words, and the document that it rests on."""

    reason: str
    file_name: str
    document: bytes


def begin_with_others(
    session: Session, registry: Any, actor: Actor, tender: Tender, ground: Ground, why: str
) -> None:
    """The committee goes home and another one is to be formed; what it concluded stays on record and counts no more.
    The caller has locked the tender and knows that it must be (`why`: VACANCY or RECOUNT). Entry `evaluation.reopened`,
    without an order; the reason stands in a document of which it has the hash."""
    now = database_now(session)
    keys = registry["keys"]
    filed = papers.keep(session, keys, tender.code, ground.file_name, ground.document, public=False)
    advance(session, registry, tender, "reform_committee", now)
    tender.round += 1
    committee.dismiss(session, tender.code, now)
    said = {
        "tender": tender.code,
        "round": tender.round,
        "ground": why,
        "reason": ground.reason.strip(),
        "document": filed,
        "at": rfc3339(now),
    }
    raw = canonical.dumps({"v": 1, "typ": "ebid.evaluation-stop"} | said)
    stop = papers.keep(session, keys, tender.code, "stop.json", raw, public=False)
    payload = {
        "order": "",
        "reason": "",
        "ground": why,
        "round": tender.round,
        "committee": "new",
        "stop": stop,
    }
    record(session, actor, "evaluation.reopened", tender.code, payload, now)
