"""Promises: whatever fails is tried again, and keeps nothing else waiting."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session, sessionmaker

from trading.clock import database_now
from trading.db import committing, make_sessions
from trading.outbox import LONGEST_PAUSE, Promise, begin_regular, deliver, kept_again, outward, promise


@pytest.fixture
def sessions(engine: Engine) -> sessionmaker[Session]:
    return make_sessions(engine)


def nothing(session: Session, registry: Any, payload: dict[str, Any]) -> None:
    """Keeps its promise."""


def broken(session: Session, registry: Any, payload: dict[str, Any]) -> None:
    promise(session, "left-over", {})
    raise RuntimeError("the authority is away")


HANDLERS = {"good": nothing, "bad": broken}


@pytest.mark.parametrize("attempts", [0, 60, 5000])
def test_what_has_failed_however_often_keeps_nothing_else_waiting(
    sessions: sessionmaker[Session], attempts: int
) -> None:
    with committing(sessions) as session:
        now = database_now(session)
        promise(session, "bad", {}, now - timedelta(hours=1))
        promise(session, "good", {}, now)
        session.scalars(select(Promise).where(Promise.topic == "bad")).one().attempts = attempts
    assert deliver(sessions, None, HANDLERS) == 2
    with committing(sessions) as session:
        rows = {row.topic: row for row in session.scalars(select(Promise))}
        assert set(rows) == {"good", "bad"}, "what the failed handler did is undone"
        assert rows["good"].kept_at is not None
        bad = rows["bad"]
        assert (bad.kept_at, bad.attempts) == (None, attempts + 1)
        assert timedelta() < bad.due_at - now <= LONGEST_PAUSE + timedelta(minutes=1)


def test_a_promise_without_a_handler_keeps_nothing_else_waiting(sessions: sessionmaker[Session]) -> None:
    with committing(sessions) as session:
        promise(session, "nobody", {})
        promise(session, "good", {})
    deliver(sessions, None, HANDLERS)
    with committing(sessions) as session:
        kept = session.scalars(select(Promise.topic).where(Promise.kept_at.is_not(None))).all()
        assert kept == ["good"]


def test_outward_work_that_takes_long_leaves_the_other_process_to_deadlines(
    sessions: sessionmaker[Session],
) -> None:
    meanwhile = []

    @outward
    def slow(session: Session, registry: Any, payload: dict[str, Any]) -> None:
        meanwhile.append(deliver(sessions, None, handlers))  # what another process finds to do

    handlers = HANDLERS | {"slow": slow}
    with committing(sessions) as session:
        now = database_now(session)
        promise(session, "slow", {}, now - timedelta(minutes=2))
        promise(session, "slow", {}, now - timedelta(minutes=1))
        promise(session, "good", {}, now)
    assert deliver(sessions, None, handlers) == 2
    assert meanwhile == [1, 0], (
        "the deadline was kept beside the outward work, the second of which had to wait"
    )


def test_regular_work_stands_promised_again_as_soon_as_it_is_done(sessions: sessionmaker[Session]) -> None:
    handlers = {"look": kept_again("look", nothing, 30)}
    for _ in range(3):
        with committing(sessions) as session:
            begin_regular(session, handlers)
            assert session.scalars(select(Promise.topic).where(Promise.kept_at.is_(None))).all() == ["look"]
        deliver(sessions, None, handlers)
    with committing(sessions) as session:
        waiting = session.scalars(select(Promise).where(Promise.kept_at.is_(None))).one()
        assert timedelta(seconds=25) < waiting.due_at - database_now(session) <= timedelta(seconds=30)
        kept = session.scalars(select(Promise).where(Promise.kept_at.is_not(None))).all()
        assert len(kept) <= 1, "what was kept is forgotten"


def test_work_whose_plugin_is_switched_off_waits_untouched(sessions: sessionmaker[Session]) -> None:
    with committing(sessions) as session:
        promise(session, "nobody", {})
    assert deliver(sessions, None, HANDLERS) == 0
    with committing(sessions) as session:
        waiting = session.scalars(select(Promise)).one()
        assert (waiting.attempts, waiting.kept_at) == (0, None)
