"""Archived tenders (归档项目): the files of a package as they came, and what the verifier said of it."""

from __future__ import annotations

import uuid

from sqlalchemy import BigInteger, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from trading.db import Base, Id, Instant


class Archive(Base):
    """A tender of another installation. `origin` is the name of the log that it stands in."""

    __tablename__ = "archive"

    id: Mapped[Id]
    code: Mapped[str] = mapped_column(unique=True)
    title: Mapped[str]
    origin: Mapped[str]
    package_sha256: Mapped[str]
    verdict: Mapped[str]
    """what the verifier printed when it was imported"""
    verdict_code: Mapped[int]
    """its exit code: 0 VERIFIED, 2 consistent, but its trust was not checked"""
    imported_at: Mapped[Instant]


class ArchiveFile(Base):
    """One file of a package; its bytes lie in the file store under their hash."""

    __tablename__ = "archive_file"

    archive_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("archive.id"), primary_key=True)
    path: Mapped[str] = mapped_column(primary_key=True)
    size: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str]
    public: Mapped[bool]
