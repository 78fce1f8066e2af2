"""Bid securities (投标保证金). What tells who bids is encrypted under a key held outside the database and
looked up by keyed hashes, before the deadline and after it: pages unseal what their readers may see."""

from __future__ import annotations

import uuid

from sqlalchemy import BigInteger, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from trading.db import Base, Blob, Id, Instant, OptionalInstant


class BaseAccount(Base):
    """The base account that an enterprise has registered (基本账户): securities must come from it (TBR 26)."""

    __tablename__ = "base_account"

    party_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("party.id"), primary_key=True)
    bank: Mapped[str]
    number: Mapped[str]
    filed_at: Mapped[Instant]


class DepositAccount(Base):
    """A virtual sub-account (虚拟子账号) of one bidder in one tender's lot. `sealed`: bidder's code, name and
    party, the account's number."""

    __tablename__ = "deposit_account"

    id: Mapped[Id]
    tender_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("tender.id"), index=True)
    owner_key: Mapped[Blob] = mapped_column(unique=True)
    """keyed hash of tender, lot and bidder"""
    number_key: Mapped[Blob] = mapped_column(unique=True)
    """keyed hash of the account's number: finds the account of a credit"""
    sealed: Mapped[Blob]


class DepositItem(Base):
    """What secures a bid: one credit or one guarantee. `sealed`: the record and the salt of its leaf."""

    __tablename__ = "deposit_item"

    id: Mapped[Id]
    account_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("deposit_account.id"), index=True)
    source_key: Mapped[Blob] = mapped_column(unique=True)
    """keyed hash of the bank's name of the credit, or of the guarantee's number: each counts once"""
    entry_id: Mapped[int] = mapped_column(BigInteger)
    sealed: Mapped[Blob]
    listed_at: Mapped[OptionalInstant]
    """when it was laid open in the ledger, after the deadline"""


class DepositPayment(Base):
    """What the bank was told to pay for one item (退还/没收), at most once: its id is the bank's idempotency
    key. `sealed`: payee, amounts, reason, and the bank's answer."""

    __tablename__ = "deposit_payment"

    id: Mapped[Id]
    item_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("deposit_item.id"), unique=True)
    ordered_at: Mapped[Instant]
    paid_at: Mapped[OptionalInstant]
    declined: Mapped[bool] = mapped_column(default=False)
    """the bank will not pay it like this: somebody has to look"""
    recorded_at: Mapped[OptionalInstant]
    """when its entry was written; for one before the deadline, after it"""
    sealed: Mapped[Blob]


class DepositDecision(Base):
    """What the tenderer decided about a security that the law lets it keep (没收/退还决定), as it was signed."""

    __tablename__ = "deposit_decision"
    __table_args__ = (UniqueConstraint("account_id", "number"),)

    id: Mapped[Id]
    account_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("deposit_account.id"))
    number: Mapped[int]
    keep: Mapped[bool]
    ground: Mapped[str]
    reason: Mapped[str]
    document_name: Mapped[str]
    document_sha256: Mapped[str]
    raw: Mapped[Blob]
    cms: Mapped[bytes | None]
    made_at: Mapped[Instant]
    decided_at: Mapped[OptionalInstant]


class DepositEnd(Base):
    """When a tender ended without a contract (流标、终止): from then on everything goes back."""

    __tablename__ = "deposit_end"

    tender_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("tender.id"), primary_key=True)
    how: Mapped[str]
    """failed | cancelled"""
    at: Mapped[Instant]


class BankCursor(Base):
    """How far the bank's list of credits has been read. One row."""

    __tablename__ = "bank_cursor"

    id: Mapped[int] = mapped_column(primary_key=True)
    cursor: Mapped[str]
