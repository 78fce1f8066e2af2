"""Files in an object store, through obstore."""

from __future__ import annotations

import re

import obstore
from obstore.exceptions import AlreadyExistsError, NotFoundError
from obstore.store import ObjectStore
from translationstring import TranslationStringFactory  # type: ignore[import-untyped]
from zope.interface import implementer

from trading.errors import refuse
from trading.interfaces import IFileStore

_ = TranslationStringFactory("tradehall")

_PART = r"[A-Za-z0-9_][A-Za-z0-9._-]*"
_KEY = re.compile(rf"{_PART}(/{_PART})*")
MAX_KEY = 512


def check_key(key: str) -> str:
    """The key itself when it is one: parts of ASCII letters, digits, `.`, `_` and `-` separated by `/`,
    none starting with a dot. Raises ValueError otherwise."""
    if len(key) > MAX_KEY or not _KEY.fullmatch(key):
        raise ValueError(f"not a file key: {key!r}")
    return key


class ObjectReader:
    """Reading and deleting, which are the same for every obstore store."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    def get(self, key: str) -> bytes:
        """See `IFileStore.get`."""
        try:
            return bytes(obstore.get(self._store, check_key(key)).bytes())
        except (NotFoundError, FileNotFoundError):
            raise KeyError(key) from None

    def read(self, key: str, start: int, length: int) -> bytes:
        """See `IFileStore.read`."""
        end = min(start + length, self.size(key))
        if start >= end:
            return b""
        return bytes(obstore.get_range(self._store, check_key(key), start=start, end=end))

    def size(self, key: str) -> int:
        """See `IFileStore.size`."""
        try:
            return int(obstore.head(self._store, check_key(key))["size"])
        except (NotFoundError, FileNotFoundError):
            raise KeyError(key) from None

    def delete(self, key: str) -> None:
        """See `IFileStore.delete`."""
        try:
            obstore.delete(self._store, check_key(key))
        except (NotFoundError, FileNotFoundError):
            return


@implementer(IFileStore)
class ObjectFileStore(ObjectReader):
    """Keeps each key as one object, written with "create only when absent" (S3: If-None-Match)."""

    def put(self, key: str, data: bytes) -> None:
        """See `IFileStore.put`."""
        try:
            obstore.put(self._store, check_key(key), data, mode="create")
        except AlreadyExistsError:
            if self.get(key) != data:
                raise refuse("file.exists", _("Other bytes are already stored under this name.")) from None
