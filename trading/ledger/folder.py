"""The folder of tiles (瓦片目录): the log's public files, and its memory outside PostgreSQL.

Every file is written beside its place, flushed, renamed and its folder flushed, so a reader or a crash
never meets half a file. `checkpoint` is written last: whatever it promises is there.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import threading
from collections.abc import Iterable
from pathlib import Path

from trading.ledger.checkpoint import Checkpoint, add_lines, parse_checkpoint
from trading.ledger.tiles import ENTRIES, WIDTH, Tile, decode_bundle, encode_bundle


def write_durably(path: Path, data: bytes) -> None:
    """Replaces a file's content at once and for good. One writer a file at a time."""
    settle(_replace(path, data))


def settle(folders: Iterable[Path]) -> None:
    """Makes the names in these folders durable."""
    for folder in folders:
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _replace(path: Path, data: bytes) -> set[Path]:
    """Temporary file, fsync, rename; returns the folders whose names must still be made durable."""
    changed = {path.parent}
    folder = path.parent
    while not folder.is_dir():
        folder = folder.parent
        changed.add(folder)
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f".new-{path.name}")
    with open(new, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    os.rename(new, path)
    return changed


class TileFolder:
    """Reads and writes one log's files below `path`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._publishing = threading.Lock()

    def lock(self) -> int:
        """Keeps a second sequencer on this machine out for the life of the process; returns the handle.

        Raises BlockingIOError when another process holds the folder.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        handle = os.open(self.path / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            raise
        return handle

    def note(self) -> str | None:
        """The published checkpoint's signed note, or None before the first."""
        try:
            return (self.path / "checkpoint").read_text(encoding="utf-8")
        except FileNotFoundError:
            return None

    def checkpoint(self) -> Checkpoint | None:
        """The published tree head, or None before the first. Raises NoteError for a damaged file."""
        note = self.note()
        return parse_checkpoint(note) if note is not None else None

    def publish(self, note: str) -> None:
        """Publishes a newer checkpoint; an older one than the published is left alone."""
        with self._publishing:
            known = self.checkpoint()
            if known is None or parse_checkpoint(note).size > known.size:
                write_durably(self.path / "checkpoint", note.encode())

    def add_cosignature(self, size: int, line: str) -> None:
        """Adds a witness's line to the published checkpoint, if that still has this size."""
        with self._publishing:
            note = self.note()
            if note is not None and parse_checkpoint(note).size == size:
                write_durably(self.path / "checkpoint", add_lines(note, [line]).encode())

    def write(self, tiles: Iterable[tuple[Tile, bytes]]) -> None:
        """Writes tiles and bundles, all of them durable when it returns; a full one makes its partial
        predecessors superfluous."""
        changed, full = set[Path](), list[Path]()
        for tile, data in tiles:
            path = self.path / tile.path
            if not path.exists():
                changed |= _replace(path, data)
            if tile.width == WIDTH:
                full.append(path)
        settle(changed)
        for path in full:
            shutil.rmtree(path.with_name(path.name + ".p"), ignore_errors=True)

    def read(self, tile: Tile) -> bytes:
        """A tile's or bundle's bytes; a partial one is cut from the full one where that has replaced it.

        Raises FileNotFoundError when there is neither.
        """
        path = self.path / tile.path
        try:
            return path.read_bytes()
        except FileNotFoundError:
            if tile.width == WIDTH:
                raise
        full = (self.path / Tile(tile.level, tile.index).path).read_bytes()
        if tile.level == ENTRIES:
            return encode_bundle(decode_bundle(full)[: tile.width])
        return full[: tile.width * 32]
