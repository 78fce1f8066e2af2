"""The committee of one tender (评标委员会): imported as a sealed list, or drawn here from the pool."""

from __future__ import annotations

import uuid

from sqlalchemy import ForeignKey, LargeBinary, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from trading.db import Base, Blob, Id, Instant, OptionalInstant


class Panel(Base):
    """A committee (评标委员会). `sealed` holds its seats, encrypted: of an imported list all of them, of a drawn
    committee those who have come so far. Names stay unknown until sign-in (Order 87 art. 47). `source` says
    who drew it; of an imported list the verifier says that this draw was not ours."""

    __tablename__ = "panel"

    id: Mapped[Id]
    tender: Mapped[str] = mapped_column(index=True)
    source: Mapped[str]
    list_sha256: Mapped[str]
    """of the imported file; of a drawn committee the demand's"""
    panel_sha256: Mapped[str]
    """of the panel document (evaluation/panel.json); "" until a drawn committee is complete"""
    sealed: Mapped[Blob]
    size: Mapped[int]
    imported_at: Mapped[Instant]
    replaced_at: Mapped[OptionalInstant]
    """when an order of the authority sent the committee home; its members and its list stay on record"""
    demand_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("panel_demand.id"))
    """of a drawn committee"""
    experts: Mapped[int] = mapped_column(default=0, server_default="0")
    """so many seats are the experts'"""

    @property
    def drawn(self) -> bool:
        """Whether it was drawn here."""
        return self.demand_id is not None


class PanelMember(Base):
    """A member who has signed in (评委签到) or stepped aside (回避); before that there is no row with a
    name. `member` is the pseudonym under which the ledger knows the person in this tender."""

    __tablename__ = "panel_member"
    __table_args__ = (UniqueConstraint("panel_id", "seat"), UniqueConstraint("panel_id", "user_id"))

    id: Mapped[Id]
    panel_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("panel.id"), index=True)
    seat: Mapped[int]
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id"))
    member: Mapped[str]
    kind: Mapped[str]
    """expert | purchaser"""
    head: Mapped[bool] = mapped_column(default=False)
    recused_at: Mapped[OptionalInstant]
    recusal: Mapped[str] = mapped_column(default="")
    signed_in_at: Mapped[OptionalInstant]
    handle: Mapped[str] = mapped_column(default="", server_default="")
    """under which a drawn member stands in its draw"""
    promise: Mapped[bytes | None] = mapped_column(LargeBinary)
    """the promise of integrity (廉洁自律承诺) of a drawn committee's member, and its signature; of one
    who stepped aside instead, that it has an interest"""
    promise_cms: Mapped[bytes | None] = mapped_column(LargeBinary)
    phone: Mapped[bool] = mapped_column(default=False, server_default="false")
    """whether the telephone was handed in (通讯工具上交)"""
    vote: Mapped[int | None]
    """the seat that this member wants as head"""


class PanelReplacement(Base):
    """A member who was taken out of an evaluation that had begun (更换评委, Order 87 art. 49): what it concluded is void.
    Who ordered it, why, and the document that it rests on."""

    __tablename__ = "panel_replacement"
    __table_args__ = (UniqueConstraint("panel_id", "seat"),)

    id: Mapped[Id]
    panel_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("panel.id"), index=True)
    seat: Mapped[int]
    member: Mapped[str]
    handle: Mapped[str] = mapped_column(default="", server_default="")
    ground: Mapped[str]
    """recusal | illness | absence"""
    reason: Mapped[str]
    document: Mapped[str]
    """SHA-256 of the file, hex"""
    ordered_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id"))
    at: Mapped[Instant]


class PanelDemand(Base):
    """What committee was asked for (抽取需求), by whom, and who approved it: two people."""

    __tablename__ = "panel_demand"
    __table_args__ = (UniqueConstraint("tender", "number"),)

    id: Mapped[Id]
    tender: Mapped[str]
    number: Mapped[int]
    raw: Mapped[Blob]
    """the demand's document (draw.md 13.1)"""
    sha256: Mapped[str] = mapped_column(unique=True)
    wishes: Mapped[list[dict[str, str | int]]] = mapped_column(JSONB)
    """the specialities as they were asked for, before too fine ones were merged: {"quota", "tag"}"""
    warnings: Mapped[list[dict[str, str]]] = mapped_column(JSONB)
    """what was pointed out, as the approving person sees it: {"code", "rule", …}"""
    asked_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id"))
    asked_at: Mapped[Instant]
    approved_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("user_account.id"))
    approved_at: Mapped[OptionalInstant]
    draw: Mapped[str | None]
    """its announcement"""


class PanelArrival(Base):
    """Somebody in the room says: I am here (报到). For each draw that may be meant the site is asked whether this
    person's number has a seat; all rows of one `visit` get the same answer to the person."""

    __tablename__ = "panel_arrival"

    id: Mapped[Id]
    visit: Mapped[uuid.UUID] = mapped_column(index=True)
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user_account.id"))
    draw: Mapped[str]
    state: Mapped[str]
    """waiting | unknown | known | recused"""
    handle: Mapped[str] = mapped_column(default="")
    ground: Mapped[str] = mapped_column(default="")
    """of a recusal: its code"""
    at: Mapped[Instant]


class NameRefusal(Base):
    """An attempt to learn a committee's names that was refused: the regulator's desk shows it."""

    __tablename__ = "names_refused"

    id: Mapped[Id]
    tender: Mapped[str]
    door: Mapped[str]
    who: Mapped[str]
    address: Mapped[str]
    at: Mapped[Instant] = mapped_column(index=True)
