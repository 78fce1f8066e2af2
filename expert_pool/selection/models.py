"""The committee of one tender (评标委员会). In step 1 its members come as a sealed, imported list."""

from __future__ import annotations

import uuid

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from trading.db import Base, Blob, Id, Instant, OptionalInstant


class Panel(Base):
    """A committee (评标委员会). `sealed` holds the seats of the imported list, encrypted: names stay
    unknown until sign-in (Order 87 art. 47). `source` says who drew it; the verifier says that this draw
    was not ours."""

    __tablename__ = "panel"

    id: Mapped[Id]
    tender: Mapped[str] = mapped_column(index=True)
    source: Mapped[str]
    list_sha256: Mapped[str]
    """of the imported file"""
    panel_sha256: Mapped[str]
    """of the panel document (evaluation/panel.json)"""
    sealed: Mapped[Blob]
    size: Mapped[int]
    imported_at: Mapped[Instant]
    replaced_at: Mapped[OptionalInstant]
    """when an order of the authority sent the committee home; its members and its list stay on record"""


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
