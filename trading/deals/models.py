"""Contracts (合同) after the award, with their deadline."""

from __future__ import annotations

import uuid

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from trading.db import Base, Id, Instant, Money, OptionalInstant


class Contract(Base):
    """A contract (采购合同): due 30 days after the award notice, published 2 working days after signing."""

    __tablename__ = "contract"

    id: Mapped[Id]
    tender: Mapped[str] = mapped_column(unique=True)
    supplier_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("party.id"))
    price: Mapped[Money]
    due_at: Mapped[Instant]
    signed_at: Mapped[OptionalInstant]
    file_sha256: Mapped[str | None]
    publish_by: Mapped[OptionalInstant]
    published_at: Mapped[OptionalInstant]
