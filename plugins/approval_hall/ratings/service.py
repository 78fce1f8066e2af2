"""One rating for each closed case (一事一评): asked for when it closes, given once by the applicant; a bad one is followed up."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from plugins.approval_hall import cases
from plugins.approval_hall.events import CaseClosed
from plugins.approval_hall.models import HallCase
from plugins.approval_hall.ratings.models import HallRating
from plugins.approval_hall.supervision import case_deadlines
from plugins.approval_hall.supervision.thresholds import thresholds
from trading.acts import Actor
from trading.clock import database_now
from trading.deadlines import Deadline
from trading.errors import refuse
from trading.periods import Clock
from trading.web import _

GRADES = {
    "very-satisfied": _("Very satisfied"),
    "satisfied": _("Satisfied"),
    "fair": _("Fair"),
    "dissatisfied": _("Dissatisfied"),
}
SATISFIED = ("very-satisfied", "satisfied", "fair")
"""what counts as satisfied in the rate: everybody who is not dissatisfied (满意率)"""
BAD = "dissatisfied"


def asked(event: CaseClosed) -> None:
    """A case is closed: its applicant is asked, once."""
    if of_case(event.session, event.case) is None:
        event.session.add(HallRating(case_id=event.case.id, asked_at=event.at))
        event.session.flush()


def of_case(session: Session, case: HallCase) -> HallRating | None:
    return session.scalars(select(HallRating).where(HallRating.case_id == case.id).with_for_update()).first()


def rate(session: Session, actor: Actor, case: HallCase, grade: str, words: str = "") -> HallRating:
    """The applicant's rating; entry `hall.rated`. Raises Refused `rating.early` before the case is closed,
    `rating.given` for a second one."""
    rating = of_case(session, case)
    if rating is None:
        raise refuse("rating.early", _("A case is rated once it is closed."))
    if rating.grade:
        raise refuse("rating.given", _("This case is rated already: one case, one rating."))
    rating.grade, rating.words, rating.rated_at = grade, words, database_now(session)
    session.flush()
    cases.note(session, actor, "hall.rated", case, {"grade": grade, "words": words}, rating.rated_at)
    return rating


def follow_up(session: Session, actor: Actor, officer: uuid.UUID, case: HallCase, outcome: str) -> HallRating:
    """What came of talking to a dissatisfied applicant; entry `hall.followed-up`. Raises Refused `rating.nothing`."""
    rating = of_case(session, case)
    if rating is None or rating.grade != BAD or rating.followed_at is not None:
        raise refuse("rating.nothing", _("There is nothing to follow up in this case."))
    rating.outcome, rating.followed_by, rating.followed_at = outcome, officer, database_now(session)
    session.flush()
    cases.note(session, actor, "hall.followed-up", case, {"outcome": outcome}, rating.followed_at)
    return rating


def to_follow_up(session: Session) -> list[tuple[HallRating, HallCase]]:
    """Bad ratings that nobody has followed up, oldest first."""
    query = select(HallRating, HallCase).join(HallCase, HallCase.id == HallRating.case_id)
    query = query.where(HallRating.grade == BAD, HallRating.followed_at.is_(None)).order_by(
        HallRating.rated_at
    )
    return [(rating, case) for rating, case in session.execute(query)]


def clocks(session: Session, registry: Any, now: datetime) -> list[Deadline]:
    """The port IClockSource: follow-ups that are owed. The supervision makes them, so the hall's own department
    answers for them, not the one that somebody was dissatisfied with."""
    days = thresholds(registry.settings["approval_hall.lights"]).follow_days
    owing = case_deadlines.hall_name(registry)
    return [deadline(session, rating, case, days, owing) for rating, case in to_follow_up(session)]


def deadline(session: Session, rating: HallRating, case: HallCase, days: int, owing: str) -> Deadline:
    item = cases.item_of(session, case)
    assert rating.rated_at is not None, "a bad rating was given"
    return Deadline(
        key=f"hall-rating/{case.number}", subject=case.number, title=item.name.zh, title_en=item.name.of("en"),
        step=_("Follow-up to a dissatisfied applicant"), department=owing, unit=case_deadlines.HALL,
        started=rating.rated_at, clock=Clock(rating.rated_at, days, "working_day"), route="hall-ratings", tender=case.number,
        item="rating",
    )  # fmt: skip
