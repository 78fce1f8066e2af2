"""How long an ordered suspension may last (暂停采购活动期限): at most 30 days for a complaint (GPL 57)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from trading.ledger.service import entries_of
from trading.supervision import case_clocks
from trading.supervision.limits import Limit
from trading.supervision.models import Order


@dataclass(frozen=True)
class Suspension:
    """A tender that stands still by order, and until when it may."""

    order: Order
    tender: Any
    limit: Limit


def of_tender(session: Session, tender: Any, now: datetime) -> Suspension | None:
    """The ordered suspension that a tender is in, with its light; None for one that goes on, that its buyers
    suspended themselves, or of the bidding law, which names no such limit."""
    if tender.suspended_at is None or case_clocks.track_of(session, tender.code) != "procurement":
        return None
    stops = [entry for entry in entries_of(session, tender.code) if entry.entry.type == "tender.suspended"]
    said = stops[-1].payloads[0].document if stops and stops[-1].payloads else None
    order = session.scalars(select(Order).where(Order.number == (said or {}).get("order", ""))).first()
    if order is None:
        return None
    limit = case_clocks.the_limits().limit("procurement", "suspend", tender.suspended_at, (), now)
    return Suspension(order, tender, limit)


def standing(session: Session, find: Callable[[Session, str], Any], now: datetime) -> list[Suspension]:
    """All ordered suspensions that last, the first due on top. `find` gives the tender of a code."""
    query = select(Order.tender).where(Order.kind == "suspend", Order.issued_at.is_not(None)).distinct()
    found = [of_tender(session, find(session, code), now) for code in session.scalars(query)]
    return sorted((each for each in found if each is not None), key=lambda each: each.limit.red or now)
