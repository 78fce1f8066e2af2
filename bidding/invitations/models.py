"""Who may be invited, who was drawn, and who watched (邀请供应商抽取): sealed until the result is published."""

from __future__ import annotations

import uuid

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from trading.db import Base, Blob, Instant, OptionalInstant


class Invitation(Base):
    """The invitation of one tender: `sealed` is the list of candidates and, once drawn, the record, padded."""

    __tablename__ = "invitation"

    tender_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("tender.id"), primary_key=True)
    sealed: Mapped[Blob]
    list_sha256: Mapped[str]
    listed_at: Mapped[Instant]
    draw: Mapped[str] = mapped_column(default="", server_default="")
    """the draw (its announcement's hash) that the record is about; "" before"""
    record_sha256: Mapped[str] = mapped_column(default="", server_default="")
    recorded_at: Mapped[OptionalInstant]
    """when the second witness had signed the record, and the invitations counted"""


class InvitationWitness(Base):
    """One of the purchaser's staff who watches the draw (在场监督): since when, and the signature under the record."""

    __tablename__ = "invitation_witness"

    tender_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("tender.id"), primary_key=True)
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id"), primary_key=True)
    present_at: Mapped[Instant]
    cms: Mapped[bytes | None]
