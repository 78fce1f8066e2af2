"""The witness's answers (C2SP tlog-witness), and what the log makes of them."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from tests.conftest import copy_database
from tests.trading.ledger.conftest import ORIGIN, SEED
from tests.trading.ledger.test_sequencer import wait_until
from trading.db import make_engine
from trading.ledger import merkle, service
from trading.ledger.checkpoint import (
    WITNESS_KEY,
    Checkpoint,
    b64,
    cosign,
    parse_vkey,
    sign_checkpoint,
    verifier_key,
    verify_cosignature,
)
from trading.ledger.sequencer import LedgerHalted, run
from trading.ledger.standing import halted
from trading.ledger.witness import Witness, make_server, new_key, serve

NAME = "witness.city.example/w1"


def tree(size: int, fork: bool = False) -> list[bytes]:
    return [
        merkle.leaf_hash(f"{number}{'x' if fork and number == 2 else ''}".encode()) for number in range(size)
    ]


def request(old: int, leaves: list[bytes], size: int, seed: bytes = SEED, origin: str = ORIGIN) -> bytes:
    note = sign_checkpoint(Checkpoint(origin, size, merkle.tree_root(leaves[:size])), seed)
    proof = merkle.consistency_proof(merkle.leaves_reader(leaves[:size]), min(old, size), size)
    return "".join([f"old {old}\n", *(f"{b64(node)}\n" for node in proof), "\n", note]).encode()


@pytest.fixture
def witness(tmp_path: Path, log_key) -> Witness:
    return Witness(tmp_path / "witness", NAME, [str(log_key)], now=lambda: 1_800_000_000)


def evidence(witness: Witness) -> list[dict]:
    return [json.loads(path.read_text()) for path in sorted((witness.folder / "evidence").glob("*.json"))]


def test_growth_is_cosigned_with_the_time(witness):
    leaves = tree(9)
    for old, size in ((0, 4), (4, 4), (4, 9)):
        body = request(old, leaves, size)
        answer = witness.add_checkpoint(body)
        assert answer.status == 200
        note = body.decode().partition("\n\n")[2] + answer.body
        assert verify_cosignature(note, parse_vkey(witness.vkey)) == 1_800_000_000


def test_a_stale_view_learns_the_size_that_was_cosigned(witness):
    witness.add_checkpoint(request(0, tree(5), 5))
    for old in (0, 3):
        answer = witness.add_checkpoint(request(old, tree(8), 8))
        assert (answer.status, answer.body, answer.content_type) == (409, "5\n", "text/x.tlog.size")


def test_an_older_tree_is_refused_as_malformed_when_the_old_size_is_true(witness):
    witness.add_checkpoint(request(0, tree(5), 5))
    assert witness.add_checkpoint(request(5, tree(5), 3)).status == 400


def test_another_root_of_the_same_size_is_refused_and_kept_as_evidence(witness):
    witness.add_checkpoint(request(0, tree(5), 5))
    forked = request(5, tree(5, fork=True), 5)
    assert witness.add_checkpoint(forked).status == 422
    (kept,) = evidence(witness)
    assert kept["received"] == forked.decode().partition("\n\n")[2]
    assert kept["cosigned"] == request(0, tree(5), 5).decode().partition("\n\n")[2]


def test_growth_of_a_fork_is_refused_and_kept_as_evidence(witness):
    witness.add_checkpoint(request(0, tree(5), 5))
    assert witness.add_checkpoint(request(5, tree(8, fork=True), 8)).status == 422
    assert len(evidence(witness)) == 1
    assert witness.add_checkpoint(request(5, tree(8), 8)).status == 200


def test_a_log_that_is_not_followed_is_not_known(witness):
    assert witness.add_checkpoint(request(0, tree(1), 1, origin="other.example/1")).status == 404


def test_a_checkpoint_that_the_log_did_not_sign_is_forbidden(witness):
    assert witness.add_checkpoint(request(0, tree(1), 1, seed=bytes(32))).status == 403


def test_a_proof_from_nothing_is_empty_and_an_empty_tree_has_its_root(witness):
    body = request(0, tree(2), 2).decode().replace("old 0\n", "old 0\n" + b64(b"h" * 32) + "\n")
    assert witness.add_checkpoint(body.encode()).status == 422
    wrong = sign_checkpoint(Checkpoint(ORIGIN, 0, b"r" * 32), SEED)
    assert witness.add_checkpoint(f"old 0\n\n{wrong}".encode()).status == 422
    assert witness.add_checkpoint(request(0, [], 0)).status == 200


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff",
        b"old 0\n",
        b"old 00\n\n" + request(0, tree(1), 1).partition(b"\n\n")[2],
        b"new 0\n\n" + request(0, tree(1), 1).partition(b"\n\n")[2],
        b"old 0\nAA==\n\n" + request(0, tree(1), 1).partition(b"\n\n")[2],
        b"old 0\n"
        + (b64(b"h" * 32) + "\n").encode() * 64
        + b"\n"
        + request(0, tree(1), 1).partition(b"\n\n")[2],
        b"old 0\n\nnot a checkpoint\n",
    ],
)
def test_malformed_requests_are_refused(witness, body):
    assert witness.add_checkpoint(body).status == 400


def test_the_witness_remembers_across_a_restart(witness, log_key):
    witness.add_checkpoint(request(0, tree(5), 5))
    again = Witness(witness.folder, NAME, [str(log_key)])
    assert again.vkey == witness.vkey == new_key(witness.folder, NAME)
    assert again.add_checkpoint(request(5, tree(5, fork=True), 5)).status == 422
    assert again.add_checkpoint(request(5, tree(6), 6)).status == 200


def test_the_key_is_readable_by_its_owner_only(witness):
    assert (witness.folder / "key").stat().st_mode & 0o777 == 0o600


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12), st.booleans()), max_size=12))
def test_no_two_trees_that_contradict_each_other_are_ever_cosigned(tmp_path_factory, log_key, requests):
    witness = Witness(tmp_path_factory.mktemp("w"), NAME, [str(log_key)])
    cosigned: list[tuple[int, bool]] = []
    for old, size, fork in requests:
        if witness.add_checkpoint(request(old, tree(12, fork), size)).status == 200:
            assert not cosigned or size >= cosigned[-1][0]
            cosigned.append((size, fork))
    assert len({fork for size, fork in cosigned if size > 2}) <= 1


@pytest.fixture
def service_url(witness) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, witness)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_the_service_answers_over_one_kept_connection(service_url, witness):
    connection = http.client.HTTPConnection(service_url.removeprefix("http://"), timeout=10)
    connection.request("GET", "/")
    assert connection.getresponse().read().decode() == witness.vkey + "\n"
    connection.request("POST", "/add-checkpoint", request(0, tree(3), 3))
    answer = connection.getresponse()
    assert answer.status == 200 and answer.read().decode().startswith(f"— {NAME} ")
    connection.request("POST", "/add-checkpoint", request(0, tree(4), 4))
    answer = connection.getresponse()
    assert (answer.status, answer.headers["Content-Type"]) == (409, "text/x.tlog.size")
    assert answer.read() == b"3\n"
    connection.request("POST", "/elsewhere", b"")
    assert connection.getresponse().status == 404
    connection.close()
    connection.request("POST", "/add-checkpoint", b"x" * (1 << 17))
    assert connection.getresponse().status == 413
    connection.close()


def test_a_witness_tells_its_key_when_it_starts(tmp_path, log_key, capsys):
    stop, urls = threading.Event(), list[str]()
    thread = threading.Thread(
        target=serve,
        args=("127.0.0.1", 0, tmp_path, NAME, [str(log_key)]),
        kwargs={"stop": stop, "ready": urls.append},
    )
    thread.start()
    wait_until(lambda: urls)
    stop.set()
    thread.join()
    assert capsys.readouterr().out == new_key(tmp_path, NAME) + "\n"


def test_the_log_collects_cosignatures_beside_its_work(
    service_url, witness, database_url, files, write, engine
):
    stop = threading.Event()
    witnesses = [("city", service_url, witness.vkey), ("away", "http://127.0.0.1:9", witness.vkey)]
    working = threading.Thread(
        target=run,
        args=(database_url, files.path, SEED, ORIGIN, witnesses, stop),
        kwargs={"witness_ms": 10, "dummy_ms": 0},
    )
    working.start()
    for _ in range(3):
        (number,) = write(1)
        with Session(engine) as session:
            wait_until(lambda n=number, s=session: s.rollback() or service.inclusion(s, n, witnessed=True))
            found = service.inclusion(session, number, witnessed=True)
    assert verify_cosignature(found.note, parse_vkey(witness.vkey)) == 1_800_000_000
    wait_until(lambda: NAME in files.note())
    stop.set()
    working.join()


def test_a_witness_that_has_seen_more_stops_the_log(
    service_url, witness, servers, template, files, write, sequencer
):
    write(1)
    witness.add_checkpoint(request(0, tree(5), 5))
    url = copy_database(servers, template)
    witnesses = [("city", service_url, witness.vkey)]
    with pytest.raises(LedgerHalted, match="has cosigned 5 entries, this log has published only"):
        run(
            url,
            files.path.parent / "other",
            SEED,
            ORIGIN,
            witnesses,
            threading.Event(),
            witness_ms=10,
            dummy_ms=0,
        )


def test_a_witness_that_finds_a_fork_stops_the_log(service_url, witness, servers, template, tmp_path):
    witness.add_checkpoint(request(0, tree(1), 1))
    url = copy_database(servers, template)
    engine = make_engine(url)
    with Session(engine) as session, session.begin():
        for _ in range(3):
            service.append(session, "test.done", tender=None, actor="a")
    engine.dispose()
    witnesses = [("city", service_url, witness.vkey)]
    started = time.monotonic()
    with pytest.raises(LedgerHalted, match="not a continuation"):
        run(url, tmp_path / "other", SEED, ORIGIN, witnesses, threading.Event(), witness_ms=10, dummy_ms=0)
    assert time.monotonic() - started < 10
    assert len(evidence(witness)) == 1


def test_a_cosignature_by_a_foreign_key_is_not_taken(witness, log_key):
    note = sign_checkpoint(Checkpoint(ORIGIN, 0, merkle.EMPTY_ROOT), SEED)
    foreign = verifier_key(NAME, WITNESS_KEY, bytes(32))
    line = cosign(note, NAME, bytes(32), 1)
    assert verify_cosignature(note + line, foreign) == 1
    with pytest.raises(ValueError):
        verify_cosignature(note + line, parse_vkey(witness.vkey))


class Answering(BaseHTTPRequestHandler):
    """A witness that answers what its server's `answer` says to every request."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        status, body = self.server.answer()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Silent."""


@contextmanager
def bad_witness(answer) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    server.answer = answer
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


@contextmanager
def working(database_url, files, witnesses) -> Iterator[list[Exception]]:
    """The running sequencer; what stopped it is in the list."""
    stop, failure = threading.Event(), list[Exception]()

    def work() -> None:
        try:
            run(database_url, files.path, SEED, ORIGIN, witnesses, stop, witness_ms=10, dummy_ms=0)
        except LedgerHalted as error:
            failure.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    yield failure
    stop.set()
    thread.join()


def cosigned(engine, number: int):
    with Session(engine) as session:
        return service.inclusion(session, number, witnessed=True)


@pytest.mark.parametrize("kind", ["hangs", "lies", "breaks"])
def test_the_log_goes_on_with_two_witnesses_of_which_one(
    service_url, witness, database_url, files, write, engine, kind
):
    asked, over = threading.Event(), threading.Event()

    def answer() -> tuple[int, bytes]:
        asked.set()
        if kind == "hangs":
            over.wait(30)
        foreign = cosign(files.note(), "other.example/w1", bytes(32), 1).encode()
        return {"hangs": (503, b""), "lies": (200, foreign), "breaks": (500, b"\xff")}[kind]

    with bad_witness(answer) as url:
        witnesses = [("other", url, new_key(files.path.parent / "other", "other.example/w1"))]
        witnesses.append(("city", service_url, witness.vkey))
        with working(database_url, files, witnesses) as failure:
            for _ in range(3):
                (number,) = write(1)
                wait_until(lambda n=number: failure or cosigned(engine, n))
            assert asked.wait(10) and not failure
            assert "other.example/w1" not in files.note()
            assert halted(files.path) == ""
            over.set()


def test_one_witness_of_three_that_claims_more_stops_nothing_and_two_do(
    service_url, witness, database_url, files, write, engine
):
    def answer() -> tuple[int, bytes]:
        return 409, b"99\n"

    with bad_witness(answer) as url:
        one, two = ("one", url, witness.vkey), ("two", url, witness.vkey)
        good = ("city", service_url, witness.vkey)
        with working(
            database_url, files, [one, good, ("away", "http://127.0.0.1:9", witness.vkey)]
        ) as failure:
            (number,) = write(1)
            wait_until(lambda: failure or cosigned(engine, number))
            assert not failure
        with working(database_url, files, [one, good, two]) as failure:
            wait_until(lambda: failure)
    assert "has cosigned 99 entries" in str(failure[0])
    assert "99 entries" in halted(files.path)
