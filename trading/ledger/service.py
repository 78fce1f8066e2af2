"""The ledger's services: append an act, find its place and proof, open and redact payloads.

`append` costs one round trip and takes no lock: the entry, its place in the queue and its payloads are
written by one statement in the caller's own transaction, so an act and its entry are committed together
or not at all. Reading functions see only what is committed and sequenced.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import func, select, update
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session
from translationstring import TranslationStringFactory

from trading import clock
from trading.errors import refuse
from trading.ledger import canonical, entry, merkle
from trading.ledger.checkpoint import Checkpoint, add_lines, parse_checkpoint
from trading.ledger.entry import actor_pseudonym
from trading.ledger.models import (
    LedgerCheckpoint,
    LedgerCosig,
    LedgerDummy,
    LedgerEntry,
    LedgerInbox,
    LedgerPayload,
    LedgerSeq,
    LedgerTile,
)
from trading.ledger.tiles import WIDTH, Tile, tile_reader

__all__ = ["actor_pseudonym", "append", "append_blinded"]

_ = TranslationStringFactory("tradehall")

CP_SECONDS = 1
"""How long a process may go on naming a witnessed checkpoint before it looks for a newer one."""

Rng = Callable[[int], bytes]

# Straight to the driver: compiling and array parameters cost more than the act itself.
_ENTRY = """
WITH entry AS (INSERT INTO ledger_entry (body, at, tender) VALUES (%s, %s, %s) RETURNING id),
     queued AS (INSERT INTO ledger_inbox (entry) SELECT id FROM entry)
"""
_PAYLOADS = ", kept AS (INSERT INTO ledger_payload (commitment, nonce, bytes) VALUES "


@lru_cache
def append_statement(payloads: int) -> str:
    """The one statement of an append; its parameters are body, at, tender and, for each payload,
    commitment, nonce and bytes."""
    rows = _PAYLOADS + ", ".join(["(%s, %s, %s)"] * payloads) + ")" if payloads else ""
    return f"{_ENTRY}{rows} SELECT id FROM entry"


@dataclass(frozen=True)
class Appended:
    """What `append` wrote: the row's id (for `leaf_index` and `inclusion`), the entry's random name and
    the payloads' commitments (lowercase hex, in the order given)."""

    id: int
    ref: str
    commitments: tuple[str, ...]


def append(
    session: Session,
    type: str,
    *,
    tender: str | None,
    actor: str,
    payload: dict[str, Any] | None = None,
    payloads: Sequence[dict[str, Any]] = (),
    at: datetime | None = None,
    rng: Rng = os.urandom,
) -> Appended:
    """Writes one act into the ledger, in the caller's transaction.

    `actor` is a role or a pseudonym (`actor_pseudonym`), never a name. `payload` and `payloads` are JSON
    objects kept beside the entry under salted commitments. `at` is the act's instant; without it this
    machine's clock counts, so an act judged against a deadline passes the instant it was judged at.
    Raises entry.EntryError or canonical.CanonicalError for what cannot be an entry.
    """
    documents = [canonical.dumps(p) for p in ([payload] if payload is not None else []) + list(payloads)]
    nonces = [rng(32) for document in documents]
    commitments = [entry.payload_commitment(n, d) for n, d in zip(nonces, documents, strict=True)]
    instant = at or clock.now()
    record = entry.Entry(
        ref=rng(16).hex(),
        at=clock.rfc3339(instant),
        type=type,
        tender=tender,
        actor=actor,
        cp=witnessed_hash(session),
        commitments=tuple(c.hex() for c in commitments),
    )
    secrets = [value for row in zip(commitments, nonces, documents, strict=True) for value in row]
    number = _insert(session, record.to_bytes(), instant, tender, secrets)
    return Appended(number, record.ref, record.commitments)


def _insert(session: Session, body: bytes, at: datetime, tender: str | None, payloads: list[bytes]) -> int:
    statement = append_statement(len(payloads) // 3)
    row = session.connection().exec_driver_sql(statement, (body, at, tender, *payloads))
    number: int = row.scalar_one()
    return number


def append_blinded(
    session: Session,
    kind: str,
    *,
    tender: str,
    lot: str,
    seq: int,
    digest: bytes,
    at: datetime,
    rng: Rng = os.urandom,
) -> tuple[int, bytes]:
    """Writes a blinded leaf of the sealed period; returns the entry's id and the salt (32 bytes).

    The caller keeps the salt: with it and the other arguments, at the times' three decimals, the leaf
    is opened after the deadline. Raises entry.EntryError for a kind that is not blinded.
    """
    salt = rng(32)
    commitment = entry.blinded_commitment(
        salt, kind, tender=tender, lot=lot, seq=seq, digest=digest, at=clock.rfc3339(at)
    )
    body = entry.Blinded(commitment.hex()).to_bytes()
    return _insert(session, body, at, None, []), salt


_witnessed: WeakKeyDictionary[Engine, tuple[float, str | None]] = WeakKeyDictionary()


def witnessed_hash(session: Session) -> str | None:
    """The entry field `cp`: hash of the newest witnessed checkpoint that this process knows of.

    It bounds the entry's time from below, so being some seconds old does no harm; None before the first.
    """
    engine = session.get_bind().engine
    known = _witnessed.get(engine)
    if known is None or known[0] <= time.monotonic():
        newest = latest_checkpoint(session, witnessed=True)
        known = (time.monotonic() + CP_SECONDS, parse_checkpoint(newest).hash if newest else None)
        _witnessed[engine] = known
    return known[1]


def latest_checkpoint(session: Session, *, witnessed: bool = False) -> str | None:
    """The newest checkpoint's signed note with every cosignature known, or None; with `witnessed`, the
    newest that has at least one cosignature."""
    query = select(func.max(LedgerCosig.size if witnessed else LedgerCheckpoint.size))
    size = session.execute(query).scalar_one()
    return None if size is None else checkpoint_note(session, size)


def checkpoint_note(session: Session, size: int) -> str | None:
    """The signed note of the checkpoint of exactly that size, with its cosignatures, or None."""
    note = session.execute(select(LedgerCheckpoint.note).where(LedgerCheckpoint.size == size)).scalar()
    if note is None:
        return None
    query = select(LedgerCosig.line).where(LedgerCosig.size == size).order_by(LedgerCosig.witness)
    return add_lines(note, session.execute(query).scalars())


def leaf_index(session: Session, entry_id: int) -> int | None:
    """The entry's place in the log, or None while it waits."""
    return session.execute(select(LedgerSeq.seq).where(LedgerSeq.entry == entry_id)).scalar()


@dataclass(frozen=True)
class Inclusion:
    """The proof that an entry stands in a log-signed tree; unpacks as (index, note, proof)."""

    index: int
    note: str
    proof: tuple[bytes, ...]

    @property
    def checkpoint(self) -> Checkpoint:
        """The tree head of the note."""
        return parse_checkpoint(self.note)

    def __iter__(self) -> Iterator[Any]:
        return iter((self.index, self.note, self.proof))


def inclusion(session: Session, entry_id: int, *, witnessed: bool = False) -> Inclusion | None:
    """The entry's index, the newest checkpoint (with cosignatures) and the proof that leads to its root.

    None while the entry waits for its place, or, with `witnessed`, while no cosigned checkpoint holds it.
    """
    index = leaf_index(session, entry_id)
    note = latest_checkpoint(session, witnessed=witnessed)
    if index is None or note is None:
        return None
    size = parse_checkpoint(note).size
    if index >= size:
        return None
    return Inclusion(index, note, tuple(merkle.inclusion_proof(tree_reader(session, size), index, size)))


def consistency(session: Session, old: int, new: int) -> list[bytes]:
    """The proof that the log's tree of `old` leaves is a prefix of that of `new` leaves."""
    return merkle.consistency_proof(tree_reader(session, new), old, new)


def tree_reader(session: Session, size: int) -> merkle.Reader:
    """A reader for proofs in the tree of `size` leaves, from the database's rows."""

    def fetch(tile: Tile) -> bytes:
        first, last = tile.index * WIDTH, tile.index * WIDTH + tile.width
        if tile.width == WIDTH:
            query = select(LedgerTile.hashes).where(
                LedgerTile.level == tile.level, LedgerTile.idx == tile.index
            )
            return session.execute(query).scalar_one()
        if tile.level == 0:
            rows = select(LedgerSeq.leaf).where(LedgerSeq.seq >= first, LedgerSeq.seq < last)
            return b"".join(session.execute(rows.order_by(LedgerSeq.seq)).scalars())
        below = select(LedgerTile.root).where(
            LedgerTile.level == int(tile.level) - 1, LedgerTile.idx >= first, LedgerTile.idx < last
        )
        return b"".join(session.execute(below.order_by(LedgerTile.idx)).scalars())

    return tile_reader(fetch, size)


@dataclass(frozen=True)
class Payload:
    """What stands behind a commitment; `nonce` and `raw` are None after a redaction."""

    commitment: str
    nonce: bytes | None
    raw: bytes | None
    redacted_at: datetime | None = None
    basis: str | None = None

    @property
    def document(self) -> dict[str, Any] | None:
        """The payload's JSON object, or None when it was redacted."""
        return None if self.raw is None else canonical.loads(self.raw)


def find_payload(session: Session, commitment: str) -> Payload | None:
    """The payload behind a commitment (lowercase hex), or None when nothing of it is known."""
    row = session.get(LedgerPayload, bytes.fromhex(commitment))
    return None if row is None else _payload(row)


def redact(session: Session, commitment: str, basis: str, *, actor: str, tender: str | None) -> Appended:
    """Deletes a payload and its nonce for a legal reason, keeps the commitment, logs the deletion.

    Raises `Refused` with `ledger.no-payload` when there is nothing (left) to delete. The database's
    older row version and backups go their own ways: vacuum, and the backup's term.
    """
    done = session.execute(
        update(LedgerPayload)
        .where(LedgerPayload.commitment == bytes.fromhex(commitment), LedgerPayload.redacted_at.is_(None))
        .values(nonce=None, bytes=None, redacted_at=clock.database_now(session), basis=basis)
        .returning(LedgerPayload.commitment)
    )
    if done.first() is None:
        raise refuse("ledger.no-payload", _("There is no payload to delete under this commitment."))
    document = {"commitment": commitment, "basis": basis}
    return append(session, "payload.redacted", tender=tender, actor=actor, payload=document)


@dataclass(frozen=True)
class TrailEntry:
    """One entry of a tender's trail: row id, place in the log (None while it waits), the entry itself,
    its exact bytes, and its payloads in order (None for one that is unknown)."""

    id: int
    index: int | None
    entry: entry.Entry
    body: bytes
    payloads: tuple[Payload | None, ...]


def entries_of(session: Session, tender: str) -> list[TrailEntry]:
    """A tender's plain entries, oldest first. Blinded ones are not among them: their openings stand in
    the closing document."""
    rows = session.execute(
        select(LedgerEntry.id, LedgerEntry.body, LedgerSeq.seq)
        .outerjoin(LedgerSeq, LedgerSeq.entry == LedgerEntry.id)
        .where(LedgerEntry.tender == tender)
        .order_by(LedgerEntry.id)
    ).all()
    parsed = [(row, entry.parse(row.body)) for row in rows]
    wanted = [bytes.fromhex(c) for row, e in parsed if isinstance(e, entry.Entry) for c in e.commitments]
    known = session.scalars(select(LedgerPayload).where(LedgerPayload.commitment.in_(wanted)))
    payloads = {p.commitment.hex(): _payload(p) for p in known}
    return [
        TrailEntry(row.id, row.seq, e, row.body, tuple(payloads.get(c) for c in e.commitments))
        for row, e in parsed
        if isinstance(e, entry.Entry)
    ]


def log_entries(session: Session, start: int, end: int) -> Iterator[tuple[int, int, bytes]]:
    """(index, entry id, bytes) of the log's entries start … end-1, in order."""
    rows = session.execute(
        select(LedgerSeq.seq, LedgerSeq.entry, LedgerEntry.body)
        .join(LedgerEntry, LedgerEntry.id == LedgerSeq.entry)
        .where(LedgerSeq.seq >= start, LedgerSeq.seq < end)
        .order_by(LedgerSeq.seq)
    )
    for row in rows:
        yield row.seq, row.entry, row.body


@dataclass(frozen=True)
class DummyOpening:
    """The opening of a dummy leaf: kind "dummy", tender and lot "", seq 0 and these values."""

    index: int
    salt: bytes
    digest: bytes
    at: str


def dummy_openings(session: Session, start: int, end: int) -> list[DummyOpening]:
    """The dummies among the leaves start … end-1, for the manifest that opens them."""
    rows = session.execute(
        select(LedgerSeq.seq, LedgerDummy.salt, LedgerDummy.digest, LedgerDummy.at)
        .join(LedgerDummy, LedgerDummy.entry == LedgerSeq.entry)
        .where(LedgerSeq.seq >= start, LedgerSeq.seq < end)
        .order_by(LedgerSeq.seq)
    )
    return [DummyOpening(row.seq, row.salt, row.digest, clock.rfc3339(row.at)) for row in rows]


@dataclass(frozen=True)
class Counts:
    """The standing invariant in numbers, from one instant."""

    entries: int
    sequenced: int
    waiting: int

    @property
    def hold(self) -> bool:
        """Whether every entry either has its one place or waits for it."""
        return self.entries == self.sequenced + self.waiting


def counts(session: Session) -> Counts:
    """Counts entries, places and waiting entries in one statement, hence in one snapshot."""
    row = session.execute(
        select(
            select(func.count(LedgerEntry.id)).scalar_subquery(),
            select(func.count(LedgerSeq.seq)).scalar_subquery(),
            select(func.count(LedgerInbox.entry)).scalar_subquery(),
        )
    ).one()
    return Counts(*row)


def _payload(row: LedgerPayload) -> Payload:
    return Payload(row.commitment.hex(), row.nonce, row.bytes, row.redacted_at, row.basis)
