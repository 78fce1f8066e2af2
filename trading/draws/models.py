"""The ceremony's tables (抽取仪式): one row a draw, and every paper that its parties and trustees handed in."""

from __future__ import annotations

import uuid
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, LargeBinary, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from trading.db import Base, Blob, Id, Instant, Json, OptionalInstant


class Draw(Base):
    """A draw that was announced. It ends in a result or is void; its number is never used again."""

    __tablename__ = "draw"
    __table_args__ = (UniqueConstraint("tender", "purpose", "number"),)

    id: Mapped[Id]
    tender: Mapped[str]
    purpose: Mapped[str]
    number: Mapped[int]
    ann: Mapped[str] = mapped_column(unique=True)
    """the announcement's hash (hex), by which everybody names the draw"""
    params: Mapped[Blob]
    rows: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    """openings.json, encrypted: who stands behind the handles; None while only `names` has it"""
    names: Mapped[bytes | None] = mapped_column(LargeBinary)
    """of a draw among people: openings.json and telephones, encrypted to the site and the regulator, not to the hall"""
    openings_sha256: Mapped[str]
    certificates: Mapped[Json]
    """name → certificate (SHA-256, hex) of every party and trustee"""
    cards: Mapped[Json]
    """trustee → its signed card: {"card", "p7s"}, base64url"""
    public: Mapped[bool] = mapped_column(default=False, server_default="false")
    """whether names are public from the start and anybody may contribute from the floor"""
    asks: Mapped[bool]
    """whether candidates are called and answer; lots among bids are settled by the order alone"""
    announced_at: Mapped[Instant]
    frozen_entry: Mapped[int | None] = mapped_column(BigInteger)
    """row of the ledger's entry `draw.frozen`, or of `draw.void`"""
    parties: Mapped[list[str]] = mapped_column(JSONB, default=list)
    """the parties that T binds"""
    voided: Mapped[bool] = mapped_column(default=False)
    witnessed_size: Mapped[int | None] = mapped_column(BigInteger)
    """size of a cosigned checkpoint that held T before the first slip was shown"""
    beacon: Mapped[str | None]
    typed: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    """user → the beacon's value as he typed it: [value, recording]"""
    calls: Mapped[int] = mapped_column(default=0, server_default="0")
    """how many calls are logged; one more than waves while answers are awaited, or when nobody is left to ask"""
    called_at: Mapped[OptionalInstant]
    """when the last of them was"""
    answer_seconds: Mapped[int | None]
    """of a draw among people: how long those who are called may answer, whatever the hall's settings say later"""
    waves: Mapped[list[dict[str, str]]] = mapped_column(JSONB, default=list)
    result: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    result_hash: Mapped[str | None]
    opened_at: Mapped[OptionalInstant]

    @property
    def scope(self) -> str:
        """The name of the draw's place: tender, purpose, number."""
        return f"{self.tender}/{self.purpose}/{self.number}"

    @property
    def ended(self) -> bool:
        """Whether it has a result or is void."""
        return self.voided or self.result is not None

    @property
    def until(self) -> int | None:
        """Unix seconds until which those who were called last may answer; None where nobody is asked."""
        if self.called_at is None or self.answer_seconds is None:
            return None
        return int(self.called_at.timestamp()) + self.answer_seconds


class DrawParty(Base):
    """A party's signed commitment."""

    __tablename__ = "draw_party"

    draw_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("draw.id"), primary_key=True)
    party: Mapped[str] = mapped_column(primary_key=True)
    commit: Mapped[Blob]
    p7s: Mapped[Blob]


class DrawDeal(Base):
    """Slips of a party for one trustee, encrypted to it: the hall cannot read them."""

    __tablename__ = "draw_deal"

    draw_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("draw.id"), primary_key=True)
    party: Mapped[str] = mapped_column(primary_key=True)
    trustee: Mapped[str] = mapped_column(primary_key=True)
    sealed: Mapped[Blob]


class DrawAck(Base):
    """A trustee's signed word that it holds its slips; its last one counts."""

    __tablename__ = "draw_ack"

    draw_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("draw.id"), primary_key=True)
    sha256: Mapped[str] = mapped_column(primary_key=True)
    trustee: Mapped[str]
    ack: Mapped[Blob]
    p7s: Mapped[Blob]
    at: Mapped[Instant]


class DrawShare(Base):
    """What one trustee published of a party that withheld its slips: number → slip."""

    __tablename__ = "draw_share"

    draw_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("draw.id"), primary_key=True)
    trustee: Mapped[str] = mapped_column(primary_key=True)
    party: Mapped[str] = mapped_column(primary_key=True)
    slips: Mapped[Json]


class DrawWave(Base):
    """The answers to one call, as the device that called signed them."""

    __tablename__ = "draw_wave"

    draw_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("draw.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    wave: Mapped[Blob]
    p7s: Mapped[Blob]


class DrawSlip(Base):
    """A slip that was shown; no organisation's is ever used twice, in any draw."""

    __tablename__ = "draw_slip"

    draw_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("draw.id"), primary_key=True)
    party: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    slip: Mapped[str] = mapped_column(index=True)


class TrusteeCard(Base):
    """A service's newest signed card: its encryption key, and that it is there."""

    __tablename__ = "draw_trustee"

    name: Mapped[str] = mapped_column(primary_key=True)
    card: Mapped[Blob]
    p7s: Mapped[Blob]
    at: Mapped[Instant]
