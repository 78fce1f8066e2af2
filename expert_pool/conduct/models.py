"""After an evaluation (履职): what each member did, how others rate it, what was decided about a person."""

from __future__ import annotations

import uuid
from datetime import date
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from trading.db import Base, Id, Instant, OptionalInstant


class Sitting(Base):
    """One member's part in one evaluation (履职记录), written when its report is delivered."""

    __tablename__ = "expert_sitting"
    __table_args__ = (UniqueConstraint("tender", "round", "user_id"),)

    id: Mapped[Id]
    tender: Mapped[str] = mapped_column(index=True)
    round: Mapped[int]
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id"), index=True)
    member: Mapped[str]
    """the pseudonym in the tender's entries"""
    seat: Mapped[int]
    kind: Mapped[str]
    """expert | purchaser"""
    head: Mapped[bool]
    away: Mapped[bool]
    """an expert who lived in another city than the hall's at the delivery: travel is paid"""
    called_for: Mapped[OptionalInstant]
    """when a drawn committee was asked to be there"""
    signed_in_at: Mapped[Instant]
    delivered_at: Mapped[Instant]
    named_at: Mapped[OptionalInstant]
    """when the members' names became known (中标公告); before that, and where there never is a result, nobody is
    told who sat on which seat"""
    marks: Mapped[dict[str, dict[str, str]]] = mapped_column(JSONB)
    """bidder's code → item → score, as this member gave it"""
    maxima: Mapped[dict[str, str]] = mapped_column(JSONB)
    """item → the most it can give"""
    outliers: Mapped[list[list[str]]] = mapped_column(JSONB)
    """[bidder's code, item] of those far from the others"""


class Rating(Base):
    """How a party of the session rates a member (一标一评). Each person rates each member once."""

    __tablename__ = "expert_rating"
    __table_args__ = (UniqueConstraint("sitting_id", "rater_id"),)

    id: Mapped[Id]
    sitting_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("expert_sitting.id"), index=True)
    rater_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id"))
    rater: Mapped[str]
    """purchaser | agency | head | regulator"""
    points: Mapped[dict[str, int]] = mapped_column(JSONB)
    """scale → points"""
    comment: Mapped[str] = mapped_column(default="")
    at: Mapped[Instant]


class ConductDecision(Base):
    """A decision about an expert (处理决定): the only thing that changes who can be drawn; what the indicators show
    never does by itself."""

    __tablename__ = "conduct_decision"

    id: Mapped[Id]
    number: Mapped[str] = mapped_column(index=True)
    """of the expert in the pool"""
    kind: Mapped[str]
    """warning | suspension | removal"""
    from_day: Mapped[date]
    until_day: Mapped[date | None]
    """of a suspension: the last day, Beijing; None: until somebody lifts it"""
    reason: Mapped[str]
    grounds: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    """the indicators that the decision rests on, with their evidence as it then was"""
    document: Mapped[str]
    """SHA-256 of the attached evidence"""
    decided_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id"))
    decided_at: Mapped[Instant]
    entry: Mapped[int] = mapped_column(BigInteger)
    ended_at: Mapped[OptionalInstant]
    """of a suspension: when it was over and the person could be drawn again"""
