"""The vault's tables (投标保险柜). In the sealed period a row names nobody: what could tell who bids is
encrypted under a key held outside the database, and looked up by keyed hashes."""

from __future__ import annotations

import uuid
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from trading.db import Base, Blob, Id, Instant, Json, OptionalInstant


class CustodianKey(Base):
    """A custodian's signed key for one tender and stage (密钥保管方公钥声明)."""

    __tablename__ = "custodian_key"
    __table_args__ = (UniqueConstraint("tender_id", "stage", "index", "number"),)

    id: Mapped[Id]
    tender_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("tender.id"), index=True)
    stage: Mapped[str]
    index: Mapped[int]
    number: Mapped[int] = mapped_column(default=1, server_default="1")
    """1, and one more for each later statement (of a deadline that was moved); the last one counts"""
    custodian: Mapped[str]
    raw: Mapped[Blob]
    cms: Mapped[Blob]
    received_at: Mapped[Instant]


class SealPolicy(Base):
    """A seal policy (封装策略) as signed by the tenderer; the newest one counts."""

    __tablename__ = "seal_policy"

    id: Mapped[Id]
    tender_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("tender.id"), index=True)
    version: Mapped[int]
    sha256: Mapped[str] = mapped_column(unique=True)
    raw: Mapped[Blob]
    cms: Mapped[bytes | None]
    signed_at: Mapped[OptionalInstant]


class Upload(Base):
    """A bid on its way in, resumable piece by piece (分片上传). `sealed` holds owner and manifest."""

    __tablename__ = "upload"

    id: Mapped[Id]
    tender_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("tender.id"), index=True)
    owner_key: Mapped[Blob] = mapped_column(index=True)
    """keyed hash of tender and user"""
    manifest_key: Mapped[Blob] = mapped_column(unique=True)
    sealed: Mapped[Blob]
    pieces: Mapped[Json]
    """{part: {"size": bytes, "pieces": n}}; what has arrived are the rows of UploadPiece"""
    started_at: Mapped[Instant]
    finished_at: Mapped[OptionalInstant]


class UploadPiece(Base):
    """One verified, durable piece of an upload."""

    __tablename__ = "upload_piece"
    __table_args__ = (UniqueConstraint("upload_id", "part", "number"),)

    id: Mapped[Id]
    upload_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("upload.id"), index=True)
    part: Mapped[str]
    number: Mapped[int]
    size: Mapped[int]
    sha256: Mapped[str]
    leaves: Mapped[Blob]
    """hashes of its 1 MiB segments, for the part's tree"""


class Bid(Base):
    """An admitted bid or withdrawal (投标/撤回). `sealed` is canonical JSON, encrypted until the close:
    bidder, user, manifest, cms, evidence, salt, receipt. After the close the plain columns are filled."""

    __tablename__ = "bid"
    __table_args__ = (
        Index("ix_bid_bidder_uscc", "bidder_uscc", postgresql_where=text("bidder_uscc IS NOT NULL")),
    )

    id: Mapped[Id]
    tender_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("tender.id"), index=True)
    ref: Mapped[str] = mapped_column(unique=True)
    owner_key: Mapped[Blob] = mapped_column(index=True)
    """keyed hash of tender and bidder"""
    upload_id: Mapped[uuid.UUID | None]
    entry_id: Mapped[int]
    sealed: Mapped[Blob]
    sealed_token: Mapped[bytes | None]
    """RFC 3161 token over the leaf, encrypted like the rest"""
    sealed_receipt: Mapped[bytes | None]
    """the receipt once nothing more can be added to it"""
    kind: Mapped[str | None]
    """bid | withdraw"""
    status: Mapped[str | None]
    """valid | superseded | withdrawn | policy-superseded"""
    bidder_uscc: Mapped[str | None]
    bidder_name: Mapped[str | None]
    manifest_hash: Mapped[str | None]
    manifest: Mapped[bytes | None]
    cms: Mapped[bytes | None]
    evidence: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    """what the signature's judgement rested on (SignatureEvidence.record)"""
    received_at: Mapped[OptionalInstant]
    leaf_index: Mapped[int | None]


class SpentToken(Base):
    """Keyed hashes of bid ids, tree roots and wraps ever admitted: a copied bid is refused."""

    __tablename__ = "spent_token"

    token: Mapped[bytes] = mapped_column(primary_key=True)
    bid_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("bid.id"))


class Close(Base):
    """The closing document of a tender (截标清单), once and for good."""

    __tablename__ = "close_document"

    id: Mapped[Id]
    tender_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("tender.id"), unique=True)
    closed_entry_id: Mapped[int]
    closed_at: Mapped[Instant]
    raw: Mapped[bytes | None]
    sha256: Mapped[str | None]
    manifest_entry_id: Mapped[int | None]
    token: Mapped[bytes | None]
    """RFC 3161 token over the raw bytes"""
    ready_at: Mapped[OptionalInstant]
    """stamped and cosigned: custodians may release"""


class Release(Base):
    """A custodian's release for one stage (密钥保管方释放)."""

    __tablename__ = "custodian_release"
    __table_args__ = (UniqueConstraint("tender_id", "stage", "index"),)

    id: Mapped[Id]
    tender_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("tender.id"), index=True)
    stage: Mapped[str]
    index: Mapped[int]
    raw: Mapped[Blob]
    cms: Mapped[Blob]
    received_at: Mapped[Instant]


class BidderRelease(Base):
    """A bidder's own key, released in its window (投标人解密)."""

    __tablename__ = "bidder_release"

    id: Mapped[Id]
    bid_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("bid.id"), index=True)
    stage: Mapped[str]
    raw: Mapped[Blob]
    cms: Mapped[Blob]
    matches: Mapped[bool]
    """whether Kb matches the bid's commitment"""
    received_at: Mapped[Instant]


class Outcome(Base):
    """What the opening of one bid came to (开标结果). OK is final."""

    __tablename__ = "bid_outcome"

    id: Mapped[Id]
    bid_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("bid.id"), unique=True)
    outcome: Mapped[str]
    """OK | WAIT_BIDDER | WAIT_CUSTODIANS | WRONG_KEY | BIDDER_FAULT | STORAGE_FAULT | REVOKED | WITHDRAWN"""
    opened_by: Mapped[str] = mapped_column(default="")
    """bidder | custodians"""
    fault: Mapped[str] = mapped_column(default="")
    """bidder | platform | other; "" none"""
    evidence: Mapped[Json]
    price_sheet: Mapped[bytes | None]
    """plaintext of the public part, once open"""
    stage_key: Mapped[bytes | None]
    decided_at: Mapped[Instant]
