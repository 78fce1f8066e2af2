"""Live updates (实时推送): what just happened, told to whoever watches a page.

An event is written in the transaction of the act and published to the queue server after the commit;
a watcher that was away replays from the table by its last id. An event carries no secret: only the
channel, a name and small data that the public page may show; pages fetch the changed fragment.
"""

from __future__ import annotations

import json
from typing import Any

import transaction
from sqlalchemy import BigInteger, Identity, Index, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from trading.clock import database_now
from trading.db import Base, Instant, Json


class LiveEvent(Base):
    """One event of one channel, such as `opening:<tender code>`."""

    __tablename__ = "live_event"
    __table_args__ = (Index("ix_live_event_channel", "channel", "id"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    channel: Mapped[str]
    name: Mapped[str]
    data: Mapped[Json]
    at: Mapped[Instant]


def announce(session: Session, queue: Any, channel: str, name: str, **data: Any) -> None:
    """Tell the watchers of `channel` that `name` happened, once this transaction has committed.

    `queue` is a redis client or None (then watchers only see it when they poll)."""
    event = LiveEvent(channel=channel, name=name, data=data, at=database_now(session))
    session.add(event)
    session.flush()
    if queue is None:
        return
    message = json.dumps({"id": event.id, "name": name, "data": data}, ensure_ascii=False)

    def publish(committed: bool) -> None:
        if committed:
            queue.publish(f"live:{channel}", message)

    transaction.get().addAfterCommitHook(publish)


def since(session: Session, channel: str, last_id: int) -> list[LiveEvent]:
    """The events of a channel after `last_id`, oldest first."""
    return list(
        session.scalars(
            select(LiveEvent)
            .where(LiveEvent.channel == channel, LiveEvent.id > last_id)
            .order_by(LiveEvent.id)
            .limit(500)
        )
    )
