"""The worker as a process: whichever of its processes is killed, promises are kept again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest

from config import embedded
from config.installation import make_keys
from trading import clock

TOPIC = "opening.second-give-up"
PROMISE = (
    "INSERT INTO promise (id, topic, payload, due_at, attempts, last_error, promised_at)"
    " VALUES (gen_random_uuid(), %s, '{}', %s, 0, '', %s)"
)
TRIED = "SELECT count(*) FROM promise WHERE topic = %s AND attempts > 0"


@pytest.fixture
def worker(servers: embedded.Servers, settings: dict[str, Any], tmp_path: Path) -> Iterator[psutil.Process]:
    """`tradehall worker` on the test's own database."""
    make_keys(tmp_path)
    environment = os.environ | {
        "DATABASE_URL": settings["database.url"],
        "REDIS_URL": servers.redis_url,
        "TRADEHALL_STATE": str(tmp_path),
        "TRADEHALL_DEMO": "true",
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "config.cli", "worker", "--concurrency=1"],
        env=environment,
        start_new_session=True,
    )
    yield psutil.Process(process.pid)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def test_a_worker_keeps_promises_again_whichever_of_its_children_is_killed(
    worker: psutil.Process, database_url: str
) -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:
        wait_until_tried(connection, worker, 1)
        for number, child in enumerate(worker.children(recursive=True), 2):
            child.kill()
            wait_until_tried(connection, worker, number)


def wait_until_tried(connection: psycopg.Connection[Any], worker: psutil.Process, wanted: int) -> None:
    """A promise about no tender is tried, and put off."""
    connection.execute(PROMISE, [TOPIC, clock.now(), clock.now()])
    limit = time.monotonic() + 60
    while connection.execute(TRIED, [TOPIC]).fetchone() != (wanted,):
        assert worker.status() != psutil.STATUS_ZOMBIE, "the worker has ended"
        assert time.monotonic() < limit, f"the worker does not try promise {wanted}"
        time.sleep(0.02)
