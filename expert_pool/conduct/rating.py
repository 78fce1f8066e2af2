"""Rating the members of a committee (一标一评): each party of the session rates each of them once."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from expert_pool.conduct import record as sittings
from expert_pool.conduct.models import Rating, Sitting
from expert_pool.conduct.scales import faults, the_scales
from trading.acts import Actor, record
from trading.clock import database_now
from trading.errors import Refused, refuse
from trading.permissions import Identity, Role
from trading.web import _

PURCHASER, AGENCY, HEAD, REGULATOR = "purchaser", "agency", "head", "regulator"


def role_here(identity: Identity, tender: Any, rows: list[Sitting]) -> str:
    """As what somebody rates in this tender: one of the four, or "" for somebody whose matter it is not. The purchaser's
    representative on the committee rates for the purchaser."""
    if any(row.user_id == identity.user_id and row.head for row in rows):
        return HEAD
    if Role.REGULATOR in identity.roles:
        return REGULATOR
    judged = any(row.user_id == identity.user_id and row.kind == "expert" for row in rows)
    if identity.party_id is None or judged:
        return ""
    if identity.party_id == tender.tenderer_id:
        return PURCHASER
    return AGENCY if identity.party_id == tender.agency_id else ""


def to_rate(identity: Identity, rows: list[Sitting]) -> list[Sitting]:
    """Whom somebody rates: every expert but oneself."""
    return [row for row in rows if row.kind == "expert" and row.user_id != identity.user_id]


def rate(
    session: Session,
    actor: Actor,
    identity: Identity,
    tender: Any,
    seat: int,
    points: Mapping[str, int],
    comment: str,
) -> Rating:
    """Rate the member on a seat. Entry `expert.rated`. Raises Refused `rating.*`."""
    rows = sittings.of_tender(session, tender.code)
    role = role_here(identity, tender, rows)
    if not role:
        raise refuse("rating.not-yours", _("Only the parties of this evaluation rate its experts"))
    row = next((each for each in to_rate(identity, rows) if each.seat == seat), None)
    if row is None:
        raise refuse("rating.nobody", _("There is no expert on this seat whom you could rate"), field="seat")
    wrong = faults(points, the_scales(), _("Choose points on every scale"))
    if wrong:
        raise Refused(wrong)
    if given(session, row, identity.user_id) is not None:
        raise refuse("rating.given", _("You have rated this expert; a rating is not changed afterwards"))
    at = database_now(session)
    rating = Rating(sitting_id=row.id, rater_id=identity.user_id, rater=role, points=dict(points),
                    comment=comment.strip(), at=at)  # fmt: skip
    session.add(rating)
    session.flush()
    said = hashlib.sha256(rating.comment.encode()).hexdigest() if rating.comment else ""
    payload = {"member": row.member, "by": role, "points": dict(points), "comment": said}
    record(session, actor, "expert.rated", tender.code, payload, at)
    return rating


def given(session: Session, row: Sitting, rater: uuid.UUID) -> Rating | None:
    """What somebody has already said of a member."""
    query = select(Rating).where(Rating.sitting_id == row.id, Rating.rater_id == rater)
    return session.scalars(query).first()


def of_user(session: Session, user_id: uuid.UUID) -> list[tuple[Sitting, Rating]]:
    """Every rating of a person in evaluations whose members are known, the newest first."""
    query = (
        select(Sitting, Rating)
        .join(Rating, Rating.sitting_id == Sitting.id)
        .where(Sitting.user_id == user_id, Sitting.named_at.is_not(None))
    )
    return [(row.Sitting, row.Rating) for row in session.execute(query.order_by(Rating.at.desc()))]
