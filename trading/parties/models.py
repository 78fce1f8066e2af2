"""Enterprises and authorities (市场主体): one record per unified social credit code, filed once."""

from __future__ import annotations

import uuid
from datetime import date

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from trading.db import Base, Id, Instant, OptionalInstant


class Party(Base):
    """An organisation (主体). `uscc` is its unified social credit code (GB 32100-2015)."""

    __tablename__ = "party"

    id: Mapped[Id]
    uscc: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    name_pinyin: Mapped[str]
    """Sort key: the embedded database has no Chinese collation."""
    kind: Mapped[str]
    """enterprise | public-body"""
    address: Mapped[str] = mapped_column(default="")
    legal_representative: Mapped[str] = mapped_column(default="")
    phone: Mapped[str] = mapped_column(default="")
    size: Mapped[str] = mapped_column(default="")
    """micro | small | medium | large, as the enterprise declares it; "" unknown"""
    registered_at: Mapped[Instant]


class Qualification(Base):
    """A licence or qualification (资质) with its validity."""

    __tablename__ = "qualification"

    id: Mapped[Id]
    party_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("party.id"), index=True)
    name: Mapped[str]
    number: Mapped[str]
    issuer: Mapped[str] = mapped_column(default="")
    valid_from: Mapped[date]
    valid_until: Mapped[date]
    file_sha256: Mapped[str | None]
    filed_at: Mapped[Instant]
    withdrawn_at: Mapped[OptionalInstant]
