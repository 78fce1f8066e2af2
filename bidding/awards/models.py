"""Awards (定标): ranked candidates, award notices, what losers are told."""

from __future__ import annotations

import uuid

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from trading.db import Base, Blob, Id, Instant, Money, OptionalInstant, Round


class Candidate(Base):
    """A ranked candidate (中标候选人), as the evaluation report recommends it. Gives up → the next one."""

    __tablename__ = "candidate"
    __table_args__ = (UniqueConstraint("tender_id", "round", "bid_id"),)

    id: Mapped[Id]
    tender_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("tender.id"), index=True)
    round: Mapped[Round]
    bid_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("bid.id"))
    rank: Mapped[int]
    price: Mapped[Money]
    """contract price: the corrected bid price, without policy deductions"""
    evaluation_price: Mapped[Money]
    confirmed_at: Mapped[OptionalInstant]
    confirmed_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("user_account.id"))
    """None with `confirmed_at`: the time was over, and the law confirmed (Order 87 art. 68)"""
    declined_at: Mapped[OptionalInstant]
    decline_reason: Mapped[str] = mapped_column(default="")
    voided_by: Mapped[str] = mapped_column(default="", server_default="")
    """number of the authority's order that voided the award, "" when there is none"""


class Award(Base):
    """The n-th award (中标通知书) of a tender: its bytes, made to be signed, and issued once they are.

    With the first one the result document is made and signed (`result`; once published it is the body of
    the notice `result_notice_id`)."""

    __tablename__ = "award"
    __table_args__ = (UniqueConstraint("tender_id", "number"),)

    id: Mapped[Id]
    tender_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("tender.id"), index=True)
    number: Mapped[int]
    """1, 2 … in order of issue: result/award-<number>.json of the bundle"""
    candidate_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("candidate.id"))
    raw: Mapped[Blob]
    cms: Mapped[bytes | None]
    result: Mapped[bytes | None]
    made_at: Mapped[Instant]
    result_notice_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("notice.id"))
    publicity_ends_at: Mapped[OptionalInstant]
    issued_at: Mapped[OptionalInstant]
    withdrawn_at: Mapped[OptionalInstant]


class LoserNotice(Base):
    """What an unsuccessful bidder is told: reason and rank (Order 87 art. 69)."""

    __tablename__ = "loser_notice"
    __table_args__ = (UniqueConstraint("tender_id", "round", "bid_id"),)

    id: Mapped[Id]
    tender_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("tender.id"), index=True)
    round: Mapped[Round]
    bid_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("bid.id"))
    rank: Mapped[int | None]
    ground: Mapped[str]
    """a ground of the evaluation, `outranked`, or `not-opened`"""
    details: Mapped[str] = mapped_column(default="")
    """what the committee wrote about it, one line each"""
    sent_at: Mapped[Instant]
