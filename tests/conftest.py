"""Real servers for the tests: one PostgreSQL per test process, a database of its own per need."""

from __future__ import annotations

import gc
import itertools
import os
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import psycopg
import pytest
from argon2 import PasswordHasher
from asn1crypto.x509 import NameTypeAndValue
from pyramid.config import Configurator
from sqlalchemy import Engine, make_url
from sqlalchemy.orm import Session
from webtest import TestApp
from xdist.scheduler import LoadScopeScheduling

from config import embedded
from config.migrate import upgrade
from tests.configured import HallOfMany
from tests.folders import server_folder
from trading.accounts import passwords
from trading.db import make_engine

numbers = itertools.count(1)
STORIES = ("tests/browser/", "tests/journeys/", "tests/faults/", "tests/trading/test_live.py")
"""folders whose tests share a whole hall: all of one folder run in one process; and a file whose tests share a
process of one"""


gc.disable()  # until everything is imported: nothing of that can be let go


def pytest_collection_finish() -> None:
    """What is imported stays, and a configured hall is ten thousands of objects: looking through all that again
    and again would take a quarter of the tests' time."""
    gc.freeze()
    gc.set_threshold(10_000)
    gc.enable()


class OneHallPerFolder(LoadScopeScheduling):
    """Spreads single tests over the processes, but keeps the folders of STORIES together and starts them
    first."""

    def _split_scope(self, nodeid: str) -> str:
        return next(filter(nodeid.startswith, STORIES), nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> OneHallPerFolder:
    """Groups named by a mark do not reach xdist with this pytest."""
    return OneHallPerFolder(config, log)


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[embedded.Servers]:
    """PostgreSQL and Valkey of this test process only, whatever the environment says."""
    for name in ("DATABASE_URL", "REDIS_URL", "TRADEHALL_CLOCK_FILE"):
        os.environ.pop(name, None)
    with server_folder() as folder, embedded.servers(folder, embedded.TEST_POSTGRES) as running:
        yield running


def database(servers: embedded.Servers, name: str) -> str:
    """The URL of another database on the same server."""
    return servers.database_url.replace("/postgres?", f"/{name}?")


@pytest.fixture(scope="session")
def template(servers: embedded.Servers) -> str:
    """The name of a migrated, empty database that others are copied from."""
    with psycopg.connect(servers.database_url, autocommit=True) as connection:
        connection.execute("CREATE DATABASE template_hall")
    upgrade(database(servers, "template_hall"))
    return "template_hall"


def copy_database(servers: embedded.Servers, template: str, name: str = "") -> str:
    """A fresh copy of the template; returns its URL."""
    name = name or f"hall_{next(numbers)}"
    with psycopg.connect(servers.database_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
    return database(servers, name)


def drop_database(servers: embedded.Servers, url: str) -> None:
    """Let a copy go, whoever is still connected to it."""
    with psycopg.connect(servers.database_url, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {make_url(url).database} WITH (FORCE)")


@pytest.fixture(scope="session")
def shared_engine(servers: embedded.Servers, template: str) -> Iterator[Engine]:
    engine = make_engine(copy_database(servers, template))
    yield engine
    engine.dispose()


@pytest.fixture
def session(shared_engine: Engine) -> Iterator[Session]:
    """A session in a transaction that is rolled back; commits inside become savepoints."""
    with shared_engine.connect() as connection:
        outer = connection.begin()
        with Session(connection, join_transaction_mode="create_savepoint", expire_on_commit=False) as session:
            yield session
        outer.rollback()


@pytest.fixture
def database_url(servers: embedded.Servers, template: str) -> Iterator[str]:
    """A database of the test's own, for what must really commit; they all have the same name."""
    url = copy_database(servers, template, "hall")
    yield url
    drop_database(servers, url)


@pytest.fixture(scope="session")
def compiled_templates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the pages' templates lie compiled: every hall of these tests has the same."""
    return tmp_path_factory.mktemp("templates")


@pytest.fixture(scope="session", autouse=True)
def quick_passwords() -> Iterator[None]:
    """Hashing that takes no time; `passwords` itself says what it takes in a hall."""
    quick = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "_hasher", quick)
        patch.setattr(passwords, "_NOBODY", quick.hash("nobody has this password"))
        yield


@pytest.fixture(scope="session", autouse=True)
def names_prepared_once() -> Iterator[None]:
    """The same few names of certificates are compared all the time; to prepare one for it (RFC 4518) is a pure
    function of its text, and took a fifth of judging a signature."""
    prepare = NameTypeAndValue._ldap_string_prep
    known = lru_cache(4096)(lambda text: prepare(None, text))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(NameTypeAndValue, "_ldap_string_prep", lambda self, text: known(text))
        yield


@pytest.fixture(scope="session")
def hall_of_many(servers: embedded.Servers, compiled_templates: Path) -> Iterator[HallOfMany]:
    """What the tests of this process configure but once."""
    own = {"jinja2.bytecode_caching": "true", "jinja2.bytecode_caching_directory": str(compiled_templates)}
    with server_folder() as folder:
        yield HallOfMany(folder, database(servers, "hall"), servers.redis_url, own)


@pytest.fixture
def settings(hall_of_many: HallOfMany, database_url: str, tmp_path: Path) -> dict[str, Any]:
    """Settings of a hall of this test's own, its state in `tmp_path`."""
    return hall_of_many.open(tmp_path)


@pytest.fixture
def config(settings: dict[str, Any], hall_of_many: HallOfMany) -> Iterator[Configurator]:
    """The configured hall without a server: `config.registry` is what tasks and services get."""
    yield hall_of_many.configured()
    hall_of_many.close()


@pytest.fixture
def app(config: Configurator) -> TestApp:
    """The whole hall as a WSGI application on a database of its own; acts really commit."""
    return TestApp(config.make_wsgi_app())


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = make_engine(database_url)
    yield engine
    engine.dispose()
