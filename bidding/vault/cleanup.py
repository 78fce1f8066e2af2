"""Abandoned uploads (废弃上传): pieces of bids that were never handed in go, some days after the tender has closed
or ended. What was handed in stays, whatever became of it: it is evidence."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from bidding.tenders.service import find
from bidding.vault.models import Bid, Upload, UploadPiece
from bidding.vault.service import piece_key
from trading.events import TenderClosed, TenderEnded, TenderEvent
from trading.interfaces import IFileStore
from trading.outbox import promise

if TYPE_CHECKING:
    from pyramid.config import Configurator

CLEAR = "uploads.clear"
GRACE = timedelta(days=7)
"""For a bidder who claims that the hall failed while it was uploading: until then its pieces can be shown."""


def promise_to_clear(event: TenderEvent) -> None:
    """The tender takes no more bids."""
    promise(event.session, CLEAR, {"tender": event.tender}, event.at + GRACE)


def clear(session: Session, registry: Any, payload: dict[str, Any]) -> None:
    """Delete files and rows of the uploads that became no bid. Files go first: a crash in between is made
    good by the next attempt, since deleting what is gone is no error."""
    tender = find(session, payload["tender"])
    if tender.state in ("draft", "published"):
        return
    store = registry.getUtility(IFileStore)
    handed_in = select(Bid.upload_id).where(Bid.tender_id == tender.id, Bid.upload_id.is_not(None))
    abandoned = select(Upload.id).where(Upload.tender_id == tender.id, Upload.id.not_in(handed_in))
    pieces = select(UploadPiece).where(UploadPiece.upload_id.in_(abandoned))
    for piece in session.scalars(pieces):
        store.delete(piece_key(piece.upload_id, piece.part, piece.number))
    gone = session.scalars(abandoned).all()
    session.execute(delete(UploadPiece).where(UploadPiece.upload_id.in_(gone)))
    session.execute(delete(Upload).where(Upload.id.in_(gone)))


def includeme(config: Configurator) -> None:
    config.on_promise(CLEAR, clear)
    for event in (TenderClosed, TenderEnded):
        config.add_subscriber(promise_to_clear, event)
