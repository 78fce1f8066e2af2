"""Ratings of closed cases (一事一评)."""

from __future__ import annotations

import uuid

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from trading.db import Base, Id, Instant, OptionalInstant


class HallRating(Base):
    """The one rating of a case, asked for when it closes. A dissatisfied one opens a follow-up (回访) with a time of
    its own."""

    __tablename__ = "hall_rating"

    id: Mapped[Id]
    case_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("hall_case.id"), unique=True)
    asked_at: Mapped[Instant]
    grade: Mapped[str] = mapped_column(default="")
    """"" until rated | very-satisfied | satisfied | fair | dissatisfied"""
    words: Mapped[str] = mapped_column(default="")
    rated_at: Mapped[OptionalInstant]
    followed_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("user_account.id"))
    followed_at: Mapped[OptionalInstant]
    outcome: Mapped[str] = mapped_column(default="")
