"""The ledger's tables (账本). Bytes are evidence: `bytea`, never `jsonb`; rows are only ever inserted.

Triggers and grants are in `trading.ledger.ddl`. The standing invariant, at any instant:
count(ledger_entry) = count(ledger_seq) + count(ledger_inbox).
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    LargeBinary,
)
from sqlalchemy.orm import Mapped, mapped_column

from trading.db import Base, Blob, Instant


class LedgerEntry(Base):
    """One act, in the transaction that did it. `id` is no place in the log: it has gaps and commits out
    of order. `tender` is only there to find a tender's entries: the evidence is `body`."""

    __tablename__ = "ledger_entry"
    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    body: Mapped[Blob]
    at: Mapped[Instant]
    tender: Mapped[str | None]
    __table_args__ = (
        CheckConstraint("octet_length(body) <= 65535", name="fits_a_bundle"),
        CheckConstraint(
            "tender IS NULL OR position(convert_to('\"tender\":\"' || tender || '\"', 'UTF8') IN body) > 0",
            name="tender_is_in_the_body",
        ),
        Index("ix_ledger_entry_tender", "tender", "id", postgresql_where="tender IS NOT NULL"),
    )


class LedgerInbox(Base):
    """Entries that wait for their place; written with the entry, deleted by the sequencer. A foreign key
    would cost a second look-up per append and prove nothing: the same statement writes both rows."""

    __tablename__ = "ledger_inbox"
    entry: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)


class LedgerSeq(Base):
    """An entry's place in the log and its leaf hash."""

    __tablename__ = "ledger_seq"
    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    entry: Mapped[int] = mapped_column(BigInteger, ForeignKey("ledger_entry.id"), unique=True)
    leaf: Mapped[Blob]
    __table_args__ = (
        CheckConstraint("octet_length(leaf) = 32", name="leaf_is_a_hash"),
        CheckConstraint("seq >= 0", name="starts_at_zero"),
    )


class LedgerTile(Base):
    """A full tile of 256 hashes, and its root: the hash that it contributes to the level above."""

    __tablename__ = "ledger_tile"
    level: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    idx: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    hashes: Mapped[Blob]
    root: Mapped[Blob]


class LedgerCheckpoint(Base):
    """A tree head that the log signed; `note` is the whole signed note."""

    __tablename__ = "ledger_checkpoint"
    size: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    root: Mapped[Blob]
    note: Mapped[str]
    at: Mapped[Instant]


class LedgerCosig(Base):
    """A witness's cosignature line over the checkpoint of that size."""

    __tablename__ = "ledger_cosig"
    size: Mapped[int] = mapped_column(BigInteger, ForeignKey("ledger_checkpoint.size"), primary_key=True)
    witness: Mapped[str] = mapped_column(primary_key=True)
    line: Mapped[str]


class LedgerPayload(Base):
    """What a commitment in an entry stands for; both secrets are gone after a redaction."""

    __tablename__ = "ledger_payload"
    commitment: Mapped[Blob] = mapped_column(primary_key=True)
    nonce = mapped_column(LargeBinary)
    bytes = mapped_column(LargeBinary)
    redacted_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    basis: Mapped[str | None]


class LedgerDummy(Base):
    """The opening of a dummy entry, to be published in the next manifest."""

    __tablename__ = "ledger_dummy"
    entry: Mapped[int] = mapped_column(BigInteger, ForeignKey("ledger_entry.id"), primary_key=True)
    salt: Mapped[Blob]
    digest: Mapped[Blob]
    at: Mapped[Instant]
