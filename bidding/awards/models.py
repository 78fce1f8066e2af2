"""Awards (定标): ranked candidates, result notice, award and loser notices."""

from __future__ import annotations

import uuid

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from trading.db import Base, Id, Instant, Money, OptionalInstant


class Candidate(Base):
    """A ranked candidate (中标候选人). Gives up → the next one (TBR art. 55)."""

    __tablename__ = "candidate"
    __table_args__ = (UniqueConstraint("tender_id", "rank"),)

    id: Mapped[Id]
    tender_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("tender.id"), index=True)
    bid_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("bid.id"))
    rank: Mapped[int]
    price: Mapped[Money]
    """contract price: the corrected bid price, without policy deductions"""
    evaluation_price: Mapped[Money]
    declined_at: Mapped[OptionalInstant]
    decline_reason: Mapped[str] = mapped_column(default="")


class Award(Base):
    """The award (中标通知) of a tender."""

    __tablename__ = "award"

    id: Mapped[Id]
    tender_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("tender.id"), index=True)
    candidate_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("candidate.id"))
    result_notice_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("notice.id"))
    publicity_ends_at: Mapped[OptionalInstant]
    issued_at: Mapped[OptionalInstant]
    withdrawn_at: Mapped[OptionalInstant]


class LoserNotice(Base):
    """What an unsuccessful bidder is told: reason and rank (Order 87 art. 69)."""

    __tablename__ = "loser_notice"

    id: Mapped[Id]
    tender_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("tender.id"), index=True)
    bid_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("bid.id"))
    rank: Mapped[int | None]
    ground: Mapped[str]
    sent_at: Mapped[Instant]
