"""The tables of consultation and final offers (磋商、谈判与最后报价)."""

from __future__ import annotations

import uuid

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from trading.db import Base, Id, Instant, OptionalInstant


class RequirementChange(Base):
    """A change of what is asked, as the talks brought it (实质性变动): proposed by the group, in force once the
    purchaser has confirmed it."""

    __tablename__ = "requirement_change"
    __table_args__ = (UniqueConstraint("tender_id", "number"),)

    id: Mapped[Id]
    tender_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("tender.id"))
    number: Mapped[int]
    subject: Mapped[str]
    """technical | service | contract; nothing else may be changed"""
    text: Mapped[str]
    member: Mapped[str]
    """pseudonym of the group's head"""
    proposed_at: Mapped[Instant]
    decision: Mapped[str] = mapped_column(default="")
    """confirmed | refused, "" while the purchaser has not decided"""
    decided_at: Mapped[OptionalInstant]


class FinalOffers(Base):
    """The final offers of one tender (最后报价): from the end of the talks to the opened price sheets. They are
    sealed in a tender of their own, the child."""

    __tablename__ = "final_offers"

    tender_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("tender.id"), primary_key=True)
    child_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("tender.id"), unique=True)
    salt: Mapped[str]
    """in the call, so that its hash tells nobody who remains"""
    ended_at: Mapped[Instant]
    """the end of the talks"""
    call: Mapped[bytes | None]
    """the host's call, exactly as it is signed"""
    call_cms: Mapped[bytes | None]
    called_at: Mapped[OptionalInstant]
    taken_at: Mapped[OptionalInstant]
    """when the opened offers became the price sheets of the evaluation"""
    left: Mapped[list[str]] = mapped_column(JSONB, default=list)
    """codes of the qualified suppliers who made no offer that could be opened (退出)"""
