"""Where recordings are kept (音视频存储): a folder of files; a centre's own recorder can take its place."""

from __future__ import annotations

import hashlib
import os
import time
from pathlib import Path
from typing import Any, BinaryIO

from zope.interface import implementer

from trading.interfaces import IRecorder

ABANDONED = 3 * 86400
"""Seconds after which what nobody has ended is removed."""


@implementer(IRecorder)
class FolderRecorder:
    """Files in a folder, named by the hall's own identifiers; written once, piece by piece."""

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)

    def write(self, name: str, start: int, data: bytes) -> int:
        path = self._path(name)
        if path.exists():
            return path.stat().st_size
        self.folder.mkdir(parents=True, exist_ok=True)
        if start == 0:
            self._sweep()
        with self._coming(path).open("ab") as file:
            if file.tell() == start:
                file.write(data)
            return file.tell()

    def keep(self, name: str) -> tuple[str, int, str]:
        path = self._path(name)
        if not path.exists():
            try:
                with self._coming(path).open("rb+") as file:
                    os.fsync(file.fileno())
            except FileNotFoundError as error:
                raise KeyError(name) from error
            self._coming(path).replace(path)
            self._settle()
        with path.open("rb") as file:
            return name, path.stat().st_size, hashlib.file_digest(file, "sha256").hexdigest()

    def open(self, store: str) -> BinaryIO:
        try:
            return self._path(store).open("rb")
        except FileNotFoundError as error:
            raise KeyError(store) from error

    def discard(self, store: str) -> None:
        self._path(store).unlink(missing_ok=True)

    def _path(self, name: str) -> Path:
        if not name.isalnum():
            raise KeyError(name)
        return self.folder / name

    @staticmethod
    def _coming(path: Path) -> Path:
        return path.with_suffix(".part")

    def _settle(self) -> None:
        """The new name is on the disk too."""
        handle = os.open(self.folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)

    def _sweep(self) -> None:
        for path in self.folder.glob("*.part"):
            if time.time() - path.stat().st_mtime > ABANDONED:
                path.unlink(missing_ok=True)


def includeme(config: Any) -> None:
    config.provide(IRecorder, FolderRecorder(config.registry.settings["recorder.folder"]))
