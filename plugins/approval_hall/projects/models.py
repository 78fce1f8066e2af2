"""Investment projects with their codes (投资项目赋码)."""

from __future__ import annotations

import uuid

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from trading.db import Base, Id, Instant, Money


class HallProject(Base):
    """A project that was given its code here; every case about it names the code."""

    __tablename__ = "hall_project"

    id: Mapped[Id]
    code: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    owner_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("party.id"), index=True)
    estimate: Mapped[Money]
    guided: Mapped[str]
    """two figures: the department of the state that guides such projects"""
    kind: Mapped[str]
    """two figures: approval 01, authorisation 02, filing 03 …"""
    case_number: Mapped[str]
    """the case with which it began"""
    coded_at: Mapped[Instant]
