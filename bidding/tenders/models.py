"""Tenders (招标项目): what is asked, by which rules, until when, and where it stands."""

from __future__ import annotations

import uuid

from sqlalchemy import ForeignKey
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

    id: Mapped[Id]
    code: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str]
    state: Mapped[str] = mapped_column(index=True)
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
    """lowest-price"""
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
