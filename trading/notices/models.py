"""Notices and tender documents (公告、招标文件): what everybody may read, signed and hashed."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Index, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from trading.db import Base, Blob, Id, Instant, Json
from trading.notices.search import grams_of


def _grams(context: Any) -> list[str]:
    row = context.get_current_parameters()
    return sorted(grams_of(row["title"], row["tender"], row["shown"]))


class Notice(Base):
    """A published notice. `body` is the exact bytes that were signed and hashed (canonical JSON);
    pages are rendered from it."""

    __tablename__ = "notice"
    __table_args__ = (
        Index("ix_notice_published_at", "published_at", "id"),
        Index("ix_notice_kind_published_at", "kind", "published_at"),
        Index("ix_notice_deadline", text("(shown ->> 'deadline')"), postgresql_where=text("kind = 'tender'")),
        Index("ix_notice_grams", "grams", postgresql_using="gin"),
    )

    id: Mapped[Id]
    kind: Mapped[str]
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
    grams: Mapped[list[str]] = mapped_column(ARRAY(Text), default=_grams, server_default="{}")
    """what the search looks in (trading.notices.search)"""
    listed: Mapped[bool] = mapped_column(default=True, server_default="true")
    """whether it is on the board; a notice of a limited tender is for those invited"""


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
