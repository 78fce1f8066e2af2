"""`tradehall ledger replay`: what a restored database lacks, from a mirror of the log's tiles (账本补录).

The entries come back with their places and their exact bytes; what else was done in those minutes (payloads,
bids, pages) is not in the log and stays lost. The command says of which tenders.

`tradehall ledger begin`: where no mirror has them, a new log under a new origin (账本新纪元), whose first entry names
the last checkpoint that was witnessed of the one before, and what of it is lost."""

from __future__ import annotations

import argparse
import os
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from config import installation, key_acts
from config.settings import from_environment
from plugins.outbound import Unreachable, fetch
from trading.db import make_engine
from trading.ledger import entry
from trading.ledger.checkpoint import NoteError, parse_checkpoint
from trading.ledger.folder import TileFolder
from trading.ledger.models import LedgerEntry
from trading.ledger.sequencer import Sequencer
from trading.ledger.standing import LedgerHalted, go_on
from trading.ledger.tiles import ENTRIES, WIDTH, Tile, decode_bundle, width_at

Fetch = Callable[[Tile], bytes]


def mirror(source: str) -> tuple[str, Fetch]:
    """The newest checkpoint of a mirror, and how its tiles are read. Raises Unreachable, OSError."""
    if not source.startswith(("http://", "https://")):
        folder = TileFolder(Path(source))
        note = folder.note()
        if note is None:
            raise FileNotFoundError(f"{source} holds no checkpoint")
        return note, folder.read
    base = source.rstrip("/")

    def read(tile: Tile) -> bytes:
        try:
            return fetch(f"{base}/{tile.path}")
        except Unreachable:
            return fetch(f"{base}/{Tile(tile.level, tile.index).path}")  # the full one has replaced it

    return fetch(f"{base}/checkpoint").decode(), read


def entries_between(read: Fetch, old: int, new: int) -> list[bytes]:
    """The bytes of entries `old` … `new` - 1 from entry bundles."""
    found: list[bytes] = []
    for index in range(old // WIDTH, -(-new // WIDTH)):
        bundle = decode_bundle(read(Tile(ENTRIES, index, width_at(0, index, new))))
        found += bundle[max(0, old - index * WIDTH) : min(len(bundle), new - index * WIDTH)]
    return found


def replay(
    database_url: str, folder: Path, key: bytes, origin: str, source: str, older: Sequence[bytes] = ()
) -> list[bytes]:
    """Take over what the mirror has and the database lacks; returns those entries. The sequencer must not
    run. Raises LedgerHalted, Unreachable, OSError, NoteError with nothing changed."""
    note, read = mirror(source)
    size = parse_checkpoint(note).size
    files = TileFolder(folder)
    handle = files.lock()
    try:
        url = database_url.replace("postgresql+psycopg://", "postgresql://")
        with psycopg.connect(url, autocommit=True) as connection:
            row = connection.execute("SELECT coalesce(max(seq) + 1, 0) FROM ledger_seq").fetchone()
            own = int(row[0]) if row else 0
            missing = entries_between(read, own, size) if size > own else []
            sequencer = Sequencer(connection, files, key, origin, older=older)
            if missing:
                sequencer.replay(note, missing)
            sequencer.recover()
        go_on(folder)
        return missing
    finally:
        os.close(handle)


def begin(engine: Engine, origin: str, note: str, kept: int, reason: str) -> dict[str, Any]:
    """Make the first entry of a new log: `log.began`. `note` is the newest checkpoint of the log before that a
    witness signed, `kept` how many of its entries are still there. Returns the payload. Raises LedgerHalted
    when this log has entries already, or is no other one; NoteError for what is no checkpoint."""
    before = parse_checkpoint(note)
    said = {
        "before": before.origin,
        "checkpoint": note,
        "kept": kept,
        "lost": max(0, before.size - kept),
        "reason": reason,
    }
    with Session(engine) as session, session.begin():
        if session.scalar(select(func.count()).select_from(LedgerEntry)):
            raise LedgerHalted("this log has entries already: a new one begins in an empty database")
        if before.origin == origin:
            raise LedgerHalted("a new log has another TRADEHALL_LEDGER_ORIGIN than the one before")
        key_acts.record(session, "log.began", said)
    return said


def main(arguments: Sequence[str]) -> int:
    """`tradehall ledger replay --from URL|FOLDER` | `begin --after CHECKPOINT --kept N --reason TEXT`."""
    parser = argparse.ArgumentParser(
        prog="tradehall ledger", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    acts = parser.add_subparsers(dest="act", required=True)
    again = acts.add_parser("replay")
    again.add_argument(
        "--from", dest="source", required=True, help="address or folder of a mirror of the tiles"
    )
    new = acts.add_parser("begin")
    new.add_argument(
        "--after", type=Path, required=True, help="file with the last checkpoint that a witness signed"
    )
    new.add_argument("--kept", type=int, required=True, help="how many entries of that log are still there")
    new.add_argument("--reason", required=True)
    chosen = parser.parse_args(arguments)
    return begin_anew(chosen) if chosen.act == "begin" else replay_missing(chosen)


def begin_anew(chosen: argparse.Namespace) -> int:
    settings = from_environment()
    engine = make_engine(settings["database.url"])
    try:
        said = begin(engine, settings["ledger.origin"], chosen.after.read_text(), chosen.kept, chosen.reason)
    except (LedgerHalted, NoteError, OSError) as error:
        raise SystemExit(f"tradehall ledger: {error}") from error
    finally:
        engine.dispose()
    sys.stdout.write(f"the first entry says that {said['lost']} entries of {said['before']} are lost\n")
    return 0


def replay_missing(chosen: argparse.Namespace) -> int:
    settings = from_environment()
    *older, key = installation.log_keys(Path(settings["hall.state"]))
    try:
        missing = replay(
            settings["database.url"], Path(settings["ledger.folder"]), key, settings["ledger.origin"], chosen.source,
            older,
        )  # fmt: skip
    except BlockingIOError as error:
        raise SystemExit("tradehall ledger: stop the sequencer first") from error
    except (LedgerHalted, Unreachable, NoteError, OSError, ValueError) as error:
        raise SystemExit(f"tradehall ledger: {error}") from error
    sys.stdout.write(f"{len(missing)} entries replayed\n")
    parsed = [entry.parse(body) for body in missing]
    told = Counter(f"{row.tender or '-'} {row.type}" for row in parsed if isinstance(row, entry.Entry))
    sealed = sum(isinstance(row, entry.Blinded) for row in parsed)
    for words, count in sorted(told.items()):
        sys.stdout.write(f"  {words}: {count}, its data is lost\n")
    if sealed:
        sys.stdout.write(
            f"  sealed entries (bids, downloads, dummies): {sealed}; bidders' receipts prove theirs\n"
        )
    return 0
