"""The folder of tiles (瓦片目录): the log's public files, and its memory outside PostgreSQL.

Every file is written beside its place, flushed, renamed and its folder flushed, so a reader or a crash
never meets half a file. `checkpoint` is written last: whatever it promises is there.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
import threading
from pathlib import Path

from trading.ledger.checkpoint import Checkpoint, add_lines, parse_checkpoint
from trading.ledger.tiles import ENTRIES, WIDTH, Tile, decode_bundle, encode_bundle


def write_durably(path: Path, data: bytes) -> None:
    """Replaces a file's content at once and for good: temporary file, fsync, rename, fsync of the folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".new-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(name, 0o644)
        os.rename(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


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

    def write(self, tile: Tile, data: bytes) -> None:
        """Writes a tile or bundle; a full one makes its partial predecessors superfluous."""
        path = self.path / tile.path
        if not path.exists():
            write_durably(path, data)
        if tile.width == WIDTH:
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
