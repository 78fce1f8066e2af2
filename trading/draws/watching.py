"""Who watches a public draw is told when a witness has seen the freeze (见证确认): from then on dice may be thrown."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session

from trading.clock import database_now
from trading.draws.service import WITNESSED, channel, draw_named
from trading.ledger.service import inclusion
from trading.live import announce
from trading.outbox import promise

LOOK_AGAIN = timedelta(seconds=1)


def tell_witnessed(session: Session, registry: Any, payload: dict[str, Any]) -> None:
    """Keeps the promise `draw.witnessed`: who watches a public draw learns that a witness has seen the freeze, and
    that dice may be thrown now. Looks again every second until then."""
    draw, at = draw_named(session, payload["draw"], lock=True), database_now(session)
    assert draw.frozen_entry is not None
    if inclusion(session, draw.frozen_entry, witnessed=True) is None:
        promise(session, WITNESSED, payload, at + LOOK_AGAIN)
    else:
        announce(session, registry["queue"], channel(draw), "witnessed", draw=draw.ann)
