"""Who advised on which tender: such people do not sit on its panel (B12)."""

from __future__ import annotations

from collections import defaultdict

from sqlalchemy import select
from sqlalchemy.orm import Session

from expert_pool.advisory.models import AdvisorySeat, OpinionRequest
from expert_pool.experts.models import Expert


def tenders_by_expert(session: Session) -> dict[str, list[str]]:
    """By the pool's number: the codes of tenders, and of their projects, on which that person was convened to
    advise, whether or not it voted."""
    query = (
        select(Expert.number, OpinionRequest.tender, OpinionRequest.project)
        .join(AdvisorySeat, AdvisorySeat.expert_id == Expert.id)
        .join(OpinionRequest, OpinionRequest.id == AdvisorySeat.request_id)
        .order_by(OpinionRequest.number)
    )
    found: dict[str, list[str]] = defaultdict(list)
    for number, *codes in session.execute(query):
        found[number].extend(code for code in codes if code and code not in found[number])
    return found
