"""Projects and lots (项目、标段), with the national unified codes."""

from __future__ import annotations

import uuid

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from trading.db import Base, Id, Instant, Money
from trading.parties.models import Party


class Project(Base):
    """What an owner wants done (项目). `code` is the national project code, `deal_code` the unified
    transaction code (统一交易标识码)."""

    __tablename__ = "project"

    id: Mapped[Id]
    code: Mapped[str] = mapped_column(unique=True)
    deal_code: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    kind: Mapped[str]
    """name of the kind of trade, a folder under plugins/kinds/"""
    region: Mapped[str]
    """GB/T 2260, six digits"""
    owner_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("party.id"))
    owner: Mapped[Party] = relationship(lazy="joined")
    budget: Mapped[Money]
    created_at: Mapped[Instant]


class Lot(Base):
    """A part that is awarded by itself (标段/包)."""

    __tablename__ = "lot"
    __table_args__ = (UniqueConstraint("project_id", "number"),)

    id: Mapped[Id]
    project_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("project.id"))
    project: Mapped[Project] = relationship(lazy="joined")
    number: Mapped[int]
    code: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    budget: Mapped[Money]
    ceiling: Mapped[Money]
