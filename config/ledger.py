"""`tradehall ledger replay`: what a restored database lacks, from a mirror of the log's tiles (账本补录).

The entries come back with their places and their exact bytes; what else was done in those minutes (payloads,
bids, pages) is not in the log and stays lost. The command says of which tenders."""

from __future__ import annotations

import argparse
import os
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import psycopg

from config import installation
from config.settings import from_environment
from plugins.outbound import Unreachable, fetch
from trading.ledger import entry
from trading.ledger.checkpoint import NoteError, parse_checkpoint
from trading.ledger.folder import TileFolder
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


def main(arguments: Sequence[str]) -> int:
    """`tradehall ledger replay --from URL|FOLDER`."""
    parser = argparse.ArgumentParser(prog="tradehall ledger", description=__doc__)
    parser.add_argument("act", choices=("replay",))
    parser.add_argument(
        "--from", dest="source", required=True, help="address or folder of a mirror of the tiles"
    )
    chosen = parser.parse_args(arguments)
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
