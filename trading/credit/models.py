"""Lists of credit and of bribery records, and the queries made in them (信用名单与查询): tables."""

from __future__ import annotations

import uuid
from datetime import date
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, LargeBinary, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from trading.db import Base, Blob, Id, Instant, Json


class CreditList(Base):
    """One version of a list as its publisher signed it (名单版本). Versions are never changed; the newest counts."""

    __tablename__ = "credit_list"
    __table_args__ = (UniqueConstraint("kind", "version"),)

    id: Mapped[Id]
    kind: Mapped[str]
    """red | black | bribery"""
    version: Mapped[str]
    source: Mapped[str]
    """who publishes it"""
    published: Mapped[date]
    """the day that the file names: a version replaces none that was published later"""
    lines: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    raw: Mapped[Blob]
    sha256: Mapped[str]
    p7s: Mapped[bytes] = mapped_column(LargeBinary)
    signer: Mapped[str]
    """the organisation of the signature's certificate"""
    imported_at: Mapped[Instant]
    entry: Mapped[int] = mapped_column(BigInteger)


class CreditPublisher(Base):
    """Who publishes a kind of list (名单发布单位): nobody else's signature files a version. The newest row of a kind
    counts."""

    __tablename__ = "credit_publisher"

    id: Mapped[Id]
    kind: Mapped[str]
    uscc: Mapped[str]
    name: Mapped[str]
    entry: Mapped[int] = mapped_column(BigInteger)
    at: Mapped[Instant]


class CreditCheck(Base):
    """One query before a decision (查询记录): who asked what of which version, when, and what the answer was."""

    __tablename__ = "credit_check"

    id: Mapped[Id]
    object: Mapped[str] = mapped_column(index=True)
    """code of the works, or number of the roster's firm, whose file it belongs to"""
    number: Mapped[int]
    """which query of that object (查询顺序)"""
    party_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("party.id"), index=True)
    operator: Mapped[str]
    snapshot: Mapped[Json]
    """subjects, provider, versions, and every line found"""
    sha256: Mapped[str]
    entry: Mapped[int] = mapped_column(BigInteger)
    at: Mapped[Instant]
