"""Where recordings are kept (音视频存储): a folder of files; a centre's own recorder can take its place."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from zope.interface import implementer

from trading.errors import refuse
from trading.interfaces import IRecorder


@implementer(IRecorder)
class FolderRecorder:
    """Files in a folder, named by the hall's own identifiers; written once."""

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)

    def keep(self, name: str, data: bytes) -> str:
        path = self._path(name)
        self.folder.mkdir(parents=True, exist_ok=True)
        if path.exists():
            if path.read_bytes() != data:
                raise refuse("recording.exists", "another recording has this name")
            return name
        partial = path.with_suffix(".part")
        with partial.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
        return name

    def read(self, store: str) -> bytes:
        try:
            return self._path(store).read_bytes()
        except FileNotFoundError as error:
            raise KeyError(store) from error

    def discard(self, store: str) -> None:
        self._path(store).unlink(missing_ok=True)

    def _path(self, name: str) -> Path:
        if not name.isalnum():
            raise KeyError(name)
        return self.folder / name


def includeme(config: Any) -> None:
    config.provide(IRecorder, FolderRecorder(config.registry.settings["recorder.folder"]))
