"""Contracts (合同) after the award, with their deadline."""

from __future__ import annotations

import uuid

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from trading.db import Base, Id, Instant, Money, OptionalInstant


class Contract(Base):
    """A contract (采购合同): due 30 days after the award notice, published 2 working days after signing.

    The row stands from the award on, and goes to the next supplier when the first gives up. `due_at` and
    `publish_by` are the first instants that are too late."""

    __tablename__ = "contract"
    __table_args__ = (
        Index("ix_contract_unpublished", "tender", postgresql_where=text("published_at IS NULL")),
    )

    id: Mapped[Id]
    tender: Mapped[str] = mapped_column(unique=True)
    supplier_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("party.id"))
    manifest: Mapped[str]
    """hash of the awarded bid's manifest"""
    price: Mapped[Money]
    awarded_at: Mapped[Instant]
    due_at: Mapped[Instant]
    signed_at: Mapped[OptionalInstant]
    recorded_at: Mapped[OptionalInstant]
    file_name: Mapped[str | None]
    file_sha256: Mapped[str | None]
    publish_by: Mapped[OptionalInstant]
    published_at: Mapped[OptionalInstant]
