"""Tenders (招标项目): what is asked, by which rules, until when, and where it stands."""

from __future__ import annotations

import uuid

from sqlalchemy import BigInteger, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from trading.accounts.models import User
from trading.db import Base, Blob, Id, Instant, Json, Money, OptionalInstant
from trading.parties.models import Party
from trading.projects.models import Lot


class Tender(Base):
    """One competition for one lot. `state` moves only through bidding.tenders.lifecycle.

    `form` is what the agent filled in (the kind's fields), `rules` the evaluation parameters exactly as
    published, `timetable` the clocks (RFC 3339). The instants that are judged have columns of their own.
    """

    __tablename__ = "tender"
    __table_args__ = (
        Index("ix_tender_state_deadline", "state", "deadline"),
        Index("ix_tender_opens_at", "opens_at"),
        Index("ix_tender_agency_id_state", "agency_id", "state"),
        Index("ix_tender_tenderer_id_state", "tenderer_id", "state"),
    )

    id: Mapped[Id]
    code: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str]
    state: Mapped[str]
    title: Mapped[str]
    title_en: Mapped[str] = mapped_column(default="")
    lot_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("lot.id"))
    lot: Mapped[Lot] = relationship(lazy="joined")
    tenderer_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("party.id"))
    tenderer: Mapped[Party] = relationship(lazy="joined", foreign_keys=[tenderer_id])
    agency_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("party.id"))
    agency: Mapped[Party] = relationship(lazy="joined", foreign_keys=[agency_id])
    agent_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id"))
    agent: Mapped[User] = relationship(lazy="joined")
    method: Mapped[str]
    """lowest-price | comprehensive-scoring"""
    budget: Mapped[Money]
    ceiling: Mapped[Money]
    security: Mapped[Money]
    """bid security asked (投标保证金), 0 for none"""
    form: Mapped[Json]
    rules: Mapped[Json]
    rulebook_version: Mapped[str]
    rulebook_hash: Mapped[str]
    deadline: Mapped[Instant]
    opens_at: Mapped[Instant]
    bidder_window_s: Mapped[int]
    """seconds that bidders have to decrypt before custodians do (Order 20 art. 29)"""
    created_at: Mapped[Instant]
    published_at: Mapped[OptionalInstant]
    policy_hash: Mapped[str | None]
    """of the newest published seal policy"""
    suspended_at: Mapped[OptionalInstant]
    """since when the procedure is suspended (暂停); None while it goes on"""
    round: Mapped[int] = mapped_column(default=1, server_default="1")
    """the evaluation that counts: 1, and one more for each that the authority orders (重新评审)"""
    predecessor_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("tender.id"), index=True)
    """the failed or cancelled tender that this one repeats (重新招标)"""
    limited: Mapped[bool] = mapped_column(default=False, server_default="false")
    """only for those in TenderInvitee (邀请、最后报价)"""
    parent_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("tender.id"), index=True)
    """the consultation or negotiation that this one gathers the final offers of (最后报价)"""

    @property
    def investment_code(self) -> str:
        """Of the investment project that it belongs to (投资项目代码), "" for none."""
        return str(self.form.get("investment_code") or "")

    @property
    def prices_of(self) -> str:
        """Code of the small works whose sealed prices it gathers (名录内报价), "" for none."""
        return str(self.form.get("prices_of") or "")

    @property
    def gathers(self) -> bool:
        """Whether it only gathers prices, final offers or those of small works, for somebody else to judge."""
        return self.parent_id is not None or bool(self.prices_of)


class TenderInvitee(Base):
    """Who may bid for a limited tender (邀请对象): `sealed` is the whole list, encrypted and padded."""

    __tablename__ = "tender_invitee"

    tender_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("tender.id"), primary_key=True)
    sealed: Mapped[Blob]


class Interruption(Base):
    """A suspension, resumption, cancellation or failure by decision (暂停、恢复、终止、废标), with its ground."""

    __tablename__ = "interruption"

    id: Mapped[Id]
    tender_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("tender.id"), index=True)
    kind: Mapped[str]
    """suspended | resumed | cancelled | failed"""
    reason: Mapped[str]
    article: Mapped[str] = mapped_column(default="")
    document: Mapped[str] = mapped_column(default="")
    """SHA-256 of the paper that decides it (trading.supervision.papers), "" for none"""
    order: Mapped[str] = mapped_column("order_number", default="")
    """number of the authority's order that demands it, "" for the buyers' own decision"""
    at: Mapped[Instant]


class Override(Base):
    """A rule set aside by a named officer with a reason (例外决定); the regulator is told."""

    __tablename__ = "rule_override"

    id: Mapped[Id]
    tender_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("tender.id"), index=True)
    rule: Mapped[str]
    reason: Mapped[str]
    officer_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id"))
    decided_at: Mapped[Instant]


class Publication(Base):
    """The exact bytes that are signed to publish a tender, and after that the published ones (发布文件).

    Made from the draft and kept, so that what was shown is what is signed; `basis` is a hash over
    everything they were made from: when that changes they are made anew."""

    __tablename__ = "publication"

    tender_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("tender.id"), primary_key=True)
    basis: Mapped[str]
    policy: Mapped[Blob]
    evaluation: Mapped[Blob]
    documents: Mapped[Blob]
    notice: Mapped[Blob]
    made_at: Mapped[Instant]


class Amendment(Base):
    """A change of published documents (修改): version 2, 3… of a tender, drafted, signed, published.

    `form` is the whole form as it shall be, `before` as it was. The bytes are made and kept like those of
    `Publication`; `policy` is the one in force before where no bid has to be sealed again."""

    __tablename__ = "tender_amendment"
    __table_args__ = (UniqueConstraint("tender_id", "version"),)

    id: Mapped[Id]
    tender_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("tender.id"))
    version: Mapped[int]
    form: Mapped[Json]
    before: Mapped[Json]
    reason: Mapped[str]
    drafted_at: Mapped[Instant]
    basis: Mapped[str] = mapped_column(default="")
    policy: Mapped[bytes | None]
    evaluation: Mapped[bytes | None]
    documents: Mapped[bytes | None]
    notice: Mapped[bytes | None]
    notice_cms: Mapped[bytes | None]
    policy_cms: Mapped[bytes | None]
    published_at: Mapped[OptionalInstant]


class Question(Base):
    """A question about published documents (疑问) and its answer (澄清). `sealed` tells what was asked and by whom;
    it is encrypted under a key held outside the database, and nobody reads the asker before the deadline."""

    __tablename__ = "tender_question"
    __table_args__ = (UniqueConstraint("tender_id", "number"),)

    id: Mapped[Id]
    tender_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("tender.id"))
    number: Mapped[int]
    sealed: Mapped[Blob]
    entry_id: Mapped[int] = mapped_column(BigInteger)
    asked_at: Mapped[Instant]
    answer: Mapped[str] = mapped_column(default="")
    body: Mapped[bytes | None]
    """the notice of the clarification, exactly as it is signed"""
    cms: Mapped[bytes | None]
    answered_at: Mapped[OptionalInstant]
