"""Backups on real servers: what comes back, and what a hall that came back too old does."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Callable
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from config import backup, ledger
from config.backup import BackupError
from config.installation import log_key, make_keys
from config.migrate import upgrade
from config.settings import settings as hall_settings
from plugins.file_store.local import LocalFileStore
from tests.conftest import database, numbers
from tests.pki import running
from trading.db import make_engine
from trading.ledger import service
from trading.ledger.checkpoint import parse_checkpoint
from trading.ledger.folder import TileFolder
from trading.ledger.sequencer import LedgerHalted, Sequencer, run
from trading.ledger.standing import halted, may_sign, restored_mark
from trading.ledger.witness import Witness, make_server

PASSPHRASE = "correct horse battery"
ORIGIN = "ledger.hall.example/2026"


class Log:
    """A hall's database, folder and keys, without its pages."""

    def __init__(self, url: str, state: Path, redis_url: str) -> None:
        self.url, self.state = url, state
        self.settings: dict[str, Any] = hall_settings(state, url, redis_url) | {"ledger.origin": ORIGIN}

    @property
    def files(self) -> TileFolder:
        return TileFolder(self.state / "ledger")

    def write(self, *what: str) -> None:
        """Commit entries, give them their places, publish."""
        engine: Engine = make_engine(self.url)
        for words in what:
            with Session(engine) as session, session.begin():
                service.append(session, "test.done", tender="T-1", actor="tester", payload={"words": words})
        engine.dispose()
        self.step()

    def step(self) -> None:
        with psycopg.connect(self.url, autocommit=True) as connection:
            sequencer = Sequencer(connection, self.files, log_key(self.state), ORIGIN)
            sequencer.recover()
            while sequencer.step():
                pass

    def size(self) -> int:
        note = self.files.note()
        return parse_checkpoint(note).size if note else 0

    def sign(self, witnesses: list[tuple[str, str, str]], until: Callable[[], bool]) -> None:
        """Run the sequencer until something holds, or it halts."""
        stop, failure = threading.Event(), list[Exception]()

        def work() -> None:
            try:
                run(
                    self.url,
                    self.files.path,
                    log_key(self.state),
                    ORIGIN,
                    witnesses,
                    stop,
                    witness_ms=10,
                    dummy_ms=0,
                )
            except LedgerHalted as error:
                failure.append(error)

        thread = threading.Thread(target=work)
        thread.start()
        for _ in range(2000):
            if failure or until():
                break
            thread.join(0.01)
        stop.set()
        thread.join()
        if failure:
            raise failure[0]
        assert until()


@pytest.fixture
def hall(servers, database_url, tmp_path) -> Log:
    make_keys(tmp_path / "hall")
    (tmp_path / "hall" / "trust").mkdir()
    (tmp_path / "hall" / "trust" / "roots.pem").write_text("roots")
    return Log(database_url, tmp_path / "hall", servers.redis_url)


@pytest.fixture
def empty(servers, tmp_path) -> Log:
    """Nothing yet: an empty database and no state."""
    name = f"restored_{next(numbers)}"
    with psycopg.connect(servers.database_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE template0")
    return Log(database(servers, name), tmp_path / "other", servers.redis_url)


@pytest.fixture
def copied(hall: Log, tmp_path: Path) -> Path:
    """A backup of a log of three entries and one stored file."""
    LocalFileStore(hall.state / "files").put("uploads/1/documents/0", b"sealed bytes")
    hall.write("one", "two", "three")
    backup.backup(hall.settings, tmp_path / "copy", PASSPHRASE)
    return tmp_path / "copy"


def test_a_restored_hall_has_the_same_log_files_and_keys(hall: Log, empty: Log, copied: Path) -> None:
    document = backup.restore(copied, empty.state, empty.url, PASSPHRASE)
    assert document["schema"]
    for name in (
        "master.key",
        "log.key",
        "files/uploads/1/documents/0",
        "trust/roots.pem",
        "ledger/checkpoint",
    ):
        assert (empty.state / name).read_bytes() == (hall.state / name).read_bytes(), name
    assert (empty.state / "log.key").stat().st_mode & 0o077 == 0
    empty.write("four")
    assert empty.size() == 4
    with psycopg.connect(empty.url) as connection, pytest.raises(psycopg.errors.RestrictViolation):
        connection.execute("UPDATE ledger_seq SET leaf = leaf")


def test_no_key_lies_in_a_backup_in_clear(hall: Log, copied: Path) -> None:
    keys = [(hall.state / name).read_bytes() for name in backup.KEYS]
    for path in copied.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            assert not any(key in data or key.hex().encode() in data for key in keys), path


def test_a_damaged_backup_or_a_wrong_passphrase_restores_nothing(copied: Path, empty: Log) -> None:
    with pytest.raises(BackupError, match="passphrase does not open"):
        backup.restore(copied, empty.state, empty.url, PASSPHRASE + "!")
    (copied / "files/uploads/1/documents/0").write_bytes(b"other bytes!")
    with pytest.raises(BackupError, match=r"damaged: files/uploads/1/documents/0"):
        backup.restore(copied, empty.state, empty.url, PASSPHRASE)
    assert not empty.state.exists()


def test_a_place_that_is_not_empty_is_not_restored_into(hall: Log, copied: Path, empty: Log) -> None:
    with pytest.raises(BackupError, match="is not empty"):
        backup.restore(copied, hall.state, empty.url, PASSPHRASE)
    with pytest.raises(BackupError, match="database is not empty"):
        backup.restore(copied, empty.state, hall.url, PASSPHRASE)


@pytest.fixture
def witness(hall: Log, tmp_path: Path):
    from trading.ledger.checkpoint import LOG_KEY, verifier_key

    made = Witness(
        tmp_path / "witness", "city.example/w", [str(verifier_key(ORIGIN, LOG_KEY, log_key(hall.state)))]
    )
    with running(make_server("127.0.0.1", 0, made)) as url:
        yield ("city.example/w", url, made.vkey)


def cosigned(log: Log, size: int) -> bool:
    with psycopg.connect(log.url) as connection:
        return (
            connection.execute("SELECT 1 FROM ledger_cosig WHERE size >= %s", [size]).fetchone() is not None
        )


def test_a_hall_restored_too_old_signs_nothing_and_says_what_to_do(
    hall: Log, empty: Log, copied: Path, witness: Any
) -> None:
    hall.write("four", "five")
    hall.sign([witness], lambda: cosigned(hall, 5))
    backup.restore(copied, empty.state, empty.url, PASSPHRASE)
    engine = make_engine(empty.url)
    with Session(engine) as session, session.begin():
        service.append(session, "test.done", tender="T-1", actor="tester", payload={"words": "new"})
    engine.dispose()
    with pytest.raises(
        LedgerHalted, match=r"cosigned 5 entries, this log ends at 3.*tradehall ledger replay"
    ):
        empty.sign([witness], lambda: False)
    assert empty.size() == 3
    assert "tradehall ledger replay" in halted(empty.files.path)
    assert restored_mark(empty.files.path).exists()


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Silent."""


@pytest.mark.parametrize("by", ["folder", "address"])
def test_what_a_restored_hall_lacks_comes_back_from_a_mirror_and_it_signs_on(
    hall: Log, empty: Log, copied: Path, witness: Any, tmp_path: Path, by: str
) -> None:
    hall.write("four", "five")
    hall.sign([witness], lambda: cosigned(hall, 5))
    mirror = tmp_path / "mirror"
    shutil.copytree(hall.files.path, mirror)
    backup.restore(copied, empty.state, empty.url, PASSPHRASE)
    with running(ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(mirror)))) as url:
        source = str(mirror) if by == "folder" else url + "/"
        missing = ledger.replay(empty.url, empty.files.path, log_key(empty.state), ORIGIN, source)
    assert [json.loads(body)["type"] for body in missing] == ["test.done", "test.done"]
    assert empty.files.checkpoint() == hall.files.checkpoint()
    empty.sign(
        [witness], lambda: not restored_mark(empty.files.path).exists() and not halted(empty.files.path)
    )
    empty.write("six")
    empty.sign([witness], lambda: cosigned(empty, 6))


def test_a_mirror_that_was_changed_is_not_believed(
    hall: Log, empty: Log, copied: Path, tmp_path: Path
) -> None:
    hall.write("four", "five")
    shutil.copytree(hall.files.path, tmp_path / "mirror")
    for path in (tmp_path / "mirror" / "tile" / "entries").rglob("5"):
        path.write_bytes(path.read_bytes().replace(b"test.done", b"test.gone"))
    backup.restore(copied, empty.state, empty.url, PASSPHRASE)
    with pytest.raises(LedgerHalted, match="do not give the root"):
        ledger.replay(empty.url, empty.files.path, log_key(empty.state), ORIGIN, str(tmp_path / "mirror"))
    empty.step()
    assert empty.size() == 3


def test_a_restored_hall_waits_for_its_witnesses_before_it_signs(hall: Log, empty: Log, copied: Path) -> None:
    backup.restore(copied, empty.state, empty.url, PASSPHRASE)
    away = [("away", "http://127.0.0.1:9", "")]
    note = empty.files.note()
    assert note is not None
    assert may_sign(empty.files, note, away) is False


def test_one_witness_of_three_that_claims_more_does_not_stop_a_restored_log(
    hall: Log, empty: Log, copied: Path, witness: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    backup.restore(copied, empty.state, empty.url, PASSPHRASE)
    answers = {"http://bad": (409, "99\n"), "http://good": (200, ""), "http://other": (409, "2\n")}
    monkeypatch.setattr("trading.ledger.standing.post", lambda url, body: answers[url])
    note = empty.files.note()
    assert note is not None
    three = [(url, url, "") for url in answers]
    assert may_sign(empty.files, note, three) is True
    with pytest.raises(LedgerHalted, match="http://bad has cosigned 99"):
        may_sign(empty.files, note, three[:1])


def test_a_log_that_cannot_go_on_is_named_by_the_first_entry_of_the_next(
    hall: Log, empty: Log, tmp_path: Path
) -> None:
    hall.write("one", "two", "three")
    note = hall.files.note() or ""
    engine = make_engine(hall.url)
    with pytest.raises(LedgerHalted, match="has entries already"):
        ledger.begin(engine, "ledger.hall.example/2027", note, 2, "no mirror had them")
    engine.dispose()
    upgrade(empty.url)
    engine = make_engine(empty.url)
    with pytest.raises(LedgerHalted, match="another TRADEHALL_LEDGER_ORIGIN"):
        ledger.begin(engine, ORIGIN, note, 2, "no mirror had them")
    said = ledger.begin(engine, "ledger.hall.example/2027", note, 2, "no mirror had them")
    engine.dispose()
    assert (said["before"], said["lost"], said["checkpoint"]) == (ORIGIN, 1, note)
    make_keys(empty.state)
    empty.step()
    assert empty.size() == 1
