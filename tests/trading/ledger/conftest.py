"""A log of the test's own: keys, folder, appended entries, one step of the sequencer at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from trading.ledger import service
from trading.ledger.checkpoint import LOG_KEY, VerifierKey, verifier_key
from trading.ledger.folder import TileFolder
from trading.ledger.sequencer import Sequencer

ORIGIN = "ledger.hall.example/2026"
SEED = bytes(range(32))


@pytest.fixture
def log_key() -> VerifierKey:
    return verifier_key(ORIGIN, LOG_KEY, SEED)


@pytest.fixture
def files(tmp_path: Path) -> TileFolder:
    return TileFolder(tmp_path / "tiles")


@pytest.fixture
def sequencer(database_url: str, files: TileFolder) -> Iterator[Sequencer]:
    """A recovered sequencer on a new database and an empty folder."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        made = Sequencer(connection, files, SEED, ORIGIN)
        made.recover()
        yield made


@pytest.fixture
def write(engine: Engine) -> Callable[..., list[int]]:
    """write(n, **fields) commits n entries, each in its own transaction, and returns their ids."""

    def write(count: int, tender: str | None = "T-1", **payload: object) -> list[int]:
        ids = []
        for number in range(count):
            with Session(engine) as session, session.begin():
                document = {"number": number} | payload
                done = service.append(session, "test.done", tender=tender, actor="tester", payload=document)
                ids.append(done.id)
        return ids

    return write
