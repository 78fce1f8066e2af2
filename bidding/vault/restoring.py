"""Handing damaged pieces in again (重新提交): where the hall's copy of a bid is no longer what was receipted,
its bidder may send the same ciphertext once more, and nothing else (vault.md 2.9, STORAGE_FAULT)."""

from __future__ import annotations

import hashlib
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bidding.opening.models import Opening
from bidding.tenders.models import Tender
from bidding.tenders.service import locked
from bidding.vault.models import Bid, Outcome, UploadPiece
from bidding.vault.service import Bidder, Means, present_key, restored_key
from trading.acts import Actor, record
from trading.clock import database_now
from trading.errors import refuse
from trading.outbox import promise
from trading.web import _

TRY = "opening.try"


def damaged_bid(session: Session, tender: Tender, uscc: str) -> Bid | None:
    """The enterprise's bid, while the hall's copy of it is damaged and the bids are being opened."""
    opening = session.scalars(select(Opening).where(Opening.tender_id == tender.id)).first()
    if tender.state != "opening" or opening is None or opening.read_out_at is not None:
        return None
    query = (
        select(Bid)
        .join(Outcome, Outcome.bid_id == Bid.id)
        .where(Bid.tender_id == tender.id, Bid.bidder_uscc == uscc, Bid.status == "valid")
        .where(Outcome.outcome == "STORAGE_FAULT")
    )
    return session.scalars(query).first()


def damaged_pieces(session: Session, store: Any, bid: Bid) -> list[UploadPiece]:
    """The pieces whose stored bytes are not those that arrived. One piece is held at a time."""
    rows = select(UploadPiece).where(UploadPiece.upload_id == bid.upload_id)
    return [
        row
        for row in session.scalars(rows.order_by(UploadPiece.part, UploadPiece.number))
        if not sound(store, row)
    ]


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
