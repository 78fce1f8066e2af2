"""The Celery worker: keeps promises (outbox) and due events, on the database's clock.

Its own loop rings the bell: what is due is decided in the database with SKIP LOCKED, so a bell that rings
twice, or a worker that dies, neither loses nor repeats anything. No ETA is ever given to Celery."""

from __future__ import annotations

from functools import cache
from typing import Any

from celery import Celery, bootsteps
from pyramid.registry import Registry

from config.app import make_config
from config.settings import from_environment
from trading.db import committing
from trading.outbox import begin_regular, deliver

RINGS = 0.5
"""seconds between two rings"""
EXPIRES = 2
"""seconds after which a ring that nobody heard is forgotten"""
SLOW_START = 60.0
"""seconds within which a process of the pool must be ready; on a busy machine Celery's four are too few: it
would kill and start them for ever"""


class Bell(bootsteps.StartStopStep):  # type: ignore[misc]
    """Rings while the queue can be reached. Part of the worker's own loop, not Celery's beat: a process beside
    the worker can end alone, and nobody starts it again."""

    requires = ("celery.worker.consumer.tasks:Tasks",)
    ringing: Any = None

    def start(self, parent: Any) -> None:
        self.ringing = parent.timer.call_repeatedly(
            RINGS, keep_promises.apply_async, kwargs={"expires": EXPIRES, "retry": False}
        )

    def stop(self, parent: Any) -> None:
        if self.ringing is not None:
            self.ringing.cancel()


def make_celery(redis_url: str) -> Celery:
    """The queue's application: late acknowledgement, no pickle, one task at a time."""
    broker = redis_url.replace("unix://", "redis+socket://")
    app = Celery("tradehall", broker=broker, set_as_current=True)
    app.conf.update(
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        worker_prefetch_multiplier=1,
        worker_proc_alive_timeout=SLOW_START,
        task_ignore_result=True,
        task_serializer="json",
        accept_content=["json"],
        broker_connection_retry_on_startup=True,
        worker_hijack_root_logger=False,
        timezone="UTC",
    )
    app.steps["consumer"].add(Bell)
    return app


celery = make_celery(from_environment()["redis.url"])


@cache
def registry() -> Registry:
    """The hall, configured once: before the processes of the pool are forked, so that they are ready at once.
    It holds no connection by then."""
    config = make_config(from_environment())
    config.commit()
    return config.registry


@cache
def begun() -> bool:
    """Regular work stands promised, once a process; asked again as long as the database is away."""
    with committing(registry()["sessions"]) as session:
        begin_regular(session, registry()["regular"])
    return True


@celery.task(name="tradehall.keep")
def keep_promises() -> int:
    """Keep what is due now; returns how many promises were tried."""
    hall = registry()
    begun()
    return deliver(hall["sessions"], hall, hall["handlers"])
