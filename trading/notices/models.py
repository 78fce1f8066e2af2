"""Notices and tender documents (公告、招标文件): what everybody may read, signed and hashed."""

from __future__ import annotations

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from trading.db import Base, Blob, Id, Instant, Json


class Notice(Base):
    """A published notice. `body` is the exact bytes that were signed and hashed (canonical JSON);
    pages are rendered from it."""

    __tablename__ = "notice"

    id: Mapped[Id]
    kind: Mapped[str] = mapped_column(index=True)
    """tender | amendment | clarification | result | award | failure | contract"""
    tender: Mapped[str] = mapped_column(index=True)
    """the tender's code"""
    title: Mapped[str]
    region: Mapped[str]
    body: Mapped[Blob]
    sha256: Mapped[str]
    cms: Mapped[bytes | None]
    published_at: Mapped[Instant]
    shown: Mapped[Json]
    """What lists show and search: budget, deadline, method … (never what is judged)."""


class Document(Base):
    """A file of the tender documents (招标文件), kept in the file store under its hash."""

    __tablename__ = "document"
    __table_args__ = (UniqueConstraint("tender", "name"),)

    id: Mapped[Id]
    tender: Mapped[str]
    name: Mapped[str]
    media_type: Mapped[str]
    size: Mapped[int]
    sha256: Mapped[str]


class Download(Base):
    """Who took the documents (下载记录). Before the deadline nobody may know who or how many (Order 20
    art. 21): `sealed` is encrypted under a key held outside the database."""

    __tablename__ = "download"

    id: Mapped[Id]
    tender: Mapped[str] = mapped_column(index=True)
    sealed: Mapped[Blob]
    entry_id: Mapped[int]
    taker_key: Mapped[bytes | None] = mapped_column(index=True)
    """keyed hash of tender and account, so that people find what they took; None for strangers"""
