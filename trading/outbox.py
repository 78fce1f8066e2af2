"""Promises kept later (发件箱): outward work and due events, exactly once in effect.

A service writes a promise in its own transaction; whatever happens to the process, the promise stands.
`deliver` takes what is due with SKIP LOCKED, each in a transaction of its own, so a handler's changes
and the promise's end commit together. Statutory deadlines are promises too, due on the database's clock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from functools import wraps
from typing import Any

import structlog
from sqlalchemy import Index, delete, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column, sessionmaker

from trading.clock import database_now
from trading.db import Base, Id, Instant, Json, OptionalInstant, committing
from trading.errors import kind_of

log = structlog.get_logger()

Handler = Callable[[Session, Any, dict[str, Any]], None]
"""(session, registry, payload); raises to be tried again later."""

FIRST_PAUSE = timedelta(seconds=1)
LONGEST_PAUSE = timedelta(minutes=5)
MOST_DOUBLINGS = 16
"""The longest pause is reached long before; a timedelta of a hundred doublings does not exist."""

OUTWARD = 0x4F555457
"""The advisory lock of whoever does outward work ("OUTW")."""
REGULAR = 0x52454755
"""The advisory lock of whoever begins regular work ("REGU")."""


def outward(handler: Handler) -> Handler:
    """Marks a handler that waits for somebody outside: one process at a time does such work, so that the
    others are free for deadlines."""
    handler.outward = True  # type: ignore[attr-defined]
    return handler


class Promise(Base):
    """One piece of work promised for an instant (待办事项)."""

    __tablename__ = "promise"
    __table_args__ = (Index("ix_promise_due", "due_at", postgresql_where="kept_at IS NULL"),)

    id: Mapped[Id]
    topic: Mapped[str]
    payload: Mapped[Json]
    due_at: Mapped[Instant]
    attempts: Mapped[int] = mapped_column(default=0)
    last_error: Mapped[str] = mapped_column(default="")
    """its kind, without its words: they may name who bids"""
    promised_at: Mapped[Instant]
    kept_at: Mapped[OptionalInstant]


def promise(session: Session, topic: str, payload: dict[str, Any], due: datetime | None = None) -> None:
    """Promise that `topic`'s handler will run with `payload` at `due` (now, when None)."""
    now = database_now(session)
    session.add(Promise(topic=topic, payload=payload, due_at=due or now, promised_at=now))
    session.flush()


def kept_again(topic: str, handler: Handler, seconds: float) -> Handler:
    """A handler whose promise stands again, `seconds` later, as soon as it is kept; what was kept is forgotten."""

    @wraps(handler)
    def keep(session: Session, registry: Any, payload: dict[str, Any]) -> None:
        handler(session, registry, payload)
        session.execute(delete(Promise).where(Promise.topic == topic, Promise.kept_at.is_not(None)))
        promise(session, topic, payload, database_now(session) + timedelta(seconds=seconds))

    return keep


def begin_regular(session: Session, topics: Iterable[str]) -> None:
    """See to it that one promise of each of these topics stands. Called when a worker starts."""
    session.execute(select(func.pg_advisory_xact_lock(REGULAR)))
    standing = select(Promise.topic).where(Promise.kept_at.is_(None))
    for topic in sorted(set(topics) - set(session.scalars(standing.where(Promise.topic.in_(set(topics)))))):
        promise(session, topic, {})


def next_due(session: Session, handlers: Mapping[str, Handler]) -> Promise | None:
    """The oldest due promise that nobody else is working on, locked; an outward one only when no other
    process is at one. What nobody here keeps, since its plugin is switched off, waits."""
    query = select(Promise).where(Promise.kept_at.is_(None), Promise.due_at <= database_now(session))
    query = query.where(Promise.topic.in_(handlers))
    if not session.scalar(select(func.pg_try_advisory_xact_lock(OUTWARD))):
        slow = [topic for topic, handler in handlers.items() if getattr(handler, "outward", False)]
        query = query.where(Promise.topic.not_in(slow))
    return session.scalars(query.order_by(Promise.due_at).limit(1).with_for_update(skip_locked=True)).first()


def deliver_one(sessions: sessionmaker[Session], registry: Any, handlers: Mapping[str, Handler]) -> bool:
    """Keep one due promise; False when none is due. A failure is recorded and tried again later."""
    failure: tuple[Any, Exception] | None = None
    try:
        with committing(sessions) as session:
            due = next_due(session, handlers)
            if due is None:
                return False
            failure = (due.id, RuntimeError("unknown"))
            handlers[due.topic](session, registry, due.payload)
            due.attempts += 1
            due.kept_at = database_now(session)
    except Exception as error:
        if failure is None:
            raise
        put_off(sessions, failure[0], error)
    return True


def put_off(sessions: sessionmaker[Session], promise_id: Any, error: Exception) -> None:
    """Note a failed attempt and double the pause."""
    log.warning("promise put off", promise=str(promise_id), error=kind_of(error))
    with committing(sessions) as session:
        failed = session.get_one(Promise, promise_id)
        failed.attempts += 1
        failed.last_error = kind_of(error)
        doublings = min(failed.attempts, MOST_DOUBLINGS)
        failed.due_at = database_now(session) + min(FIRST_PAUSE * 2**doublings, LONGEST_PAUSE)


def deliver(
    sessions: sessionmaker[Session], registry: Any, handlers: Mapping[str, Handler], most: int = 200
) -> int:
    """Keep every promise that is due now (at most `most`); returns how many were tried."""
    done = 0
    while done < most and deliver_one(sessions, registry, handlers):
        done += 1
    return done
