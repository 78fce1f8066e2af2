"""Live updates against a real server: gunicorn with gevent, real sockets, a real queue server."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import redis
from pyramid.config import Configurator
from sqlalchemy import delete
from webtest import TestApp

from config import embedded
from config.app import make_config
from config.installation import prepare
from config.settings import settings as hall_settings
from tests.conftest import copy_database, drop_database
from tests.helpers import committed
from trading.live import LiveEvent, announce
from trading.live_hub import LONGEST_QUEUE, Hub, Stream, Watcher

CHANNEL = "opening:T-1"


def tell(config: Configurator, name: str, channel: str = CHANNEL, **data: Any) -> None:
    committed(config, lambda db: announce(db, config.registry["queue"], channel, name, **data))


@pytest.fixture(scope="module")
def hall(
    servers: embedded.Servers, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Configurator]:
    """One hall for all of them: its live process takes long to start."""
    state, url = tmp_path_factory.mktemp("live"), copy_database(servers, template)
    prepare(state)
    made = make_config(hall_settings(state, url, servers.redis_url))
    yield made
    made.registry["sessions"].kw["bind"].dispose()
    drop_database(servers, url)


@pytest.fixture
def config(hall: Configurator) -> Configurator:
    """Nothing has happened in it yet."""
    committed(hall, lambda db: db.execute(delete(LiveEvent)))
    return hall


@pytest.fixture(scope="module")
def server(hall: Configurator) -> Iterator[int]:
    """The role `live` as it is served in production; gives its port."""
    settings = hall.registry.settings
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    environment = os.environ | {
        "DATABASE_URL": settings["database.url"],
        "REDIS_URL": settings["redis.url"],
        "TRADEHALL_STATE": settings["hall.state"],
        "TRADEHALL_LIVE_HEARTBEAT": "0.2",
    }
    command = [
        sys.executable,
        "-c",
        "import sys; from config.processes import serve; serve(sys.argv[1:])",
        "live",
        f"--port={port}",
    ]
    process = subprocess.Popen(command, env=environment, cwd=Path(__file__).parents[2])
    try:
        wait_until(lambda: answers(port), 30)
        yield port
    finally:
        process.terminate()
        process.wait(20)


def answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), 1):
            return True
    except OSError:
        return False


def wait_until(condition: Any, seconds: float = 10) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


@contextmanager
def watching(port: int, last: int | None = None, buffer: int = 0) -> Iterator[Any]:
    """An open stream as a file, its headers read."""
    with socket.socket() as connection:
        if buffer:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        connection.settimeout(60)
        connection.connect(("127.0.0.1", port))
        more = f"Last-Event-ID: {last}\r\n" if last is not None else ""
        connection.sendall(f"GET /live/opening/T-1 HTTP/1.1\r\nHost: hall\r\n{more}\r\n".encode())
        reader = connection.makefile("rb")
        headers = b"".join(iter(reader.readline, b"\r\n")).decode().lower()
        assert "200 ok" in headers
        assert "text/event-stream" in headers
        assert "access-control-allow-origin: *" in headers
        assert "access-control-allow-credentials" not in headers
        assert "set-cookie" not in headers
        yield reader


def next_event(reader: Any) -> dict[str, Any]:
    """The data of the next event; chunk sizes, retry and heartbeats are passed over."""
    while True:
        line = reader.readline()
        assert line, "the stream has ended"
        if line.startswith(b"data: "):
            found: dict[str, Any] = json.loads(line.removeprefix(b"data: "))
            return found


def test_a_watcher_hears_of_an_act_once_it_is_committed(config: Configurator, server: int) -> None:
    with watching(server) as one, watching(server) as other:
        tell(config, "started")
        tell(config, "elsewhere", channel="opening:T-2")
        tell(config, "keys", part="bids")
        for reader in (one, other):
            assert next_event(reader)["name"] == "started"
            assert next_event(reader) | {"id": 0} == {"id": 0, "name": "keys", "data": {"part": "bids"}}


def test_a_watcher_that_comes_back_gets_what_it_missed_and_each_event_once(
    config: Configurator, server: int
) -> None:
    tell(config, "first")
    with watching(server, last=0) as reader:
        first = next_event(reader)
    assert first["name"] == "first"
    tell(config, "second")
    tell(config, "third")
    with watching(server, last=first["id"]) as reader:
        assert [next_event(reader)["name"] for _ in range(2)] == ["second", "third"]
        tell(config, "fourth")
        assert next_event(reader)["name"] == "fourth"


def test_a_watcher_that_takes_nothing_is_dropped_and_holds_up_nobody(
    config: Configurator, server: int
) -> None:
    queue = config.registry["queue"]
    filler = "x" * 60_000
    with watching(server, buffer=4096) as slow, watching(server) as quick:
        for number in range(600):
            queue.publish(f"live:{CHANNEL}", json.dumps({"id": number, "name": "n", "data": filler}))
            assert next_event(quick)["id"] == number
        with pytest.raises((AssertionError, ConnectionError, ValueError)):
            while True:
                next_event(slow)


def test_a_silent_stream_shows_that_it_lives(server: int) -> None:
    with watching(server) as reader:
        assert any(b": still here" in reader.readline() for _ in range(12))


def test_a_stream_holds_no_connection_to_the_database(config: Configurator, server: int) -> None:
    with watching(server, last=0), watching(server, last=0):
        wait_until(lambda: committed(config, busy) == 0)


def busy(session: Any) -> int:
    found = session.connection().exec_driver_sql(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
        "AND pid <> pg_backend_pid() AND state <> 'idle'"
    )
    return int(found.scalar_one())


def test_polling_gives_the_same_events_and_answers_304_while_there_are_none(
    app: TestApp, config: Configurator
) -> None:
    tell(config, "first")
    tell(config, "second")
    answer = app.get("/live/opening/T-1/since/0")
    names = [event["name"] for event in answer.json["events"]]
    assert names == ["first", "second"]
    last = answer.json["last"]
    nothing = app.get(f"/live/opening/T-1/since/{last}")
    assert nothing.json == {"last": last, "events": []}
    same = {"If-None-Match": nothing.headers["ETag"]}
    assert app.get(f"/live/opening/T-1/since/{last}", headers=same, status=304).body == b""
    tell(config, "third")
    assert [e["name"] for e in app.get(f"/live/opening/T-1/since/{last}", headers=same).json["events"]] == [
        "third"
    ]


def test_only_public_channels_can_be_watched(app: TestApp) -> None:
    for path in ("/live/bid/T-1", "/live/opening/T-1/since/x", "/live/opening", "/live/user/1/since/0"):
        app.get(path, status=404)


def test_a_watcher_gets_a_message_only_while_fewer_wait_than_are_allowed() -> None:
    watcher = Watcher()
    assert all(watcher.give("m") for _ in range(LONGEST_QUEUE))
    assert not watcher.give("one too many")
    assert watcher.dropped


@pytest.fixture
def hub(config: Configurator) -> Iterator[Hub]:
    made = Hub(config.registry["queue"])
    yield made
    made.stop()


def test_a_stream_that_ends_is_forgotten_also_when_nobody_has_read_it(hub: Hub) -> None:
    stream = Stream(hub, CHANNEL, hub.watch(CHANNEL), [])
    assert hub.count() == 1
    stream.close()
    assert hub.count() == 0


def test_after_the_queue_server_was_away_everybody_is_told_to_look_again(
    config: Configurator, hub: Hub
) -> None:
    client: redis.Redis = config.registry["queue"]
    watcher = hub.watch(CHANNEL)
    client.client_kill_filter(_type="pubsub")
    assert json.loads(watcher.messages.get(timeout=10) or "{}") == {"name": "resumed"}
    tell(config, "afterwards")
    assert json.loads(watcher.messages.get(timeout=10) or "{}")["name"] == "afterwards"
