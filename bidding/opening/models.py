"""The opening hall's tables (开标): the session, who attended, what was objected, the record."""

from __future__ import annotations

import uuid

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from trading.db import Base, Id, Instant, OptionalInstant


class Opening(Base):
    """One opening session. `window_ends_at`: until then bidders decrypt and nothing is shown."""

    __tablename__ = "opening"

    id: Mapped[Id]
    tender_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("tender.id"), unique=True)
    started_at: Mapped[Instant]
    window_ends_at: Mapped[Instant]
    read_out_at: Mapped[OptionalInstant]
    recorded_at: Mapped[OptionalInstant]
    record: Mapped[bytes | None]
    """canonical JSON of the opening record (开标记录), as signed"""
    outcomes: Mapped[bytes | None]
    """canonical JSON of every valid bid's outcome, as recorded"""
    record_sha256: Mapped[str | None]
    record_cms: Mapped[bytes | None]


class Attendance(Base):
    """Somebody who signed in to the opening (签到)."""

    __tablename__ = "attendance"
    __table_args__ = (UniqueConstraint("opening_id", "user_id"),)

    id: Mapped[Id]
    opening_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("opening.id"), index=True)
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id"))
    name: Mapped[str]
    organisation: Mapped[str]
    role: Mapped[str]
    at: Mapped[Instant]


class Objection(Base):
    """An objection raised at the opening, answered on the spot (当场异议, TBR art. 44)."""

    __tablename__ = "opening_objection"

    id: Mapped[Id]
    opening_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("opening.id"), index=True)
    raised_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id"))
    organisation: Mapped[str]
    text: Mapped[str]
    raised_at: Mapped[Instant]
    answer: Mapped[str] = mapped_column(default="")
    answered_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("user_account.id"))
    answered_at: Mapped[OptionalInstant]
