"""Rotation of the log's key: `tradehall keys rotate log`, later `tradehall keys retire log`.

`rotate` announces the next key in the log, under the key that signs now, and puts it beside the old one. Once
the sequencer was started again it signs every checkpoint with both, so that policies, witnesses and clients
which know the old key go on. `retire` deletes the old key when nothing rests on it any more.
"""

from __future__ import annotations

import json
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from bidding.tenders.models import Tender
from bidding.vault.models import SealPolicy
from config import installation, key_acts
from trading.ledger import entry, merkle, rotation
from trading.ledger.checkpoint import (
    LOG_KEY,
    NoteError,
    b64,
    parse_checkpoint,
    parse_vkey,
    verifier_key,
    verify_log,
)
from trading.ledger.folder import TileFolder, write_durably
from trading.ledger.models import LedgerCheckpoint
from trading.ledger.rotation import Rotation
from trading.ledger.service import checkpoint_note, find_payload, inclusion, log_entries, tree_reader
from trading.secrets import make_master

DONE = ("contracted", "failed", "cancelled")
"""States after which nothing more is signed or proved under the keys that a tender's policy names."""


class NotYet(Exception):
    """The rotation cannot go on now; the text says what is missing."""


def rotate(engine: Engine, state: Path, origin: str, folder: Path, wait: float = 30) -> Rotation:
    """Announce the next key and put it in place. The sequencer must run, with the key of now. Raises NotYet."""
    rotations = rotation.known(folder)
    newest = str(verifier_key(origin, LOG_KEY, installation.log_key(state)))
    ring = state / "log"
    ring.mkdir(mode=0o700, exist_ok=True)
    made = ring / "next.making"
    seed = make_master(made)
    payload = rotation.announcement(newest, seed)
    with Session(engine) as session, session.begin():
        number = key_acts.record(session, rotation.TYPE, payload)
    index = _place(engine, number, parse_vkey(newest), wait)
    done = Rotation(index, newest, payload["next"])
    write_durably(folder / rotation.FILE, rotation.listed([*rotations, done]))
    made.rename(ring / f"{len(rotations) + 1:04d}.key")
    return done


def _place(engine: Engine, number: int, key: Any, wait: float) -> int:
    """The index of an entry, once a checkpoint by this key holds it."""
    limit = time.monotonic() + wait
    while time.monotonic() < limit:
        with Session(engine) as session:
            found = inclusion(session, number)
            if found is not None:
                verify_log(found.note, key)
                return found.index
        time.sleep(0.1)
    raise NotYet("the sequencer does not answer: start it, and rotate again")


def retire(engine: Engine, state: Path, folder: Path) -> str:
    """Delete the oldest signing key; returns its vkey. Raises NotYet while something rests on it."""
    rotations = rotation.known(folder)
    seeds = installation.log_keys(state)
    if len(seeds) < 2 or not rotations:
        raise NotYet("there is no older key beside the one that signs")
    note = TileFolder(folder).note() or ""
    try:
        verify_log(note, parse_vkey(rotations[-1].vkey))
    except NoteError as error:
        raise NotYet(
            "the newest checkpoint is not signed by the next key: start the sequencer again"
        ) from error
    oldest = str(verifier_key(parse_vkey(rotations[0].vkey).name, LOG_KEY, seeds[0]))
    with Session(engine) as session:
        named = resting(session, "log_key", oldest)
    if named:
        raise NotYet(f"policies of tenders that are not done name this key: {', '.join(named)}")
    path = state / "log.key"
    (path if path.exists() else sorted((state / "log").glob("*.key"))[0]).unlink()
    size = parse_checkpoint(note).size
    told = [replace(done, retired=size) if done.previous == oldest else done for done in rotations]
    write_durably(folder / rotation.FILE, rotation.listed(told))
    return oldest


def resting(session: Session, field: str, value: str) -> list[str]:
    """The codes of tenders that are not done and whose newest policy names `value` in `field`."""
    query = (
        select(Tender.code, SealPolicy.raw)
        .join(SealPolicy, SealPolicy.sha256 == Tender.policy_hash)
        .where(Tender.state.not_in(DONE))
        .order_by(Tender.code)
    )
    return [code for code, raw in session.execute(query) if json.loads(raw)[field] == value]


def exhibits(session: Session, rotations: list[Rotation], size: int) -> list[tuple[int, int, dict[str, Any]]]:
    """(index, size of the checkpoint that proves it, document) of every announcement below `size` leaves."""
    found = []
    for done in rotations:
        at = session.scalar(select(func.min(LedgerCheckpoint.size)).where(LedgerCheckpoint.size > done.index))
        if at is None or at > size:
            continue
        found.append((done.index, at, _exhibit(session, done, at)))
    return found


def _exhibit(session: Session, done: Rotation, size: int) -> dict[str, Any]:
    """An announcement as a bundle carries it: the entry, its payload, the proof, and the checkpoint that the
    key before signed over it."""
    _, _, body = next(log_entries(session, done.index, done.index + 1))
    record = entry.parse(body)
    assert isinstance(record, entry.Entry)
    payload = find_payload(session, record.commitments[0])
    assert payload is not None and payload.raw is not None and payload.nonce is not None
    proof = merkle.inclusion_proof(tree_reader(session, size), done.index, size)
    return {
        "v": 1,
        "typ": "ebid.rotation",
        "index": done.index,
        "entry": body.decode(),
        "payload": payload.raw.decode(),
        "nonce": b64(payload.nonce),
        "proof": [b64(node) for node in proof],
        "checkpoint": checkpoint_note(session, size),
    }
