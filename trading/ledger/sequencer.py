"""The sequencer (定序器): the one process that gives entries their place and signs the tree.

Every 50 ms it takes the waiting entries, orders them by entry id, numbers them without a gap, hashes
them, writes places, tiles, signed checkpoint and the emptied inbox in one COMMIT, then writes the tiles
to the folder, publishes the checkpoint and lets the witnesses be asked beside it. It signs nothing that
contradicts what it published before: the published checkpoint lives in the folder, outside PostgreSQL,
and a database that knows less than the folder or a witness stops it.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import psycopg

from trading import clock
from trading.ledger import entry, merkle
from trading.ledger.checkpoint import (
    LOG_KEY,
    Checkpoint,
    NoteError,
    parse_vkey,
    sign_checkpoint,
    verifier_key,
    verify_log_by_any,
)
from trading.ledger.cosigning import Cosigner
from trading.ledger.folder import TileFolder
from trading.ledger.standing import (
    REPLAY,
    LedgerHalted,
    go_on,
    keys_of_each,
    may_sign,
    needed,
    restored_mark,
    say_halted,
)
from trading.ledger.tiles import ENTRIES, WIDTH, Edge, Tile, encode_bundle, tiles_between

log = logging.getLogger(__name__)

LOCK = 0x4C454447
"""The advisory lock that only one sequencer of a database can hold ("LEDG")."""
BATCH = 5000
"""Entries that one tick takes at most."""


def run(
    database_url: str,
    folder: Path,
    signing_key: bytes,
    origin: str,
    witnesses: Sequence[tuple[str, str, str]],
    stop: threading.Event,
    *,
    tick_ms: int = 50,
    dummy_ms: int = 60_000,
    witness_ms: int = 1000,
    rng: Callable[[int], bytes] = os.urandom,
    older: Sequence[bytes] = (),
) -> None:
    """Sequences until `stop` is set.

    `signing_key` is the log's 32-byte Ed25519 seed, `older` those of its former keys that still sign
    beside it (they are named by policies in use), `witnesses` are (name, URL, vkey), rows of one name and URL are keys of one witness. One dummy entry
    comes every `dummy_ms` on average (0: none). A lost database is awaited; a second sequencer waits
    until the first has gone. Raises LedgerHalted when the database or a witness contradicts what was
    published, BlockingIOError when another process holds the folder.
    """
    files = TileFolder(folder)
    handle = files.lock()
    url = database_url.replace("postgresql+psycopg://", "postgresql://")
    cosigners = [
        Cosigner(name, address, [parse_vkey(vkey) for vkey in vkeys], files, url, witness_ms)
        for (name, address), vkeys in keys_of_each(witnesses).items()
    ]
    try:
        for cosigner in cosigners:
            cosigner.start()
        while not stop.is_set():
            try:
                with psycopg.connect(url, connect_timeout=10, autocommit=True) as connection:
                    if not _hold(connection):
                        stop.wait(1)
                        continue
                    sequencer = Sequencer(connection, files, signing_key, origin, rng, older)
                    sequencer.recover()
                    _ask_after_restore(files, witnesses, stop)
                    go_on(folder)
                    _tick(sequencer, cosigners, stop, tick_ms, dummy_ms)
            except psycopg.OperationalError as error:
                log.warning("the ledger's database is away: %s", str(error).strip())
                stop.wait(0.5)
    except LedgerHalted as error:
        say_halted(folder, str(error))
        raise
    finally:
        for cosigner in cosigners:
            cosigner.stop()
        os.close(handle)


def _hold(connection: psycopg.Connection[Any]) -> bool:
    """Takes the lock for the connection's life: a sequencer that lost its connection cannot commit."""
    connection.execute("SET application_name = 'tradehall sequencer'")
    row = connection.execute("SELECT pg_try_advisory_lock(%s), current_setting('synchronous_commit')", [LOCK])
    held, durable = row.fetchone() or (False, "off")
    if durable == "off":
        connection.execute("SET synchronous_commit = on")
    return bool(held)


def _tick(
    sequencer: Sequencer, cosigners: list[Cosigner], stop: threading.Event, tick_ms: int, dummy_ms: int
) -> None:
    """Works until `stop`, or until too many witnesses contradict."""
    while not stop.is_set():
        contradictions = [c.contradiction for c in cosigners if c.contradiction]
        if len(contradictions) > len(cosigners) - needed(len(cosigners)):
            raise LedgerHalted("; ".join(contradictions))
        if dummy_ms and _chance(sequencer.rng, tick_ms, dummy_ms):
            sequencer.add_dummy()
        taken = sequencer.step()
        if taken:
            for cosigner in cosigners:
                cosigner.wake.set()
        if taken < BATCH:
            stop.wait(tick_ms / 1000)


def _ask_after_restore(
    files: TileFolder, witnesses: Sequence[tuple[str, str, str]], stop: threading.Event
) -> None:
    """Signs nothing after a restore before the witnesses have said that nothing is missing."""
    mark = restored_mark(files.path)
    while mark.exists() and not stop.is_set():
        note = files.note()
        if not witnesses or (note is not None and may_sign(files, note, witnesses)):
            mark.unlink()
        else:
            say_halted(
                files.path, "A backup was restored, and the witnesses do not answer. Nothing is signed."
            )
            stop.wait(2)


def _chance(rng: Callable[[int], bytes], part: int, whole: int) -> bool:
    """True once in whole/part calls on average, without memory: nobody can tell when the next comes."""
    return int.from_bytes(rng(8)) * whole < part << 64


class Sequencer:
    """One sequencer's work on one connection. Any error makes its state worthless: make a new one."""

    def __init__(
        self,
        connection: psycopg.Connection[Any],
        files: TileFolder,
        signing_key: bytes,
        origin: str,
        rng: Callable[[int], bytes] = os.urandom,
        older: Sequence[bytes] = (),
    ) -> None:
        self.connection = connection
        self.files = files
        self.rng = rng
        self.origin = origin
        self._seeds = [*older, signing_key]
        self._edge = Edge()

    @property
    def size(self) -> int:
        """Leaves in the signed tree."""
        return self._edge.size

    def recover(self) -> None:
        """Rebuilds the state, compares it with what was published, and publishes what was not yet.

        Raises LedgerHalted when the database and the published checkpoint cannot both be right.
        """
        with self.connection.transaction():
            signed = self._signed_checkpoint()
            self._edge = self._load_edge()
        if (self._edge.size, self._edge.root()) != (signed.size, signed.root):
            raise LedgerHalted(
                f"the database's {self._edge.size} places do not give the root that was signed for size "
                f"{signed.size}: it was altered or damaged. Nothing is signed."
            )
        self._compare(signed.size)
        self._publish_missing()

    def step(self) -> int:
        """One tick: gives places to the waiting entries and publishes; returns how many there were."""
        with self.connection.transaction():
            waiting = self.connection.execute(
                "SELECT entry FROM ledger_inbox ORDER BY entry LIMIT %s", [BATCH]
            )
            rows = self._entries([number for (number,) in waiting])
            if not rows:
                return 0
            old = self.size
            self._place(rows)
            note = self._sign()
        self._write_tiles(old, self.size)
        self.files.publish(note)
        return len(rows)

    def replay(self, note: str, bodies: Sequence[bytes]) -> None:
        """Takes over the entries that this log published and its database has lost: `bodies` follow its
        last one and end at the checkpoint `note`. Those that still wait in the inbox get their places.

        Raises LedgerHalted, with nothing changed, when they do not give the root that was signed."""
        published = self._verified(note, "the mirror")
        with self.connection.transaction():
            signed = self._signed_checkpoint()
            self._edge = self._load_edge()
            if signed.size + len(bodies) != published.size:
                raise LedgerHalted(f"the mirror's entries do not lead from {signed.size} to {published.size}")
            self._place([(self._waiting(body), body) for body in bodies])
            if self._edge.root() != published.root:
                raise LedgerHalted("the mirror's entries do not give the root that was signed for them")
            self.connection.execute(
                "INSERT INTO ledger_checkpoint (size, root, note, at) VALUES (%s, %s, %s, %s)",
                [published.size, published.root, note, clock.now()],
            )

    def _waiting(self, body: bytes) -> int:
        """The id of an entry: the one that waits in the inbox with these bytes, else a new one."""
        row = self._one(
            "SELECT id FROM ledger_entry JOIN ledger_inbox ON entry = id WHERE body = %s LIMIT 1", [body]
        )
        if row is None:
            read = entry.parse(body)
            plain = read if isinstance(read, entry.Entry) else None
            at = clock.parse_rfc3339(plain.at) if plain else clock.now()
            row = self._one(
                "INSERT INTO ledger_entry (body, at, tender) VALUES (%s, %s, %s) RETURNING id",
                [body, at, plain.tender if plain else None],
            )
        assert row is not None
        return int(row[0])

    def add_dummy(self) -> None:
        """Writes one dummy entry and keeps its opening for the next manifest."""
        salt, digest, at = self.rng(32), self.rng(32), clock.now()
        commitment = entry.blinded_commitment(
            salt, "dummy", tender="", lot="", seq=0, digest=digest, at=clock.rfc3339(at)
        )
        body = entry.Blinded(commitment.hex()).to_bytes()
        with self.connection.transaction():
            self.connection.execute(
                "WITH entry AS (INSERT INTO ledger_entry (body, at) VALUES (%s, %s) RETURNING id), "
                "queued AS (INSERT INTO ledger_inbox (entry) SELECT id FROM entry) "
                "INSERT INTO ledger_dummy (entry, salt, digest, at) SELECT id, %s, %s, %s FROM entry",
                [body, at, salt, digest, at],
            )

    def _place(self, rows: list[tuple[int, bytes]]) -> None:
        filled = []
        with (
            self.connection.cursor() as cursor,
            cursor.copy("COPY ledger_seq (seq, entry, leaf) FROM STDIN (FORMAT BINARY)") as copy,
        ):
            copy.set_types(["int8", "int8", "bytea"])
            for number, body in rows:
                leaf = merkle.leaf_hash(body)
                copy.write_row((self.size, number, leaf))
                filled += self._edge.append(leaf)
        for tile in filled:
            self.connection.execute(
                "INSERT INTO ledger_tile (level, idx, hashes, root) VALUES (%s, %s, %s, %s)",
                [tile.level, tile.index, tile.hashes, tile.root],
            )
        self.connection.execute(
            "DELETE FROM ledger_inbox WHERE entry = ANY(%s)", [[number for number, _ in rows]]
        )

    def _sign(self) -> str:
        checkpoint = Checkpoint(self.origin, self.size, self._edge.root())
        note = sign_checkpoint(checkpoint, *self._seeds)
        self.connection.execute(
            "INSERT INTO ledger_checkpoint (size, root, note, at) VALUES (%s, %s, %s, %s)",
            [checkpoint.size, checkpoint.root, note, clock.now()],
        )
        return note

    def _signed_checkpoint(self) -> Checkpoint:
        """The newest checkpoint of the database; a new log starts by signing the empty tree."""
        row = self._one("SELECT note FROM ledger_checkpoint ORDER BY size DESC LIMIT 1")
        if row is None:
            self._edge = Edge()
            return self._verified(self._sign(), "the new log")
        return self._verified(row[0], "the database")

    def _verified(self, note: str, where: str) -> Checkpoint:
        keys = [verifier_key(self.origin, LOG_KEY, seed) for seed in self._seeds]
        try:
            return verify_log_by_any(note, keys)
        except NoteError as error:
            raise LedgerHalted(
                f"the newest checkpoint of {where} was not signed by this log's key as {self.origin!r} "
                f"({error}). Nothing is signed."
            ) from error

    def _load_edge(self) -> Edge:
        (size,) = self._one("SELECT coalesce(max(seq) + 1, 0) FROM ledger_seq") or (0,)
        rows, level = [], 0
        while size >> (8 * level):
            width = (size >> (8 * level)) % WIDTH
            first = (size >> (8 * level)) - width
            rows.append(self._hashes(level, first, width) if width else [])
            level += 1
        try:
            return Edge(size, rows)
        except ValueError as error:
            raise LedgerHalted(f"the database's tiles have gaps: {error}. Nothing is signed.") from error

    def _compare(self, size: int) -> None:
        """Stops when the folder knows of a checkpoint that this database has not."""
        note = self.files.note()
        if note is None:
            if size:
                log.warning("the folder has no checkpoint: it is filled again from the database")
            return
        published = self._verified(note, "the folder")
        if published.size > size:
            raise LedgerHalted(
                f"the database ends at {size} entries, but a checkpoint of {published.size} was published: "
                f"this is an older backup that lacks entries {size} to {published.size - 1}. {REPLAY}"
            )
        row = self._one("SELECT root FROM ledger_checkpoint WHERE size = %s", [published.size])
        if row is None or row[0] != published.root:
            raise LedgerHalted(
                f"the checkpoint published for size {published.size} is not this database's: signing on "
                "would be a fork. Nothing is signed."
            )

    def _publish_missing(self) -> None:
        """Publishes the checkpoints that a crash kept in the database; an empty folder gets the newest."""
        published = self.files.checkpoint()
        rows = self.connection.execute(
            "SELECT size, note FROM ledger_checkpoint WHERE size > %s ORDER BY size",
            [published.size if published else -1],
        ).fetchall()
        old = published.size if published else 0
        for size, note in rows if published else rows[-1:]:
            self._write_tiles(old, size)
            self.files.publish(note)
            old = size

    def _write_tiles(self, old: int, new: int) -> None:
        with self.connection.transaction():
            self.files.write((tile, self._tile(tile)) for tile in tiles_between(old, new))

    def _tile(self, tile: Tile) -> bytes:
        first = tile.index * WIDTH
        if tile.level == ENTRIES:
            return encode_bundle(self._bodies(first, tile.width))
        return b"".join(self._hashes(int(tile.level), first, tile.width))

    def _bodies(self, first: int, width: int) -> list[bytes]:
        places = self.connection.execute(
            "SELECT entry FROM ledger_seq WHERE seq >= %s AND seq < %s ORDER BY seq", [first, first + width]
        )
        numbers = [number for (number,) in places]
        found = dict(self._entries(numbers))
        return [found[number] for number in numbers]

    def _entries(self, numbers: list[int]) -> list[tuple[int, bytes]]:
        """Ids and bytes of entries, by id. A join would leave it to the planner's guesses whether a tick
        reads some entries or the whole table."""
        if not numbers:
            return []
        query = "SELECT id, body FROM ledger_entry WHERE id = ANY(%s) ORDER BY id"
        return self.connection.execute(query, [numbers]).fetchall()

    def _hashes(self, level: int, first: int, width: int) -> list[bytes]:
        """`width` hashes of a tile level from number `first` on: leaves, or roots of the tiles below."""
        query = (
            "SELECT leaf FROM ledger_seq WHERE seq >= %s AND seq < %s ORDER BY seq"
            if level == 0
            else "SELECT root FROM ledger_tile WHERE idx >= %s AND idx < %s AND level = %s ORDER BY idx"
        )
        values = [first, first + width] + ([level - 1] if level else [])
        return [row[0] for row in self.connection.execute(query, values)]

    def _one(self, query: str, values: Sequence[Any] = ()) -> tuple[Any, ...] | None:
        return self.connection.execute(query, values).fetchone()
