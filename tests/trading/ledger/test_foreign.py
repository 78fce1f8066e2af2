"""Our log before programs that are not ours: another author's witness and client, and Go's packages."""

from __future__ import annotations

import base64
import json
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.conftest import copy_database
from tests.foreign import programs
from tests.trading.ledger.conftest import ORIGIN, SEED
from tests.trading.ledger.test_sequencer import wait_until
from trading.db import make_engine
from trading.ledger import service
from trading.ledger.checkpoint import VerifierKey, parse_checkpoint, parse_vkey, verify_cosignature
from trading.ledger.folder import TileFolder
from trading.ledger.models import LedgerEntry
from trading.ledger.sequencer import LedgerHalted, run

NAME = "witness.foreign.example/w1"


@dataclass(frozen=True)
class ForeignWitness:
    """A running `aics-witness`, asked only over HTTP."""

    url: str
    vkey: str
    config: Path

    def row(self) -> tuple[str, str, str]:
        return ("foreign", self.url, self.vkey)

    def evidence(self) -> list[dict]:
        return json.loads(witness_says(self.config, "evidence"))


def witness_says(config: Path, *command: str) -> str:
    words = [*programs.module("aics_witness"), command[0], "--config", str(config), *command[1:]]
    done = subprocess.run(words, env=programs.surroundings(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture
def foreign_witness(tmp_path: Path, log_key: VerifierKey) -> Iterator[ForeignWitness]:
    config = tmp_path / "witness.json"
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    vkey = witness_says(config, "init", "--name", NAME, "--listen", f"127.0.0.1:{port}").splitlines()[-1]
    witness_says(config, "add-log", "--origin", ORIGIN, "--vkey", str(log_key))
    command = [*programs.module("aics_witness"), "serve", "--config", str(config)]
    with subprocess.Popen(command, env=programs.surroundings(), stderr=subprocess.DEVNULL) as process:
        wait_until(lambda: socket.socket().connect_ex(("127.0.0.1", port)) == 0)
        yield ForeignWitness(f"http://127.0.0.1:{port}", vkey, config)
        process.terminate()


@contextmanager
def sequencing(database_url: str, files: TileFolder, witness: ForeignWitness) -> Iterator[None]:
    """The hall's sequencer at work, with the foreign witness as its only one."""
    stop = threading.Event()
    working = threading.Thread(
        target=run,
        args=(database_url, files.path, SEED, ORIGIN, [witness.row()], stop),
        kwargs={"witness_ms": 10, "dummy_ms": 0},
    )
    working.start()
    yield
    stop.set()
    working.join()


def client_says(command: str, *arguments: object) -> dict:
    """The answer of the foreign client `aics-tlog`."""
    words = [*programs.module("aics_tlog"), command, *(str(argument) for argument in arguments)]
    done = subprocess.run(words, env=programs.surroundings(), capture_output=True, text=True, check=False)
    answer: dict = json.loads(done.stdout)
    assert answer["ok"] == (done.returncode == 0)
    return answer


def grow(write: Callable[..., list[int]], files: TileFolder, count: int) -> int:
    """Commit `count` entries, wait until the newest checkpoint holds them with the foreign line; its size."""
    before = parse_checkpoint(files.note() or "").size if files.note() else 0
    write(count)
    wait_until(lambda: parse_checkpoint(files.note() or "").size == before + count if files.note() else False)
    wait_until(lambda: NAME in (files.note() or ""))
    return before + count


def test_a_foreign_witness_cosigns_our_checkpoints_as_they_grow(
    foreign_witness, database_url, files, write, engine, log_key
):
    with sequencing(database_url, files, foreign_witness):
        for count in (3, 270, 1):
            size = grow(write, files, count)
            note = files.note()
            at = verify_cosignature(note, parse_vkey(foreign_witness.vkey))
            assert abs(at - time.time()) < 60
            agrees, said = programs.judged("tiles", files.path, log_key, foreign_witness.vkey)
            assert agrees and f"tree of {size} from tiles, 1 cosignatures" in said, said
        with Session(engine) as session:
            found = service.inclusion(
                session, session.scalar(select(func.max(LedgerEntry.id))), witnessed=True
            )
            assert NAME in found.note and parse_checkpoint(found.note).size == size
    assert foreign_witness.evidence() == []


def test_a_changed_cosignature_convinces_neither_us_nor_go(
    foreign_witness, database_url, files, write, log_key
):
    with sequencing(database_url, files, foreign_witness):
        grow(write, files, 2)
    text, gap, lines = files.note().rpartition("\n\n")
    own, foreign = lines.splitlines()
    head, encoded = foreign.rsplit(" ", 1)
    raw = bytearray(base64.b64decode(encoded))
    raw[11] ^= 1  # the last byte of the time
    changed = f"{text}{gap}{own}\n{head} {base64.b64encode(raw).decode()}\n"
    (files.path / "checkpoint").write_text(changed)
    agrees, said = programs.judged("tiles", files.path, log_key, foreign_witness.vkey)
    assert not agrees and "invalid signature" in said
    with pytest.raises(ValueError, match="is wrong"):
        verify_cosignature(changed, parse_vkey(foreign_witness.vkey))


def test_a_foreign_witness_stops_a_log_that_was_rolled_back(
    foreign_witness, database_url, files, write, servers, template, tmp_path
):
    with sequencing(database_url, files, foreign_witness):
        grow(write, files, 3)
    older = copy_database(servers, template)
    arguments = (older, tmp_path / "restored", SEED, ORIGIN, [foreign_witness.row()], threading.Event())
    with pytest.raises(LedgerHalted, match="has cosigned 3 entries, this log has published only"):
        run(*arguments, witness_ms=10, dummy_ms=0)


def test_a_foreign_witness_stops_a_fork_and_keeps_the_evidence(
    foreign_witness, database_url, files, write, servers, template, tmp_path
):
    with sequencing(database_url, files, foreign_witness):
        grow(write, files, 1)
    other = copy_database(servers, template)
    engine = make_engine(other)
    with Session(engine) as session, session.begin():
        for _ in range(3):
            service.append(session, "test.done", tender=None, actor="a")
    engine.dispose()
    arguments = (other, tmp_path / "fork", SEED, ORIGIN, [foreign_witness.row()], threading.Event())
    with pytest.raises(LedgerHalted, match="not a continuation"):
        run(*arguments, witness_ms=10, dummy_ms=0)
    (kept,) = foreign_witness.evidence()
    assert kept["witness_size"] == 1


def test_a_foreign_client_verifies_our_checkpoint_tiles_and_growth(
    foreign_witness, database_url, files, write, log_key, tmp_path
):
    key = ("--log-key", log_key, "--origin", ORIGIN, "--tiles", files.path)
    with sequencing(database_url, files, foreign_witness):
        grow(write, files, 5)
        saved = tmp_path / "saved"
        saved.write_text(files.note())
        size = grow(write, files, 265)
    newest = client_says(
        "verify-checkpoint", *key, "--witness-key", foreign_witness.vkey, "--quorum", 1, "--max-age", 120
    )
    assert newest["ok"], newest
    for index in (0, 255, size - 1):
        assert client_says("verify-inclusion", *key, "--index", index)["ok"]
    assert client_says("verify-consistency", *key, "--old-checkpoint", saved)["ok"]
    tile = files.path / "tile" / "0" / "000"
    tile.write_bytes(tile.read_bytes()[:-1] + b"\x00")
    assert not client_says("verify-inclusion", *key, "--index", 255)["ok"]
