"""Signatures accepted, and what their judgement rested on (签名证据).

Certificates and revocation lists of the moment are kept per tender, so that a stranger can judge every
signature again years later. A bid's evidence stays sealed with the bid until the close: only then is
it kept here (`keep`), since a certificate names its bidder.
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


class Evidence(Base):
    """A certificate or revocation list (DER) that a signature of this tender was judged by."""

    __tablename__ = "signature_evidence"

    tender: Mapped[str] = mapped_column(primary_key=True)
    sha256: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    """cert | crl"""
    der: Mapped[Blob]


def accept(session: Session, registry: Any, tender: str, data: bytes, cms: bytes, at: datetime) -> Any:
    """Judge a detached CMS over `data` at `at` and keep its evidence for the tender; not for bids.

    Returns the verifier's evidence (`certificate_sha256`, `organisation_id`, …). Raises Refused."""
    evidence = registry.getUtility(ISignatureVerifier).verify(data, cms, at)
    keep(session, tender, (evidence.certificate, *evidence.chain), evidence.crls)
    return evidence


def keep(session: Session, tender: str, certificates: Iterable[bytes], crls: Iterable[bytes]) -> None:
    """Keep certificates and revocation lists (DER) once per tender."""
    rows = [
        {"tender": tender, "sha256": hashlib.sha256(der).hexdigest(), "kind": kind, "der": der}
        for kind, ders in (("cert", certificates), ("crl", crls))
        for der in ders
    ]
    if rows:
        session.execute(insert(Evidence).values(rows).on_conflict_do_nothing())


def kept(session: Session, tender: str) -> list[Evidence]:
    """All evidence of a tender."""
    return list(session.scalars(select(Evidence).where(Evidence.tender == tender).order_by(Evidence.sha256)))
