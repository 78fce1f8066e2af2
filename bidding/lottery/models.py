"""Small works and their lotteries (小型工程摇号): tables."""

from __future__ import annotations

import uuid
from datetime import date

from sqlalchemy import BigInteger, ForeignKey, LargeBinary, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from bidding.lottery.routing import LOW_PRICE, METHODS
from trading.db import Base, Id, Instant, Json, Money, OptionalInstant
from trading.parties.models import Party

STEPS = {
    "one-step": ("winner",), "two-step": ("finalists", "order"), "drawn-k": ("k", "winner"), "low-price": ("k",),
}  # fmt: skip
"""method → its draws, in their order; by low price K is drawn where the notice has several values of it"""
assert set(STEPS) == set(METHODS)
PRICES = "prices"
"""what the order of a works by low price is kept under, beside the results of draws"""


class LocalRule(Base):
    """The local rule that allows a lottery (地方规定), as it was filed: without one in force no method of lottery
    can be chosen."""

    __tablename__ = "local_rule"

    id: Mapped[Id]
    name: Mapped[str]
    number: Mapped[str] = mapped_column(unique=True)
    since: Mapped[date]
    until: Mapped[date | None]
    """the last day"""
    evidence: Mapped[str]
    """SHA-256 of the document; it is public"""
    entry: Mapped[int] = mapped_column(BigInteger)
    filed_at: Mapped[Instant]


class SmallWorks(Base):
    """A small works whose contractor comes from the roster (小型工程). `form` is what the owner filled in."""

    __tablename__ = "small_works"

    id: Mapped[Id]
    code: Mapped[str] = mapped_column(unique=True)
    title: Mapped[str]
    tenderer_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("party.id"))
    tenderer: Mapped[Party] = relationship(lazy="joined", foreign_keys=[tenderer_id])
    agency_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("party.id"))
    state: Mapped[str] = mapped_column(index=True)
    """draft | published | listed | drawn | announced | awarded | contracted | completed | cancelled | failed"""
    form: Mapped[Json]
    estimate: Mapped[Money]
    ceiling: Mapped[Money]
    trade: Mapped[str]
    band: Mapped[str]
    method: Mapped[str]
    """one-step | two-step | drawn-k | low-price"""
    beacon: Mapped[str]
    """the public value of its draws, by trading.draws.beacon"""
    pace: Mapped[list[int]] = mapped_column(JSONB)
    """seconds after an announcement for commitments, acks and slips"""
    rule_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("local_rule.id"))
    notice: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    """the exact bytes of the notice, and their detached signature"""
    notice_p7s: Mapped[bytes | None] = mapped_column(LargeBinary)
    published_at: Mapped[OptionalInstant]
    declines_until: Mapped[OptionalInstant]
    """the first instant at which firms may decline no more"""
    draw_at: Mapped[OptionalInstant]
    balls_raw: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    """the frozen ball list (JCS), read where it is asked for: of thousands of firms it weighs megabytes"""
    balls_sha256: Mapped[str] = mapped_column(default="")
    drawn: Mapped[Json] = mapped_column(default=dict)
    """step → ids of balls in drawn order; PRICES → ids in the order of the prices"""
    created_at: Mapped[Instant]

    @property
    def steps(self) -> tuple[str, ...]:
        """The draws that its method asks for."""
        return () if self.method == LOW_PRICE and len(self.k_values) == 1 else STEPS[self.method]

    @property
    def by_price(self) -> bool:
        """Whether sealed prices decide, and no lot."""
        return self.method == LOW_PRICE

    @property
    def order_step(self) -> str:
        """What the order of turns is kept under."""
        return PRICES if self.by_price else self.steps[-1]

    @property
    def next_step(self) -> str:
        """The step to be drawn next, "" when all are."""
        return next((step for step in self.steps if step not in self.drawn), "")

    @property
    def finalists(self) -> int:
        return int(self.form.get("finalists") or 0)

    @property
    def k_values(self) -> list[str]:
        return list(self.form.get("k_values") or ())

    @property
    def weights(self) -> dict[str, int]:
        """Chances by grade; {} when all have the same."""
        return dict(self.form.get("weights") or {})


class WorksAnswer(Base):
    """What a firm of the category said before the list was frozen: that it declines, or who would be its project
    manager."""

    __tablename__ = "works_answer"
    __table_args__ = (UniqueConstraint("works_id", "party_id"),)

    id: Mapped[Id]
    works_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("small_works.id"), index=True)
    party_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("party.id"), index=True)
    manager_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("roster_manager.id"))
    declined_at: Mapped[OptionalInstant]
    reason: Mapped[str] = mapped_column(default="")


class WorksAward(Base):
    """One firm's turn in the drawn order (中标候选): announced, then awarded, refused or rejected."""

    __tablename__ = "works_award"
    __table_args__ = (UniqueConstraint("works_id", "rank"),)

    id: Mapped[Id]
    works_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("small_works.id"), index=True)
    rank: Mapped[int]
    party_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("party.id"), index=True)
    party: Mapped[Party] = relationship(lazy="joined")
    price: Mapped[Money]
    manager_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("roster_manager.id"))
    state: Mapped[str]
    """announced | awarded | contracted | refused | rejected"""
    announced_at: Mapped[Instant]
    announced_until: Mapped[date]
    """the last day of the publicity"""
    notice: Mapped[bytes | None] = mapped_column(LargeBinary)
    notice_p7s: Mapped[bytes | None] = mapped_column(LargeBinary)
    awarded_at: Mapped[OptionalInstant]
    reason: Mapped[str] = mapped_column(default="")
    """why it was refused or rejected"""
    checks: Mapped[list[str]] = mapped_column(JSONB, default=list)
    """SHA-256 of the checks of credit and bribery records that the award rests on"""
    contract: Mapped[str] = mapped_column(default="")
    """SHA-256 of the signed contract"""
    signed_on: Mapped[date | None]
