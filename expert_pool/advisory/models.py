"""The advisory committee (招投标专家咨询委员会) and its opinions: tables."""

from __future__ import annotations

import uuid

from sqlalchemy import ForeignKey, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from trading.db import Base, Blob, Id, Instant, OptionalInstant


class AdvisoryMember(Base):
    """A member of the standing committee (委员): an expert of the pool, appointed for a term."""

    __tablename__ = "advisory_member"

    id: Mapped[Id]
    expert_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("expert.id"), index=True)
    appointed_at: Mapped[Instant]
    ended_at: Mapped[OptionalInstant]


class OpinionRequest(Base):
    """A question about a project (咨询申请). `sealed` holds question, papers' names and the drafted opinion: an
    open question may tell what a dispute is about."""

    __tablename__ = "opinion_request"

    id: Mapped[Id]
    number: Mapped[str] = mapped_column(unique=True)
    tender: Mapped[str] = mapped_column(index=True)
    project: Mapped[str] = mapped_column(default="")
    asked_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id"))
    party_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("party.id"))
    state: Mapped[str] = mapped_column(index=True)
    """asked | convened | drafted | concluded"""
    quorum: Mapped[int]
    """of 100: how many of those convened must vote"""
    sealed: Mapped[Blob]
    asked_at: Mapped[Instant]
    concluded_at: Mapped[OptionalInstant]
    opinion: Mapped[bytes | None] = mapped_column(LargeBinary)
    """the signed document"""
    p7s: Mapped[bytes | None] = mapped_column(LargeBinary)


class AdvisorySeat(Base):
    """Somebody convened for a question (参加咨询的委员), and the vote. `sealed_vote` holds vote and dissent."""

    __tablename__ = "advisory_seat"
    __table_args__ = (UniqueConstraint("request_id", "expert_id"),)

    id: Mapped[Id]
    request_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("opinion_request.id"), index=True)
    expert_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("expert.id"), index=True)
    chair: Mapped[bool]
    sealed_vote: Mapped[bytes | None] = mapped_column(LargeBinary)
    voted_at: Mapped[OptionalInstant]
