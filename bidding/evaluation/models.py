"""The evaluation's tables (评标): reviews, clarifications, price confirmations, the report."""

from __future__ import annotations

import uuid

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from trading.db import Base, Blob, Id, Instant, Json, OptionalInstant


class Review(Base):
    """One member's review of one bid for one step (资格审查、符合性审查), signed. Dissent is a pass or
    fail that differs from the majority, with its reason."""

    __tablename__ = "review"
    __table_args__ = (UniqueConstraint("bid_id", "member_id", "step"),)

    id: Mapped[Id]
    bid_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("bid.id"), index=True)
    member_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("panel_member.id"))
    step: Mapped[str]
    """qualification | conformity | abnormal (whether an explanation is accepted)"""
    passed: Mapped[bool]
    reason: Mapped[str]
    raw: Mapped[Blob]
    cms: Mapped[Blob]
    at: Mapped[Instant]


class Clarification(Base):
    """A question of the committee to a bidder and its answer (澄清、说明), through the platform only."""

    __tablename__ = "clarification"

    id: Mapped[Id]
    bid_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("bid.id"), index=True)
    kind: Mapped[str]
    """meaning | correction (price correction to confirm) | abnormal (abnormally low price)"""
    question: Mapped[str]
    asked_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("panel_member.id"))
    asked_at: Mapped[Instant]
    due_at: Mapped[Instant]
    answer: Mapped[str] = mapped_column(default="")
    accepted: Mapped[bool | None]
    """for corrections: the bidder's confirmation"""
    raw: Mapped[bytes | None]
    cms: Mapped[bytes | None]
    answered_at: Mapped[OptionalInstant]


class EvaluationReport(Base):
    """The evaluation report (评标报告): inputs and result as canonical JSON, signed by the members."""

    __tablename__ = "evaluation_report"

    id: Mapped[Id]
    tender_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("tender.id"), unique=True)
    inputs: Mapped[Blob]
    raw: Mapped[Blob]
    sha256: Mapped[str]
    drawn_up_at: Mapped[Instant]
    delivered_at: Mapped[OptionalInstant]


class ReportSignature(Base):
    """A member's signature under the report, or the refusal with its reason (dissent)."""

    __tablename__ = "report_signature"
    __table_args__ = (UniqueConstraint("report_id", "member_id"),)

    id: Mapped[Id]
    report_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("evaluation_report.id"), index=True)
    member_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("panel_member.id"))
    cms: Mapped[Blob]
    dissent: Mapped[str] = mapped_column(default="")
    signed_at: Mapped[Instant]


class Derivation(Base):
    """The printed derivation of one bid's evaluation price (计算过程)."""

    __tablename__ = "derivation"

    id: Mapped[Id]
    report_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("evaluation_report.id"), index=True)
    bid_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("bid.id"))
    lines: Mapped[Json]
