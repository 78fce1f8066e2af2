"""Rotation of the receipt key (回执密钥轮换): `tradehall keys rotate receipt`, later `tradehall keys retire receipt`.

A policy names the key that signs its tender's receipts, refusals and closing list. A new key serves tenders
that are published later; every older one goes on signing for the tenders that name it, until they are done.
"""

from __future__ import annotations

import json
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from bidding.tenders.models import Tender
from bidding.vault.encoding import b64
from bidding.vault.models import Bid, SealPolicy
from bidding.vault.receipts import receipt_of
from bidding.vault.service import Means
from config.log_rotation import resting
from trading.secrets import HallKeys, load_master


def retire(engine: Engine, state: Path) -> list[str]:
    """Delete every older key of the ring that no tender under way names; returns their file names. Receipts
    that nobody has fetched yet are made first. The key that `master.key` itself gives stays with it."""
    gone = []
    for path in sorted((state / "receipt").glob("*.key"))[:-1]:
        seed = load_master(path)
        public = b64(Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw())
        with Session(engine) as session, session.begin():
            if resting(session, "receipt_key", public):
                continue
            if not make_receipts(session, HallKeys.load(state), public):
                continue
        path.unlink()
        gone.append(path.name)
    return gone


def make_receipts(session: Session, keys: HallKeys, public: str) -> bool:
    """Make and keep the receipts of this key that were never asked for; whether none is left to be made."""
    query = (
        select(Bid, Tender, SealPolicy.raw)
        .join(Tender, Tender.id == Bid.tender_id)
        .join(SealPolicy, SealPolicy.sha256 == Tender.policy_hash)
        .where(Bid.sealed_receipt.is_(None))
    )
    means, whole = Means(keys, None, None), True
    for row, tender, raw in session.execute(query).all():
        if json.loads(raw)["receipt_key"] == public:
            receipt_of(session, means, tender, row)
            whole = whole and row.sealed_receipt is not None
    return whole
