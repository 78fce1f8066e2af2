"""Files on this machine's disk: reading through obstore, writing durably by ourselves.

obstore's own local `put` renames without fsync. A receipt must not be given for bytes that a power cut
could still take away, so writing goes: temporary file, fsync, link under the final name (which fails
when there is one: written once), fsync of the folder.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

from obstore.store import LocalStore
from translationstring import TranslationStringFactory  # type: ignore[import-untyped]
from zope.interface import implementer

from plugins.file_store.objects import ObjectReader, check_key
from trading.errors import refuse
from trading.interfaces import IFileStore

_ = TranslationStringFactory("tradehall")

ABANDONED_AFTER = 24 * 3600


@implementer(IFileStore)
class LocalFileStore(ObjectReader):
    """Keeps each key as a file under `folder`. What a crash left in the making is cleared away when the
    store is opened, once it is a day old."""

    def __init__(self, folder: Path | str) -> None:
        self.folder = Path(folder).resolve()
        self._making = self.folder / ".making"
        self._making.mkdir(parents=True, exist_ok=True)
        for leftover in self._making.iterdir():
            if time.time() - leftover.stat().st_mtime > ABANDONED_AFTER:
                leftover.unlink(missing_ok=True)
        super().__init__(LocalStore(prefix=self.folder))

    def put(self, key: str, data: bytes) -> None:
        """See `IFileStore.put`."""
        final = self.folder / check_key(key)
        self._make_folders(final.parent)
        temporary = self._making / f"{os.getpid()}-{os.urandom(8).hex()}"
        try:
            _write_through(temporary, data)
            os.link(temporary, final)
        except FileExistsError:
            if final.read_bytes() != data:
                raise refuse("file.exists", _("Other bytes are already stored under this name.")) from None
        finally:
            temporary.unlink(missing_ok=True)
        # Also when the file was there already: whoever linked it may have died before this.
        _sync_folder(final.parent)

    def _make_folders(self, folder: Path) -> None:
        missing = []
        while not folder.exists():
            missing.append(folder)
            folder = folder.parent
        for path in reversed(missing):
            path.mkdir(exist_ok=True)
            _sync_folder(path.parent)


def _write_through(path: Path, data: bytes) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb", buffering=0) as file:
        view = memoryview(data)
        while view:
            view = view[file.write(view) :]
        os.fsync(handle)


def _sync_folder(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
