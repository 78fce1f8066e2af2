"""Queries, complaints, orders (质疑、投诉、监管决定) and the papers they rest on."""

from __future__ import annotations

import uuid
from datetime import date

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from trading.db import Base, Blob, Id, Instant, OptionalInstant


class Paper(Base):
    """A file that somebody handed in, sealed in the database; the ledger has its hash (附件)."""

    __tablename__ = "supervision_paper"
    __table_args__ = (UniqueConstraint("tender", "sha256"),)

    id: Mapped[Id]
    tender: Mapped[str]
    sha256: Mapped[str]
    public: Mapped[bool]
    """whether everybody may read it, or the parties and the authority only"""
    sealed: Mapped[Blob]
    """name and bytes, encrypted"""
    kept_at: Mapped[Instant]


class Case(Base):
    """A query, objection or complaint (质疑、异议、投诉). Who filed it and what it says stand in `sealed`;
    `owner` is a keyed hash that finds an enterprise's own cases. Dates are the first instants too late."""

    __tablename__ = "supervision_case"

    id: Mapped[Id]
    number: Mapped[str] = mapped_column(unique=True)
    tender: Mapped[str] = mapped_column(index=True)
    kind: Mapped[str]
    """inquiry | query | complaint"""
    track: Mapped[str]
    """procurement | bidding_law"""
    stage: Mapped[str]
    """documents | process | result"""
    state: Mapped[str] = mapped_column(index=True)
    """inquiry, query: open, answered · complaint: received, accepted, refused, decided, routed · all: withdrawn"""
    parent_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("supervision_case.id"), index=True)
    """the query that a complaint follows"""
    department: Mapped[str] = mapped_column(default="")
    """the authority to which a complaint is addressed"""
    kept_by: Mapped[str] = mapped_column(default="")
    """of a complaint that another authority had received first: the number under which it is decided"""
    owner: Mapped[Blob] = mapped_column(index=True)
    sealed: Mapped[Blob]
    matters: Mapped[int]
    """how many matters it raises"""
    known_on: Mapped[date]
    """the day from which the time for it was counted"""
    file_until: Mapped[date]
    note: Mapped[str] = mapped_column(default="")
    """`late-uncertain` when it is late by a calendar that is not final"""
    filed_at: Mapped[Instant]
    accepted_at: Mapped[OptionalInstant]
    due_at: Mapped[OptionalInstant]
    """by when it is to be answered, accepted or decided; None while its clock stands still"""
    answered_by: Mapped[OptionalInstant]
    """of a query: the end of the time for the answer"""
    closed_at: Mapped[OptionalInstant]
    decision: Mapped[str] = mapped_column(default="")
    """upheld | partly | rejected | refused"""
    words: Mapped[str] = mapped_column(default="")
    """the published decision, without personal data"""
    document: Mapped[str] = mapped_column(default="")


class CasePause(Base):
    """Time that a complaint's clock does not count: inspection, tests, appraisal, expert review (TBR 61)."""

    __tablename__ = "case_pause"

    id: Mapped[Id]
    case_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("supervision_case.id"), index=True)
    ground: Mapped[str]
    """inspection | test | appraisal | expert-review"""
    reason: Mapped[str]
    document: Mapped[str]
    started_at: Mapped[Instant]
    ended_at: Mapped[OptionalInstant]


class Order(Base):
    """An order of the supervising authority (监管决定): its bytes, signed, issued, and what became of it."""

    __tablename__ = "supervision_order"
    __table_args__ = (UniqueConstraint("tender", "place"),)

    id: Mapped[Id]
    number: Mapped[str] = mapped_column(unique=True)
    tender: Mapped[str] = mapped_column(index=True)
    place: Mapped[int | None]
    """1, 2 … of the orders issued for this tender: a gap would show that one is hidden"""
    kind: Mapped[str]
    """suspend | resume | correct | re-evaluate | new-committee | void-award"""
    department: Mapped[str]
    reason: Mapped[str]
    article: Mapped[str]
    document: Mapped[str] = mapped_column(default="")
    case_number: Mapped[str] = mapped_column(default="")
    answer_by: Mapped[OptionalInstant]
    """by when the buyers report what they corrected; None where nothing is to be reported"""
    raw: Mapped[Blob]
    cms: Mapped[bytes | None]
    officer_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id"))
    made_at: Mapped[Instant]
    issued_at: Mapped[OptionalInstant]
    answered_at: Mapped[OptionalInstant]
    answer: Mapped[str] = mapped_column(default="")
    answer_document: Mapped[str] = mapped_column(default="")
