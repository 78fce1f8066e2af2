"""The periods of published tenders (公告期、文件提供期、投标截止). Nobody owes an act at their end: the hall closes by
itself, and the opening follows."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bidding.tenders.models import Tender
from trading.deadlines import Deadline, of_tender
from trading.rulebook.calendar import end_of
from trading.web import _

NOTICE, DOCUMENTS = "notice-period", "document-period"
BIDS = "bid-deadline"


def clocks(session: Session, registry: Any, now: datetime) -> list[Deadline]:
    """Of every tender that takes bids."""
    running = select(Tender).where(Tender.state == "published").order_by(Tender.deadline)
    return [each for tender in session.scalars(running) for each in of(tender, now)]


def of(tender: Tender, now: datetime) -> Iterator[Deadline]:
    """A tender's own. While it is suspended only the time for bids stands still; the notice and the documents
    stay where they are published."""
    assert tender.published_at is not None, "a draft has no deadlines"
    published, nobody = tender.published_at, {"department": "", "party_id": None, "kind": "period"}
    for item, field, step in (
        (NOTICE, "notice_until", _("Notice period")),
        (DOCUMENTS, "documents_until", _("Period in which the documents are provided")),
    ):
        until = tender.form.get(field)
        ends = end_of(date.fromisoformat(until)) if until else None
        if ends is not None and now < ends:
            yield of_tender(tender, step, published, due=ends, item=item, **nobody)
    due = None if tender.suspended_at is not None else tender.deadline
    yield of_tender(tender, _("Time for bids"), published, due=due, item=BIDS, **nobody)
