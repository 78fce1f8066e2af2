"""The table of audio and video of openings and evaluations (开标评标音视频)."""

from __future__ import annotations

import uuid
from datetime import date

from sqlalchemy import BigInteger, Date, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from trading.db import Base, Id, Instant, OptionalInstant


class Recording(Base):
    """A filed recording. When its retention is over the file may be deleted; row and hash stay."""

    __tablename__ = "recording"

    id: Mapped[Id]
    tender_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("tender.id"), index=True)
    sitting: Mapped[str]
    """opening | evaluation"""
    place: Mapped[str]
    """the room or camera that was recorded"""
    media_type: Mapped[str]
    size: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(index=True)
    starts_at: Mapped[Instant]
    ends_at: Mapped[Instant]
    keep_until: Mapped[date] = mapped_column(Date)
    """the last day of its retention (保存期限)"""
    store: Mapped[str]
    """where the recorder's provider keeps it"""
    filed_at: Mapped[Instant]
    deleted_at: Mapped[OptionalInstant]
