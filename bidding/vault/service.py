"""What the vault's acts share: its means, policies, and rows of which only their owners may know."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from bidding.tenders.models import Tender
from bidding.vault.documents import canonical
from bidding.vault.encoding import b64, sha256, unb64
from bidding.vault.models import Bid, Close, CustodianKey, SealPolicy, Upload
from bidding.vault.pieces import PieceReader, piece_count
from bidding.vault.policy import Policy, parse_policy
from trading import timekeeping
from trading.clock import parse_rfc3339
from trading.errors import refuse
from trading.interfaces import IFileStore, ISignatureVerifier
from trading.ledger.canonical import dumps
from trading.secrets import HallKeys
from trading.web import _


@dataclass(frozen=True)
class Means:
    """What the vault works with besides the database: the hall's keys, the file store, the judge of
    signatures (None where the installation has none), where randomness comes from, and how far clocks may
    disagree."""

    keys: HallKeys
    store: Any
    verifier: Any
    rng: Callable[[int], bytes] = os.urandom
    tolerance: timedelta = timekeeping.TOLERANCE

    @classmethod
    def of(cls, registry: Any) -> Means:
        """The means of a configured hall."""
        return cls(
            registry["keys"],
            registry.getUtility(IFileStore),
            registry.queryUtility(ISignatureVerifier),
            tolerance=timekeeping.tolerance(registry.settings),
        )

    def judge(self, data: bytes, cms: bytes, at: datetime) -> Any:
        """The evidence of a good signature; raises Refused `signature.*`."""
        if self.verifier is None:
            raise refuse("signature.unavailable", _("This hall cannot judge signatures at present"))
        return self.verifier.verify(data, cms, at)


@dataclass(frozen=True)
class Bidder:
    """Who bids: an account, and the enterprise it belongs to."""

    user_id: UUID
    uscc: str
    organisation: str
    address: str


@dataclass(frozen=True)
class Admitted:
    """An admitted bid or withdrawal as its owner may see it before the close. `document` is the manifest
    or the withdrawal, `digest` its SHA-256; `status` is "" before the close."""

    ref: str
    kind: str
    seq: int
    document: bytes
    digest: bytes
    cms: bytes
    uscc: str
    organisation: str
    user_id: str
    salt: bytes
    at: datetime
    evidence: dict[str, Any]
    row: Bid

    @property
    def status(self) -> str:
        return self.row.status or ""


# --- policies -----------------------------------------------------------------------------------


def policy_row(session: Session, tender: Tender) -> SealPolicy:
    """The newest published policy of a tender. Raises Refused `policy.none`."""
    row = session.scalars(select(SealPolicy).where(SealPolicy.sha256 == (tender.policy_hash or ""))).first()
    if row is None or row.tender_id != tender.id:
        raise refuse("policy.none", _("This tender has no seal policy yet"))
    return row


def policy_of(session: Session, tender: Tender) -> Policy:
    """The newest published policy, read."""
    return parse_policy(policy_row(session, tender).raw)


def statements_of(session: Session, tender: Tender) -> list[CustodianKey]:
    """The custodians' key statements for a tender, by stage and index."""
    query = select(CustodianKey).where(CustodianKey.tender_id == tender.id)
    return list(session.scalars(query.order_by(CustodianKey.stage, CustodianKey.index)))


def close_of(session: Session, tender: Tender) -> Close | None:
    """The tender's close, or None before it."""
    return session.scalars(select(Close).where(Close.tender_id == tender.id)).first()


# --- rows whose owner nobody else may know --------------------------------------------------------


def owner_key(keys: HallKeys, code: str, uscc: str) -> bytes:
    """The keyed hash that finds an enterprise's acts in one tender."""
    return keys.keyed("bidder", code, uscc)


def uploader_key(keys: HallKeys, code: str, user_id: UUID) -> bytes:
    """The keyed hash that finds an account's uploads in one tender."""
    return keys.keyed("uploader", code, str(user_id))


def seal_row(means: Means, row: Bid | Upload, fields: dict[str, Any]) -> bytes:
    """The encrypted fields of a row, bound to the row."""
    return means.keys.seal(dumps(fields), f"{row.__tablename__}/{row.id}", means.rng)


def unseal_row(keys: HallKeys, row: Bid | Upload) -> dict[str, Any]:
    """The fields given to `seal_row`."""
    fields: dict[str, Any] = canonical(keys.unseal(row.sealed, f"{row.__tablename__}/{row.id}"))
    return fields


def seal_admitted(
    means: Means,
    row: Bid,
    bidder: Bidder,
    *,
    kind: str,
    seq: int,
    document: bytes,
    cms: bytes,
    salt: bytes,
    at: str,
    evidence: dict[str, Any],
) -> bytes:
    """The encrypted content of an admitted act's row."""
    return seal_row(
        means,
        row,
        {
            "kind": kind,
            "seq": seq,
            "uscc": bidder.uscc,
            "organisation": bidder.organisation,
            "user": str(bidder.user_id),
            "address": bidder.address,
            "document": b64(document),
            "cms": b64(cms),
            "salt": b64(salt),
            "at": at,
            "evidence": evidence,
        },
    )


def admitted(keys: HallKeys, row: Bid) -> Admitted:
    """An admitted act, read from its encrypted row."""
    f = unseal_row(keys, row)
    document = unb64(f["document"])
    return Admitted(
        ref=row.ref,
        kind=f["kind"],
        seq=f["seq"],
        document=document,
        digest=sha256(document),
        cms=unb64(f["cms"]),
        uscc=f["uscc"],
        organisation=f["organisation"],
        user_id=f["user"],
        salt=unb64(f["salt"]),
        at=parse_rfc3339(f["at"]),
        evidence=f["evidence"],
        row=row,
    )


def acts_of(session: Session, keys: HallKeys, tender: Tender, uscc: str) -> list[Admitted]:
    """An enterprise's own admitted bids and withdrawals in a tender, in the order of admission."""
    query = select(Bid).where(Bid.tender_id == tender.id, Bid.owner_key == owner_key(keys, tender.code, uscc))
    return [admitted(keys, row) for row in session.scalars(query.order_by(Bid.entry_id))]


def standing_of(acts: list[Admitted]) -> Admitted | None:
    """The bid that counts among an enterprise's acts: the last one, unless it was withdrawn."""
    last = acts[-1] if acts else None
    return last if last is not None and last.kind == "bid" else None


# --- stored pieces --------------------------------------------------------------------------------


def piece_key(upload_id: UUID, part: str, number: int) -> str:
    """The file store's key of one piece."""
    return f"uploads/{upload_id.hex}/{part}/{number}"


def part_reader(store: Any, bid: Bid, part: str, size: int) -> PieceReader:
    """The ciphertext of a part of `size` bytes (the manifest's) as it is stored, for opening."""
    assert bid.upload_id is not None
    return PieceReader(store, [present_key(store, bid.upload_id, part, n) for n in range(piece_count(size))])


def restored_key(upload_id: UUID, part: str, number: int) -> str:
    """The file store's key of a piece that its bidder has handed in again (bidding.vault.restoring)."""
    return f"restored/{upload_id.hex}/{part}/{number}"


def present_key(store: Any, upload_id: UUID, part: str, number: int) -> str:
    """Where a piece is to be read: what was handed in again takes the place of what was damaged."""
    again = restored_key(upload_id, part, number)
    try:
        store.size(again)
    except KeyError:
        return piece_key(upload_id, part, number)
    return again
