"""A witness (见证方): an independent C2SP tlog-witness, for a neighbouring centre or an authority.

It cosigns a log's checkpoint only when the log signed it and its tree continues the one cosigned last;
what contradicts is kept as evidence, signed by the log itself. State is one small file, written and
flushed before the answer leaves. It shares nothing with the hall but the format.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from trading import clock
from trading.ledger import merkle
from trading.ledger.checkpoint import (
    LOG_KEY,
    WITNESS_KEY,
    Checkpoint,
    NoteError,
    VerifierKey,
    cosign,
    parse_checkpoint,
    parse_decimal,
    parse_hash,
    parse_vkey,
    verifier_key,
    verify_log_by_any,
)
from trading.ledger.folder import write_durably
from trading.secrets import load_ring, make_master, next_in_ring

MAX_BODY = 64 * 1024
MAX_PROOF = 63
TEXT = "text/plain; charset=utf-8"


@dataclass(frozen=True)
class Answer:
    """A status, a body and its content type."""

    status: int
    body: str
    content_type: str = TEXT


def new_key(folder: Path, name: str, rng: Callable[[int], bytes] = os.urandom) -> str:
    """Makes the witness's key in `folder` unless it has one; returns the vkey of the oldest it has."""
    path = folder / "key"
    if not path.exists() and not load_ring(folder / "keys"):
        folder.mkdir(parents=True, exist_ok=True)
        make_master(path, rng)
    oldest, seed = keys_of(folder, name)[0]
    return str(verifier_key(oldest, WITNESS_KEY, seed))


def keys_of(folder: Path, name: str) -> list[tuple[str, bytes]]:
    """(name, 32-byte seed) of a witness's keys, the oldest first: the one it began with bears its own name,
    the next ones (`rotate_key`) `<name>.2`, `<name>.3`… The first may have gone. Raises NoKey."""
    later = [
        (f"{name}.{int(path.stem) + 1}", seed)
        for path, seed in zip(
            sorted((folder / "keys").glob("*.key")), load_ring(folder / "keys"), strict=True
        )
    ]
    first = folder / "key"
    return [(name, first.read_bytes()), *later] if first.exists() or not later else later


def rotate_key(folder: Path, name: str) -> str:
    """Makes the next key beside the others; the witness signs with all of them once it was started again.
    Returns the new vkey."""
    next_in_ring(folder / "keys")
    newest, seed = keys_of(folder, name)[-1]
    return str(verifier_key(newest, WITNESS_KEY, seed))


def retire_key(folder: Path) -> bool:
    """Deletes the oldest key; False when there is no other beside it."""
    later = sorted((folder / "keys").glob("*.key"))
    files = [path for path in (folder / "key", *later) if path.exists()]
    if len(files) < 2:
        return False
    files[0].unlink()
    return True


def seconds() -> int:
    """Whole seconds since 1970 by the installation's clock."""
    return int(clock.now().timestamp())


@dataclass
class Witness:
    """The witness's judgement and its memory; `logs` are the vkeys of the logs it follows. Several of one
    name are keys of one log that followed each other: any of them may sign. It signs with every key of its
    own that is not retired."""

    folder: Path
    name: str
    logs: Sequence[str]
    now: Callable[[], int] = seconds
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        new_key(self.folder, self.name)
        self._own = keys_of(self.folder, self.name)
        self.vkeys = [str(verifier_key(name, WITNESS_KEY, seed)) for name, seed in self._own]
        self._keys: dict[str, list[VerifierKey]] = {}
        for vkey in self.logs:
            key = parse_vkey(vkey)
            if key.kind != LOG_KEY:
                raise NoteError(f"{key.name} is not a log's key")
            self._keys.setdefault(key.name, []).append(key)
        state = self.folder / "state.json"
        self._state: dict[str, str] = json.loads(state.read_text()) if state.exists() else {}

    def add_checkpoint(self, body: bytes) -> Answer:
        """Judges one `add-checkpoint` request (C2SP tlog-witness).

        200 with the cosignature · 400 malformed, or a tree smaller than its old size · 403 not signed by
        the log · 404 unknown log · 409 another old size than cosigned last, with that size · 422 not a
        continuation (also: same size, other root).
        """
        try:
            old, proof, note = parse_request(body)
            checkpoint = parse_checkpoint(note)
        except NoteError as error:
            return Answer(400, f"{error}\n")
        keys = self._keys.get(checkpoint.origin)
        if keys is None:
            return Answer(404, "unknown log\n")
        try:
            verify_log_by_any(note, keys)
        except NoteError as error:
            return Answer(403, f"{error}\n")
        if old > checkpoint.size:
            return Answer(400, "the old size is larger than the checkpoint's\n")
        with self._lock:
            return self._judge(old, proof, note, checkpoint)

    def _judge(self, old: int, proof: list[bytes], note: str, checkpoint: Checkpoint) -> Answer:
        known_note = self._state.get(checkpoint.origin)
        known = (
            parse_checkpoint(known_note)
            if known_note
            else Checkpoint(checkpoint.origin, 0, merkle.EMPTY_ROOT)
        )
        if old != known.size:
            # An honest log never signs two trees of one size, so this is evidence whatever was asked.
            if checkpoint.size == known.size and checkpoint.root != known.root:
                self._keep_evidence(known_note, note, old, proof)
            return Answer(409, f"{known.size}\n", "text/x.tlog.size")
        if not merkle.consistency_holds(old, checkpoint.size, known.root, checkpoint.root, proof):
            self._keep_evidence(known_note, note, old, proof)
            return Answer(422, "not a continuation of the tree cosigned before\n")
        time = self.now()
        lines = "".join(cosign(note, name, seed, time) for name, seed in self._own)
        self._state[checkpoint.origin] = note
        write_durably(self.folder / "state.json", json.dumps(self._state, ensure_ascii=False).encode())
        return Answer(200, lines)

    @property
    def vkey(self) -> str:
        """Its newest key."""
        return self.vkeys[-1]

    def _keep_evidence(self, known: str | None, note: str, old: int, proof: list[bytes]) -> None:
        """Two notes signed by the log that cannot both be true, or a proof that it could not give."""
        document = {"cosigned": known, "received": note, "old": old, "proof": [p.hex() for p in proof]}
        name = hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()[:32]
        path = self.folder / "evidence" / f"{name}.json"
        if not path.exists():
            document["at"] = self.now()
            write_durably(path, json.dumps(document, ensure_ascii=False, indent=1).encode())


def parse_request(body: bytes) -> tuple[int, list[bytes], str]:
    """Old size, proof and checkpoint note of a request body. Raises NoteError when it is malformed."""
    try:
        head, gap, note = body.decode("utf-8").partition("\n\n")
    except UnicodeDecodeError as error:
        raise NoteError("the request is not UTF-8") from error
    first, *lines = head.split("\n")
    if not gap or not first.startswith("old ") or len(lines) > MAX_PROOF:
        raise NoteError("a request is an old size, up to 63 hashes, an empty line and a checkpoint")
    return parse_decimal(first[4:]), [parse_hash(line) for line in lines], note


def make_server(host: str, port: int, witness: Witness) -> ThreadingHTTPServer:
    """The HTTP service, not yet running; port 0 takes a free one (`server.server_address`)."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 30

        def do_POST(self) -> None:
            length = self.headers.get("Content-Length", "")
            if not length.isdigit() or int(length) > MAX_BODY:
                self.close_connection = True
                self._send(Answer(413 if length.isdigit() else 411, "\n"))
                return
            body = self.rfile.read(int(length))
            known = self.path == "/add-checkpoint"
            self._send(witness.add_checkpoint(body) if known else Answer(404, "no such address\n"))

        def do_GET(self) -> None:
            known = self.path == "/"
            keys = "".join(f"{vkey}\n" for vkey in witness.vkeys)
            self._send(Answer(200, keys) if known else Answer(404, "no such address\n"))

        def _send(self, answer: Answer) -> None:
            data = answer.body.encode()
            self.send_response(answer.status)
            self.send_header("Content-Type", answer.content_type)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: object) -> None:
            """Requests are not logged: the state and the evidence say what happened."""

    server = ThreadingHTTPServer((host, port), Handler)
    server.daemon_threads = True
    return server


def serve(
    host: str,
    port: int,
    folder: Path,
    name: str,
    log_vkeys: Sequence[str],
    *,
    stop: threading.Event | None = None,
    ready: Callable[[str], None] | None = None,
) -> None:
    """Runs a witness until `stop` is set (or for ever); prints its vkeys, calls `ready` with its URL."""
    witness = Witness(folder, name, log_vkeys)
    server = make_server(host, port, witness)
    sys.stdout.write("".join(f"{vkey}\n" for vkey in witness.vkeys))
    sys.stdout.flush()
    if ready:
        ready(f"http://{server.server_address[0]!s}:{server.server_address[1]}")
    if stop:
        threading.Thread(target=_shut_down, args=(stop, server), daemon=True).start()
    with server:
        server.serve_forever(poll_interval=0.1)


def _shut_down(stop: threading.Event, server: ThreadingHTTPServer) -> None:
    stop.wait()
    server.shutdown()
