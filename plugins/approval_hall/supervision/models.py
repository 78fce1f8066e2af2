"""Lights, supervision letters, accountability (红黄灯、督查、责任追究)."""

from __future__ import annotations

import uuid
from datetime import date

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from trading.db import Base, Id, Instant, Json, OptionalInstant


class HallLight(Base):
    """One deadline under watch (监察对象), of an approval or of a trading room, and its light now."""

    __tablename__ = "hall_light"
    __table_args__ = (
        Index("ix_hall_light_running", "department", postgresql_where=text("ended_at IS NULL")),
    )

    id: Mapped[Id]
    key: Mapped[str] = mapped_column(unique=True)
    subject: Mapped[str] = mapped_column(index=True)
    tender: Mapped[str]
    """the trail its entries belong to: a tender's code or a case's number, "" for none"""
    title: Mapped[str]
    title_en: Mapped[str]
    step: Mapped[str]
    """msgid, or words of the catalogue with `step_en` beside them"""
    step_en: Mapped[str]
    item: Mapped[str]
    kind: Mapped[str]
    """act | period"""
    department: Mapped[str]
    unit: Mapped[str]
    """key of a department of this hall, "" for others"""
    party_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("party.id"))
    person: Mapped[str]
    rule: Mapped[str]
    certainty: Mapped[str]
    route: Mapped[str]
    where: Mapped[Json]
    discreet: Mapped[bool]
    started_at: Mapped[Instant]
    yellow_at: Mapped[OptionalInstant]
    red_at: Mapped[OptionalInstant]
    """None while its clock stands still"""
    last_day: Mapped[date | None]
    light: Mapped[str]
    """green | yellow | red | paused"""
    light_since: Mapped[Instant]
    ended_at: Mapped[OptionalInstant]


class HallLightChange(Base):
    """A light that changed (亮灯记录); the ledger has the same. `counted_in` is the accountability case that counts
    this red light."""

    __tablename__ = "hall_light_change"

    id: Mapped[Id]
    light_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("hall_light.id"), index=True)
    light: Mapped[str]
    department: Mapped[str] = mapped_column(index=True)
    person: Mapped[str]
    at: Mapped[Instant]
    counted_in: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("hall_accountability.id"), index=True)


class HallLetter(Base):
    """A supervision letter (督查通知) to a department, with its own due date."""

    __tablename__ = "hall_letter"

    id: Mapped[Id]
    number: Mapped[str] = mapped_column(unique=True)
    light_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("hall_light.id"), index=True)
    subject: Mapped[str]
    department: Mapped[str]
    unit: Mapped[str]
    party_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("party.id"))
    words: Mapped[str]
    days: Mapped[int]
    """working days for the answer"""
    issued_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id"))
    issued_at: Mapped[Instant]
    answer: Mapped[str] = mapped_column(default="")
    answered_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("user_account.id"))
    answered_at: Mapped[OptionalInstant]


class HallAccountability(Base):
    """A case of accountability (责任追究): opened by itself at so many red lights of a department in a year."""

    __tablename__ = "hall_accountability"
    __table_args__ = (UniqueConstraint("number"),)

    id: Mapped[Id]
    number: Mapped[str]
    department: Mapped[str]
    unit: Mapped[str]
    person: Mapped[str]
    """"" when the department as a whole is meant"""
    reds: Mapped[int]
    opened_at: Mapped[Instant]
    outcome: Mapped[str] = mapped_column(default="")
    """"" while open | no-fault | talk | notice | discipline"""
    words: Mapped[str] = mapped_column(default="")
    decided_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("user_account.id"))
    decided_at: Mapped[OptionalInstant]
