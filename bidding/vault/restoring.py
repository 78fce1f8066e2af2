"""Handing damaged pieces in again (重新提交): where the hall's copy of a bid is no longer what was receipted,
its bidder may send the same ciphertext once more, and nothing else (vault.md 2.9, STORAGE_FAULT)."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bidding.opening.models import EnvelopeOutcome
from bidding.opening.standing import custodians_until, find_opening, second_of
from bidding.tenders.models import Tender
from bidding.tenders.service import locked
from bidding.vault.content import measure
from bidding.vault.manifest import SealedPart, parse_manifest
from bidding.vault.models import Bid, Outcome, UploadPiece
from bidding.vault.service import Bidder, Means, part_reader, policy_of, present_key, restored_key
from bidding.vault.sittings import present_sitting
from trading.acts import Actor, record
from trading.clock import database_now
from trading.errors import refuse
from trading.outbox import promise
from trading.web import _

TRY = "opening.try"


def damaged_bid(session: Session, tender: Tender, uscc: str) -> Bid | None:
    """The enterprise's bid, while the hall's copy of it is damaged and its envelope is being opened."""
    if tender.policy_hash is None:
        return None
    sitting = present_sitting(session, tender, policy_of(session, tender))
    bid = next((bid for bid in sitting.bids if bid.bidder_uscc == uscc), None) if sitting else None
    if sitting is None or bid is None:
        return None
    outcome = Outcome if tender.state == "opening" else EnvelopeOutcome
    query = select(outcome.id).where(outcome.bid_id == bid.id, outcome.outcome == "STORAGE_FAULT")
    return bid if session.scalar(query) is not None else None


def damaged_pieces(session: Session, store: Any, bid: Bid) -> list[UploadPiece]:
    """The pieces whose stored bytes are not those that arrived. One piece is held at a time."""
    rows = select(UploadPiece).where(UploadPiece.upload_id == bid.upload_id)
    return [
        row
        for row in session.scalars(rows.order_by(UploadPiece.part, UploadPiece.number))
        if not sound(store, row)
    ]


@dataclass(frozen=True)
class DamagedPart:
    """A part of which the hall's copy is not what was receipted: the hash (tree) that was signed, that of what
    is stored ("" where pieces are gone), and how many pieces of it are damaged."""

    name: str
    signed: str
    stored: str
    pieces: int


def damaged_parts(session: Session, store: Any, bid: Bid) -> list[DamagedPart]:
    """What is damaged, as its bidder is told."""
    count = Counter(row.part for row in damaged_pieces(session, store, bid))
    signed = {part.name: part for part in parse_manifest(bid.manifest or b"").parts}
    return [
        DamagedPart(name, signed[name].tree.hex(), tree_of(store, bid, signed[name]), pieces)
        for name, pieces in sorted(count.items())
    ]


def tree_of(store: Any, bid: Bid, part: SealedPart) -> str:
    """The tree hash of what is stored in a part's place; "" where something is missing."""
    try:
        return measure(part_reader(store, bid, part.name, part.size)).tree.hex()
    except KeyError:
        return ""


def hand_in_until(session: Session, registry: Any, tender: Tender) -> datetime | None:
    """Until when a damaged file may be handed in again: as long as the hall waits for keys."""
    row = find_opening(session, tender) if tender.state == "opening" else second_of(session, tender)
    return custodians_until(session, registry, tender, row) if row is not None else None


def handed_in_again(session: Session, store: Any, bid: Bid) -> bool:
    """Whether pieces of this bid have been handed in again."""
    rows = session.scalars(select(UploadPiece).where(UploadPiece.upload_id == bid.upload_id))
    return any(
        present_key(store, r.upload_id, r.part, r.number) == restored_key(r.upload_id, r.part, r.number)
        for r in rows
    )


def sound(store: Any, row: UploadPiece) -> bool:
    """Whether a piece is stored as it arrived."""
    try:
        data = store.get(present_key(store, row.upload_id, row.part, row.number))
    except KeyError:
        return False
    return hashlib.sha256(data).hexdigest() == row.sha256


def restore(
    session: Session,
    means: Means,
    bidder: Bidder,
    actor: Actor,
    code: str,
    part: str,
    number: int,
    data: bytes,
) -> None:
    """Take a piece again: its hash must be that of the piece which was receipted; entry `bid.restored`, and
    the opening is tried once more. The same again is no error. Raises Refused `restore.*`."""
    tender = locked(session, code)
    bid = damaged_bid(session, tender, bidder.uscc)
    if bid is None or bid.upload_id is None:
        raise refuse("restore.none", _("The hall's copy of your bid is whole, or its opening is over"))
    row = session.scalars(
        select(UploadPiece).where(
            UploadPiece.upload_id == bid.upload_id, UploadPiece.part == part, UploadPiece.number == number
        )
    ).first()
    if row is None or hashlib.sha256(data).hexdigest() != row.sha256:
        raise refuse(
            "restore.other",
            _("These are not the bytes that were receipted"),
            remedy=_("Send the sealed file that you handed in, unchanged."),
        )
    if sound(means.store, row):
        return
    means.store.put(restored_key(bid.upload_id, part, number), data)
    payload = {"manifest": bid.manifest_hash, "part": part, "piece": number, "sha256": row.sha256}
    record(session, actor, "bid.restored", code, payload, at=database_now(session))
    promise(session, TRY, {"tender": code})
