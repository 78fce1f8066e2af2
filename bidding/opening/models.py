"""The opening hall's tables (开标): the session, who attended, what was objected, the record."""

from __future__ import annotations

import uuid

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from trading.db import Base, Blob, Id, Instant, Json, OptionalInstant


class Opening(Base):
    """One opening session. `window_ends_at`: until then bidders decrypt and nothing is shown."""

    __tablename__ = "opening"

    id: Mapped[Id]
    tender_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("tender.id"), unique=True)
    started_at: Mapped[Instant]
    window_ends_at: Mapped[Instant]
    read_out_at: Mapped[OptionalInstant]
    recorded_at: Mapped[OptionalInstant]
    record: Mapped[bytes | None]
    """canonical JSON of the opening record (开标记录), as signed"""
    outcomes: Mapped[bytes | None]
    """canonical JSON of every valid bid's outcome, as recorded"""
    record_sha256: Mapped[str | None]
    record_cms: Mapped[bytes | None]


class Attendance(Base):
    """Somebody who signed in to the opening (签到)."""

    __tablename__ = "attendance"
    __table_args__ = (UniqueConstraint("opening_id", "user_id"),)

    id: Mapped[Id]
    opening_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("opening.id"), index=True)
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id"))
    name: Mapped[str]
    organisation: Mapped[str]
    role: Mapped[str]
    at: Mapped[Instant]


class Objection(Base):
    """An objection raised at the opening, answered on the spot (当场异议, TBR art. 44)."""

    __tablename__ = "opening_objection"

    id: Mapped[Id]
    opening_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("opening.id"), index=True)
    raised_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id"))
    organisation: Mapped[str]
    text: Mapped[str]
    raised_at: Mapped[Instant]
    answer: Mapped[str] = mapped_column(default="")
    answered_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("user_account.id"))
    answered_at: Mapped[OptionalInstant]


class SecondOpening(Base):
    """The opening of the second envelopes (第二信封开启): begun by the host's signature after the technical
    review, for the bids that passed it and no other."""

    __tablename__ = "second_opening"

    id: Mapped[Id]
    tender_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("tender.id"), unique=True)
    stage: Mapped[str]
    act: Mapped[Blob]
    """the host's signed document: which bids are opened, and why the others are not"""
    cms: Mapped[Blob]
    started_at: Mapped[Instant]
    window_ends_at: Mapped[Instant]
    read_out_at: Mapped[OptionalInstant]
    outcomes: Mapped[bytes | None]
    """canonical JSON of the outcomes, as recorded"""


class EnvelopeOutcome(Base):
    """What the opening of a bid's second envelope came to; the first one's is vault's Outcome."""

    __tablename__ = "envelope_outcome"

    id: Mapped[Id]
    bid_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("bid.id"), unique=True)
    outcome: Mapped[str]
    opened_by: Mapped[str] = mapped_column(default="")
    fault: Mapped[str] = mapped_column(default="")
    evidence: Mapped[Json]
    price_sheet: Mapped[bytes | None]
    stage_key: Mapped[bytes | None]
    decided_at: Mapped[Instant]


class FaultDecision(Base):
    """The host's decision on an envelope that was not opened (解密失败责任认定, Order 20 art. 31), beside what
    the rule proposed and the evidence that was collected for it."""

    __tablename__ = "fault_decision"
    __table_args__ = (UniqueConstraint("bid_id", "stage"),)

    id: Mapped[Id]
    bid_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("bid.id"))
    stage: Mapped[str]
    proposed_fault: Mapped[str]
    outcome: Mapped[str]
    """REVOKED | WITHDRAWN"""
    fault: Mapped[str]
    """bidder | platform | other"""
    reason: Mapped[str]
    evidence: Mapped[Json]
    decided_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id"))
    decided_at: Mapped[Instant]


class PlatformClaim(Base):
    """A bidder says that the platform failed (投标人主张平台故障), with its statement and, if it has one, the
    receipt of its bid."""

    __tablename__ = "platform_claim"
    __table_args__ = (UniqueConstraint("bid_id", "stage"),)

    id: Mapped[Id]
    bid_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("bid.id"))
    stage: Mapped[str]
    statement: Mapped[str]
    receipt: Mapped[bytes | None]
    receipt_holds: Mapped[bool | None]
    """whether the receipt is this hall's and for this bid; None without one"""
    made_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id"))
    made_at: Mapped[Instant]
