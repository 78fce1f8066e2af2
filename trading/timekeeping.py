"""Whether this hall's clocks agree (校时): a process' own clock with the database's, and both with the times
that witnesses signed. While they do not, nothing is admitted: a bid is in time or late by a clock.

Only proven offsets count. Asking takes time, and a cosignature says a whole second, so each look gives an
interval in which the other clock's instant must lie; the offset is the distance from it.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from trading import clock
from trading.ledger.checkpoint import parse_signature
from trading.ledger.models import LedgerCheckpoint, LedgerCosig
from trading.ledger.standing import needed

log = logging.getLogger(__name__)

TOLERANCE = timedelta(milliseconds=500)
SECOND = timedelta(seconds=1)
LAST = 253_402_300_799
"""the last second that a datetime can name (end of the year 9999); a witness may sign a later one"""
NEWEST = 16
"""cosignatures that are looked at: the newest of each witness is among them"""


@dataclass(frozen=True)
class Skew:
    """By how much the hall's clock is ahead of `whose` (behind, when negative), at the least."""

    whose: str
    ahead: timedelta

    def __str__(self) -> str:
        ms = self.ahead // timedelta(milliseconds=1)
        return f"the hall's clock is {abs(ms)} ms {'ahead of' if ms > 0 else 'behind'} {self.whose}"


def tolerance(settings: Any) -> timedelta:
    """The setting `clock.tolerance_ms`."""
    return timedelta(milliseconds=int(settings["clock.tolerance_ms"]))


def beyond(instant: datetime, earliest: datetime, latest: datetime) -> timedelta:
    """How far `instant` lies after `latest` (positive) or before `earliest` (negative); zero between."""
    return max(instant - latest, timedelta()) + min(instant - earliest, timedelta())


def skews(session: Session, allowed: timedelta = TOLERANCE) -> list[Skew]:
    """Every offset beyond `allowed` that matters now; empty while the clocks agree.

    A witness whose clock is wrong stops nothing as long as more than half of them agree."""
    before = clock.now()
    instant = clock.database_now(session)
    found = [Skew("the database's", -beyond(instant, before, clock.now()))]
    witnessed = list(of_witnesses(session, instant))
    wrong = [skew for skew in witnessed if abs(skew.ahead) > allowed]
    if len(wrong) > len(witnessed) - needed(len(witnessed)):
        found += wrong
    return [skew for skew in found if abs(skew.ahead) > allowed]


def of_witnesses(session: Session, now: datetime) -> Iterator[Skew]:
    """What each witness's newest cosignature says: it was made after its checkpoint, and before now."""
    rows = session.execute(
        select(LedgerCosig.witness, LedgerCosig.line, LedgerCheckpoint.at)
        .join(LedgerCheckpoint, LedgerCheckpoint.size == LedgerCosig.size)
        .order_by(LedgerCosig.size.desc())
        .limit(NEWEST)
    )
    seen = set()
    for witness, line, signed_at in rows:
        if witness not in seen:
            seen.add(witness)
            second = min(int.from_bytes(parse_signature(line).raw[:8]), LAST)
            instant = datetime.fromtimestamp(second, UTC)
            yield Skew(f"witness {witness}'s", -beyond(instant, signed_at - SECOND, now))


def alarm(found: list[Skew]) -> str:
    """Say it where operators look; returns the words."""
    words = "; ".join(map(str, found))
    if words:
        log.error("clock.skewed: nothing is admitted: %s", words)
    return words
