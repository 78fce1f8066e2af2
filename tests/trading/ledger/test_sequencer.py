"""Places without loss or repetition, whatever dies, and no signature that contradicts an earlier one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Engine, make_url, text
from sqlalchemy.orm import Session

from tests.conftest import copy_database
from tests.trading.ledger.conftest import ORIGIN, SEED
from trading.db import make_engine
from trading.ledger import merkle, service
from trading.ledger.checkpoint import LOG_KEY, parse_checkpoint, verifier_key, verify_log
from trading.ledger.folder import TileFolder
from trading.ledger.sequencer import LedgerHalted, Sequencer, run
from trading.ledger.tiles import ENTRIES, Tile, decode_bundle, tile_reader

RUN = """
import sys, threading
from pathlib import Path
from trading.ledger.sequencer import run
url, folder, seed, origin = sys.argv[1:]
run(url, Path(folder), bytes.fromhex(seed), origin, [], threading.Event(), tick_ms=5, dummy_ms=100)
"""


def wait_until(condition, seconds: float = 20) -> None:
    limit = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < limit, "waited in vain"
        time.sleep(0.01)


def everything_holds(engine: Engine, files: TileFolder) -> int:
    """Checks the whole log: invariant, places, roots of all checkpoints, files. Returns its size."""
    key = verifier_key(ORIGIN, LOG_KEY, SEED)
    with Session(engine) as session:
        counts = service.counts(session)
        assert counts.hold and counts.waiting == 0
        bodies = list(service.log_entries(session, 0, 1 << 40))
        notes = list(session.execute(text("SELECT note FROM ledger_checkpoint ORDER BY size")).scalars())
    assert [index for index, _, _ in bodies] == list(range(counts.entries))
    assert len({number for _, number, _ in bodies}) == counts.entries
    tree, roots = merkle.CompactRange(), {0: merkle.EMPTY_ROOT}
    for _, _, body in bodies:
        tree.append(merkle.leaf_hash(body))
        roots[tree.size] = tree.root()
    for note in notes:
        checkpoint = verify_log(note, key)
        assert roots[checkpoint.size] == checkpoint.root
    published = verify_log(files.note(), key)
    assert published.size == counts.entries
    assert merkle.range_root(tile_reader(files.read, published.size), 0, published.size) == published.root
    kept = []
    for index in range(-(-published.size // 256)):
        width = min(256, published.size - 256 * index)
        kept += decode_bundle(files.read(Tile(ENTRIES, index, width)))
    assert kept == [body for _, _, body in bodies]
    return counts.entries


def write_from(engine: Engine, stop: threading.Event, done: list[int], pause: float = 0) -> None:
    """Commits entries one after the other until `stop`; between two of them it pauses (seconds)."""
    while not stop.wait(pause):
        with Session(engine) as session, session.begin():
            number = service.append(session, "test.done", tender="T-1", actor="a", payload={"n": 1}).id
        done.append(number)


def test_entries_committed_out_of_order_all_get_their_place(sequencer, engine, files):
    with Session(engine) as slow, slow.begin():
        first = service.append(slow, "test.done", tender="T-1", actor="slow").id
        with Session(engine) as quick, quick.begin():
            second = service.append(quick, "test.done", tender="T-1", actor="quick").id
        assert first < second
        assert sequencer.step() == 1
    assert sequencer.step() == 1
    with Session(engine) as session:
        assert [service.leaf_index(session, number) for number in (second, first)] == [0, 1]
    assert everything_holds(engine, files) == 2


def test_entries_of_one_tick_are_ordered_by_their_id(sequencer, write, engine):
    ids = write(20)
    sequencer.step()
    with Session(engine) as session:
        assert [service.leaf_index(session, number) for number in ids] == list(range(20))


def test_nothing_is_lost_under_many_writers(engine, database_url, files):
    stop, ended, done = threading.Event(), threading.Event(), list[int]()
    writers = [threading.Thread(target=write_from, args=(engine, ended, done)) for _ in range(8)]
    working = threading.Thread(
        target=run,
        args=(database_url, files.path, SEED, ORIGIN, [], stop),
        kwargs={"tick_ms": 5, "dummy_ms": 20},
    )
    for thread in [working, *writers]:
        thread.start()
    wait_until(lambda: len(done) >= 1200)
    ended.set()
    for thread in writers:
        thread.join()
    with Session(engine) as session:
        wait_until(lambda: session.rollback() or service.leaf_index(session, max(done)) is not None)
    stop.set()
    working.join()
    with psycopg.connect(database_url, autocommit=True) as connection:
        last = Sequencer(connection, files, SEED, ORIGIN)
        last.recover()
        while last.step():
            pass
    assert everything_holds(engine, files) >= len(done)


def test_kill_at_any_point_loses_repeats_and_contradicts_nothing(engine, database_url, files):
    ended, done = threading.Event(), list[int]()
    writers = [threading.Thread(target=write_from, args=(engine, ended, done, 0.01)) for _ in range(3)]
    for thread in writers:
        thread.start()
    for _ in range(3):
        before = files.checkpoint().size if files.note() else 0
        process = subprocess.Popen(
            [sys.executable, "-c", RUN, database_url, str(files.path), SEED.hex(), ORIGIN]
        )
        wait_until(lambda before=before: files.note() and files.checkpoint().size > before)
        time.sleep(int.from_bytes(os.urandom(1)) / 2000)
        process.send_signal(signal.SIGKILL)
        process.wait()
    ended.set()
    for thread in writers:
        thread.join()
    with psycopg.connect(database_url, autocommit=True) as connection:
        wait_until(lambda: _no_other_sequencer(connection))
        last = Sequencer(connection, files, SEED, ORIGIN)
        last.recover()
        while last.step():
            pass
    size = everything_holds(engine, files)
    with Session(engine) as session:
        assert all(service.leaf_index(session, number) is not None for number in done)
    assert size >= len(done)


def _no_other_sequencer(connection) -> bool:
    query = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'tradehall sequencer'"
    query += " AND datname = current_database()"
    return connection.execute(query).fetchone() == (0,)


def test_a_crash_between_commit_and_publication_is_made_good(sequencer, write, engine, files, monkeypatch):
    write(300)
    sequencer.step()
    write(10)
    monkeypatch.setattr(files, "write", lambda tiles: _crash())
    with pytest.raises(KeyboardInterrupt):
        sequencer.step()
    monkeypatch.undo()
    assert files.checkpoint().size == 300
    again = Sequencer(sequencer.connection, files, SEED, ORIGIN)
    again.recover()
    assert everything_holds(engine, files) == 310


def _crash() -> None:
    raise KeyboardInterrupt


def test_an_older_backup_is_refused_with_a_clear_message(database_url, files, servers, sequencer, write):
    write(3)
    sequencer.step()
    sequencer.connection.close()
    name = make_url(database_url).database
    _end_connections(servers.database_url, name)
    backup = copy_database(servers, name)
    with psycopg.connect(database_url, autocommit=True) as connection:
        later = Sequencer(connection, files, SEED, ORIGIN)
        later.recover()
        write(2)
        later.step()
    before = files.note()
    with pytest.raises(LedgerHalted, match="the database ends at 3 entries.*checkpoint of 5"):
        run(backup, files.path, SEED, ORIGIN, [], threading.Event())
    assert files.note() == before


def _end_connections(admin_url: str, name: str) -> None:
    with psycopg.connect(admin_url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name]
        )


def test_another_database_of_the_same_size_is_refused(
    database_url, files, sequencer, write, servers, template
):
    write(3)
    sequencer.step()
    other = copy_database(servers, template)
    engine = make_engine(other)
    for _ in range(3):
        with Session(engine) as session, session.begin():
            service.append(session, "test.done", tender="T-1", actor="a")
    engine.dispose()
    with psycopg.connect(other, autocommit=True) as connection:
        foreign = Sequencer(connection, TileFolder(files.path.parent / "elsewhere"), SEED, ORIGIN)
        foreign.recover()
        foreign.step()
        with pytest.raises(LedgerHalted, match="fork"):
            Sequencer(connection, files, SEED, ORIGIN).recover()


def test_an_altered_row_stops_the_log(sequencer, write, engine, files):
    write(5)
    sequencer.step()
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE ledger_seq DISABLE TRIGGER ALL"))
        connection.execute(text("UPDATE ledger_seq SET leaf = decode(repeat('00', 32), 'hex') WHERE seq = 2"))
        connection.execute(text("ALTER TABLE ledger_seq ENABLE TRIGGER ALL"))
    with pytest.raises(LedgerHalted, match="altered or damaged"):
        Sequencer(sequencer.connection, files, SEED, ORIGIN).recover()


def test_a_log_is_not_continued_under_another_key(sequencer, write, files):
    write(1)
    sequencer.step()
    with pytest.raises(LedgerHalted, match="not signed by this log's key"):
        Sequencer(sequencer.connection, files, bytes(32), ORIGIN).recover()


def test_a_lost_folder_is_filled_again_from_the_database(sequencer, write, engine, tmp_path: Path):
    write(300)
    sequencer.step()
    fresh = TileFolder(tmp_path / "fresh")
    Sequencer(sequencer.connection, fresh, SEED, ORIGIN).recover()
    assert everything_holds(engine, fresh) == 300


def test_a_full_tile_takes_the_place_of_its_partial_ones(sequencer, write, files):
    write(200)
    sequencer.step()
    partial = files.read(Tile(0, 0, 200)), files.read(Tile(ENTRIES, 0, 200))
    write(100)
    sequencer.step()
    assert not (files.path / "tile/0/000.p").exists()
    assert (files.read(Tile(0, 0, 200)), files.read(Tile(ENTRIES, 0, 200))) == partial


def test_a_second_sequencer_on_the_same_folder_is_kept_out(files, database_url):
    handle = files.lock()
    with pytest.raises(BlockingIOError):
        run(database_url, files.path, SEED, ORIGIN, [], threading.Event())
    os.close(handle)


def test_a_second_sequencer_on_the_same_database_waits(files, database_url, write, tmp_path: Path):
    stop = threading.Event()
    with psycopg.connect(database_url, autocommit=True) as holder:
        holder.execute("SELECT pg_advisory_lock(%s)", [0x4C454447])
        working = threading.Thread(target=run, args=(database_url, files.path, SEED, ORIGIN, [], stop))
        working.start()
        write(1)
        time.sleep(0.3)
        assert files.note() is None
    wait_until(lambda: files.note() and files.checkpoint().size >= 1)
    stop.set()
    working.join()


def test_a_lost_connection_is_taken_up_again(files, database_url, write, engine):
    stop = threading.Event()
    working = threading.Thread(
        target=run, args=(database_url, files.path, SEED, ORIGIN, [], stop), kwargs={"dummy_ms": 0}
    )
    working.start()
    write(1)
    wait_until(lambda: files.note() and files.checkpoint().size == 1)
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE application_name = 'tradehall sequencer' AND datname = current_database()"
        )
    write(1)
    wait_until(lambda: files.checkpoint().size == 2)
    stop.set()
    working.join()
    assert everything_holds(engine, files) == 2


def test_the_published_checkpoint_never_goes_back(sequencer, write, files):
    write(2)
    sequencer.step()
    newest = files.note()
    older = sequencer.connection.execute("SELECT note FROM ledger_checkpoint WHERE size = 0").fetchone()[0]
    files.publish(older)
    assert files.note() == newest
    assert parse_checkpoint(newest).size == 2
