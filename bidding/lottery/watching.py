"""Winning rates over all lotteries (中标率异常): what fair draws would rarely give, for people to look at."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from bidding.lottery.alarms import Run, runs
from bidding.lottery.awarding import order_of
from bidding.lottery.listing import frozen
from bidding.lottery.models import SmallWorks
from bidding.lottery.routing import LOW_PRICE


def history(session: Session) -> list[tuple[Mapping[str, int], str]]:
    """Every finished lottery (no sealed prices: they are no chance): the chances of each firm that was in it, and who came first."""
    query = (
        select(SmallWorks)
        .where(SmallWorks.drawn != {}, SmallWorks.method != LOW_PRICE)
        .order_by(SmallWorks.published_at)
    )
    found = []
    for works in session.scalars(query):
        if order := order_of(works):
            found.append(({row.id: row.weight for row in frozen(works) if not row.excluded}, order[0]))
    return found


def improbable(session: Session) -> list[Run]:
    """Firms that came first more often than fair draws let expect."""
    return [run for run in runs(history(session)) if run.alarming]
