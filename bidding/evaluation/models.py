"""The evaluation's tables (评标): signed reviews, clarifications, scores, draws, the report."""

from __future__ import annotations

import uuid
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from trading.db import Base, Blob, Id, Instant, OptionalInstant, Round


class Review(Base):
    """One member's signed votes for one step over all its bids (资格审查、符合性审查、低价说明评判). The
    votes stand in `raw` only; bundle.md and bidding.evaluation.papers say how."""

    __tablename__ = "review"
    __table_args__ = (UniqueConstraint("tender_id", "round", "member", "step", "number"),)

    id: Mapped[Id]
    tender_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("tender.id"), index=True)
    round: Mapped[Round]
    member: Mapped[str]
    """the member's pseudonym in this tender"""
    step: Mapped[str]
    """qualification | conformity | abnormal (whether an explanation is accepted)"""
    number: Mapped[int] = mapped_column(default=1, server_default="1")
    """from 2: what the member adds when a replaced member's void votes bring further bids to the step"""
    raw: Mapped[Blob]
    sha256: Mapped[str]
    cms: Mapped[Blob]
    at: Mapped[Instant]


class Clarification(Base):
    """A question of the committee to a bidder and its answer (澄清、说明), through the platform only."""

    __tablename__ = "clarification"

    id: Mapped[Id]
    tender_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("tender.id"), index=True)
    round: Mapped[Round]
    bid_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("bid.id"), index=True)
    kind: Mapped[str]
    """meaning | correction (price correction to confirm) | abnormal (abnormally low price)"""
    question: Mapped[str]
    total: Mapped[str] = mapped_column(default="")
    """for corrections: the corrected total shown to the bidder, money"""
    asked_by: Mapped[str] = mapped_column(default="")
    """the member's pseudonym; "" when the law itself asks"""
    asked_at: Mapped[Instant]
    due_at: Mapped[Instant]
    answer: Mapped[str] = mapped_column(default="")
    confirmed: Mapped[bool | None]
    """for corrections: the bidder's confirmation"""
    raw: Mapped[bytes | None]
    """the bytes that the bidder signed"""
    cms: Mapped[bytes | None]
    answered_at: Mapped[OptionalInstant]


class ScoreDraft(Base):
    """What a member has filled in so far (评分草稿), sealed: nobody but the member sees it."""

    __tablename__ = "score_draft"
    __table_args__ = (UniqueConstraint("tender_id", "round", "member"),)

    id: Mapped[Id]
    tender_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("tender.id"), index=True)
    round: Mapped[Round]
    member: Mapped[str]
    version: Mapped[int]
    """counts the savings: who saves says which version the screen was showing"""
    sealed: Mapped[Blob]
    """JSON, padded so that its size does not tell how far the member is"""
    saved_at: Mapped[Instant]


class ScoreSheet(Base):
    """A member's locked sheet (评分表). Its bytes lie sealed: they are opened to nobody before all are locked."""

    __tablename__ = "score_sheet"
    __table_args__ = (UniqueConstraint("tender_id", "round", "member", "number"),)

    id: Mapped[Id]
    tender_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("tender.id"), index=True)
    round: Mapped[Round]
    member: Mapped[str]
    number: Mapped[int] = mapped_column(default=1, server_default="1")
    """from 2: as in `Review`"""
    sealed: Mapped[Blob]
    sha256: Mapped[str]
    cms: Mapped[Blob]
    at: Mapped[Instant]


class ScoreFacts(Base):
    """What the head stated of objective criteria (客观分陈述), signed. Sealed as sheets are: nobody but the committee
    reads points before all have locked. The last one of a head who still sits is prefilled on the sheets."""

    __tablename__ = "score_facts"
    __table_args__ = (UniqueConstraint("tender_id", "round", "number"),)

    id: Mapped[Id]
    tender_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("tender.id"), index=True)
    round: Mapped[Round]
    number: Mapped[int]
    """from 1, in the order of filing"""
    member: Mapped[str]
    sealed: Mapped[Blob]
    sha256: Mapped[str]
    cms: Mapped[Blob]
    at: Mapped[Instant]


class ScorePaper(Base):
    """A member's signed paper about a locked score: the reason of one far from the others (畸高畸低说明), or a
    correction on a ground of Order 87 art. 64 (评分更正). What it says stands in `raw` only."""

    __tablename__ = "score_paper"
    __table_args__ = (UniqueConstraint("tender_id", "round", "kind", "number"),)

    id: Mapped[Id]
    tender_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("tender.id"), index=True)
    round: Mapped[Round]
    kind: Mapped[str]
    """reason | correction"""
    number: Mapped[int]
    """from 1, in the order of filing"""
    member: Mapped[str]
    raw: Mapped[Blob]
    sha256: Mapped[str]
    cms: Mapped[Blob]
    at: Mapped[Instant]


class TieDraw(Base):
    """The recorded order of bids that only a lot could part (抽签, Order 87 art. 31, 68)."""

    __tablename__ = "tie_draw"

    id: Mapped[Id]
    tender_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("tender.id"), index=True)
    round: Mapped[Round]
    order: Mapped[list[str]] = mapped_column(JSONB)
    """the bidders' codes as drawn"""
    officer: Mapped[str]
    how: Mapped[str]
    at: Mapped[Instant]


class EvaluationReport(Base):
    """The evaluation report (评标报告): inputs and result as canonical JSON, signed by the members."""

    __tablename__ = "evaluation_report"
    __table_args__ = (
        Index(
            "ix_evaluation_report_standing", "tender_id", "round", unique=True,
            postgresql_where=text("void_at IS NULL"),
        ),
    )  # fmt: skip

    id: Mapped[Id]
    tender_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("tender.id"))
    round: Mapped[Round]
    inputs: Mapped[Blob]
    raw: Mapped[Blob]
    sha256: Mapped[str]
    drawn_up_at: Mapped[Instant]
    delivered_at: Mapped[OptionalInstant]
    void_at: Mapped[OptionalInstant]
    """when it fell with the conclusions of a replaced member; it stays with its signatures"""


class ReportSignature(Base):
    """A member's signature under the report, with the dissent that he wrote on it, signed too."""

    __tablename__ = "report_signature"
    __table_args__ = (UniqueConstraint("report_id", "member"),)

    id: Mapped[Id]
    report_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("evaluation_report.id"), index=True)
    member: Mapped[str]
    cms: Mapped[Blob]
    dissent: Mapped[str] = mapped_column(default="")
    dissent_cms: Mapped[bytes | None]
    signed_at: Mapped[Instant]


def sheet_purpose(row: Any) -> str:
    """What a sealed sheet or draft is bound to: its place, so that nobody's can be put in another's."""
    return f"score/{row.tender_id}/{row.round}/{row.member}"


def facts_purpose(row: Any) -> str:
    """The same for a statement of facts."""
    return f"score-facts/{row.tender_id}/{row.round}/{row.number}"
