"""The Celery worker: keeps promises (outbox) and due events, on the database's clock.

Beat only rings the bell: what is due is decided in the database with SKIP LOCKED, so a bell that rings
twice, or a worker that dies, neither loses nor repeats anything. No ETA is ever given to Celery."""

from __future__ import annotations

from typing import Any

from celery import Celery
from celery.signals import worker_process_init

from config.settings import from_environment
from trading.outbox import deliver

state: dict[str, Any] = {}


def make_celery(redis_url: str) -> Celery:
    """The queue's application: late acknowledgement, no pickle, one task at a time."""
    broker = redis_url.replace("unix://", "redis+socket://")
    app = Celery("tradehall", broker=broker, set_as_current=True)
    app.conf.update(
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        worker_prefetch_multiplier=1,
        task_ignore_result=True,
        task_serializer="json",
        accept_content=["json"],
        broker_connection_retry_on_startup=True,
        worker_hijack_root_logger=False,
        timezone="UTC",
        beat_schedule={
            "keep promises": {"task": "tradehall.keep", "schedule": 0.5, "options": {"expires": 2}},
        },
    )
    return app


celery = make_celery(from_environment()["redis.url"])


@worker_process_init.connect
def build_registry(**_: Any) -> None:
    """Each worker process configures the hall once."""
    from config.app import make_config

    config = make_config(from_environment())
    config.commit()
    state["registry"] = config.registry


@celery.task(name="tradehall.keep")
def keep_promises() -> int:
    """Keep what is due now; returns how many promises were tried."""
    registry = state["registry"]
    return deliver(registry["sessions"], registry, registry["handlers"])
