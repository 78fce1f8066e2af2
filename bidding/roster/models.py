"""The roster of contractors (预选承包商名录): tables. What is not sealed is on the public pages."""

from __future__ import annotations

import uuid
from datetime import date
from decimal import Decimal

from sqlalchemy import BigInteger, ForeignKey, Numeric, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from trading.db import Base, Blob, Id, Instant, Json, Money, OptionalInstant
from trading.parties.models import Party


class RosterFirm(Base):
    """A firm in one category, trade and amount band (入库企业). `sealed` is what its application left: address,
    device, account (evidence against floods of shell firms)."""

    __tablename__ = "roster_firm"
    __table_args__ = (UniqueConstraint("party_id", "trade", "band"),)

    id: Mapped[Id]
    number: Mapped[str] = mapped_column(unique=True)
    party_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("party.id"))
    party: Mapped[Party] = relationship(lazy="joined")
    trade: Mapped[str]
    band: Mapped[str]
    grade: Mapped[str]
    """A | B | C"""
    status: Mapped[str] = mapped_column(index=True)
    """applied | announced | listed | rejected | left"""
    applied_at: Mapped[Instant]
    announced_until: Mapped[date | None]
    """the last day of the publicity"""
    listed_at: Mapped[OptionalInstant]
    sealed: Mapped[Blob]


class RosterAct(Base):
    """One change of a firm's standing (变动), public but for `person`, who acted. `number` is the firm's, or its
    social credit code where the act is about all its categories."""

    __tablename__ = "roster_act"

    id: Mapped[Id]
    party_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("party.id"), index=True)
    number: Mapped[str]
    act: Mapped[str]
    reason: Mapped[str]
    author: Mapped[str]
    """the office or organisation that acted"""
    evidence: Mapped[str]
    """SHA-256 of the file it rests on, "" for none"""
    facts: Mapped[Json]
    entry: Mapped[int] = mapped_column(BigInteger)
    at: Mapped[Instant]


class RosterDocument(Base):
    """A licence, qualification or permit with its validity, both days included."""

    __tablename__ = "roster_document"

    id: Mapped[Id]
    party_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("party.id"), index=True)
    kind: Mapped[str]
    """licence | qualification | safety, or what a city's rules ask for"""
    number: Mapped[str]
    valid_from: Mapped[date]
    valid_until: Mapped[date]
    evidence: Mapped[str]
    filed_at: Mapped[Instant]


class RosterManager(Base):
    """A project manager of a firm (项目经理). `identity` is the keyed hash of the identity document's number: one
    person has one project at a time, whatever firm names them."""

    __tablename__ = "roster_manager"
    __table_args__ = (UniqueConstraint("party_id", "identity"),)

    id: Mapped[Id]
    party_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("party.id"), index=True)
    name: Mapped[str]
    certificate: Mapped[str]
    identity: Mapped[Blob]
    filed_at: Mapped[Instant]


class RosterExclusion(Base):
    """A decision that keeps a firm out of every draw (禁入), both days included."""

    __tablename__ = "roster_exclusion"

    id: Mapped[Id]
    party_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("party.id"), index=True)
    decision: Mapped[str]
    ground: Mapped[str]
    since: Mapped[date]
    until: Mapped[date]
    lifted_on: Mapped[date | None]
    """the first day on which it keeps the firm out no longer"""
    evidence: Mapped[str]
    decided_at: Mapped[Instant]


class RosterEngagement(Base):
    """An award that a firm won by the roster (中标业绩), until it refused it or the works were completed."""

    __tablename__ = "roster_engagement"
    __table_args__ = (UniqueConstraint("works", "party_id"),)

    id: Mapped[Id]
    works: Mapped[str] = mapped_column(index=True)
    title: Mapped[str]
    party_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("party.id"), index=True)
    trade: Mapped[str]
    band: Mapped[str]
    price: Mapped[Money]
    manager_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("roster_manager.id"))
    won_on: Mapped[date]
    refused_on: Mapped[date | None]
    completed_on: Mapped[date | None]
    score: Mapped[Decimal | None] = mapped_column(Numeric(5, 2))
    """after-award performance, of 100"""


class RosterObjection(Base):
    """An objection to a firm while it is announced (公示异议). Who objects stands sealed in the ledger, and not here."""

    __tablename__ = "roster_objection"

    id: Mapped[Id]
    firm_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("roster_firm.id"), index=True)
    text: Mapped[str]
    evidence: Mapped[str]
    at: Mapped[Instant]
    answer: Mapped[str]
    upheld: Mapped[bool]
    answered_at: Mapped[OptionalInstant]


class RosterIssue(Base):
    """The roster as it was published at the end of a quarter (季度公布)."""

    __tablename__ = "roster_issue"

    quarter: Mapped[str] = mapped_column(primary_key=True)
    """2026-Q4"""
    body: Mapped[Blob]
    sha256: Mapped[str]
    published_at: Mapped[Instant]
