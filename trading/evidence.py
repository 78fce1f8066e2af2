"""What signatures were judged by (签名验证证据): certificates and revocation lists, kept when they were used.

A revocation list is replaced every few hours; whoever checks a signature years later needs the one that
was in force. Files are kept once under their hash, and named for each tender whose signatures used them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from trading.db import Base, Blob
from trading.interfaces import ISignatureVerifier


class EvidenceFile(Base):
    """A certificate or revocation list (DER)."""

    __tablename__ = "evidence_file"

    sha256: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    """cert | crl"""
    der: Mapped[Blob]


class EvidenceUse(Base):
    """That a signature of this tender was judged by this file."""

    __tablename__ = "evidence_use"

    tender: Mapped[str] = mapped_column(primary_key=True)
    sha256: Mapped[str] = mapped_column(primary_key=True)


def accept(session: Session, registry: Any, tender: str, data: bytes, cms: bytes, at: datetime) -> Any:
    """Judge a detached CMS over `data` at `at` and keep its evidence for the tender; not for bids.

    Returns the verifier's evidence (`certificate_sha256`, `organisation_id`, …). Raises Refused."""
    evidence = registry.getUtility(ISignatureVerifier).verify(data, cms, at)
    keep_evidence(session, tender, evidence)
    return evidence


def keep_evidence(session: Session, tender: str, evidence: Any) -> None:
    """Keep what a `SignatureEvidence` rests on, for the tender's bundle. Safe to repeat.

    In the sealed period a certificate would tell who bids: vault code keeps evidence of bids sealed and
    calls `keep` and `name` after the close."""
    keep(session, tender, (evidence.certificate, *evidence.chain), evidence.crls)


def keep(session: Session, tender: str, certificates: Iterable[bytes], crls: Iterable[bytes]) -> None:
    """Keep certificates and revocation lists (DER), each once, and that this tender used them."""
    name(session, tender, keep_files(session, certificates, crls))


def keep_files(session: Session, certificates: Iterable[bytes], crls: Iterable[bytes]) -> list[str]:
    """Keep certificates and revocation lists (DER), each once; returns their hashes. Says nothing of a tender:
    before the close even the revocation lists would tell which authorities the bidders' certificates are of."""
    files = [("cert", der) for der in certificates] + [("crl", der) for der in crls]
    rows = [{"sha256": hashlib.sha256(der).hexdigest(), "kind": kind, "der": der} for kind, der in files]
    for row in rows:
        session.execute(insert(EvidenceFile).values(row).on_conflict_do_nothing())
    return [str(row["sha256"]) for row in rows]


def name(session: Session, tender: str, digests: Iterable[str]) -> None:
    """Say that signatures of this tender were judged by these kept files."""
    for digest in digests:
        use = {"tender": tender, "sha256": digest}
        session.execute(insert(EvidenceUse).values(use).on_conflict_do_nothing())


def evidence_of(session: Session, tender: str) -> list[EvidenceFile]:
    """Every file that a tender's signatures were judged by, by hash: `evidence/` of its bundle."""
    used = select(EvidenceUse.sha256).where(EvidenceUse.tender == tender)
    query = select(EvidenceFile).where(EvidenceFile.sha256.in_(used)).order_by(EvidenceFile.sha256)
    return list(session.scalars(query))
