"""Pieces of an upload (分片): how a part is cut, and its tree hash from the hashes of its pieces.

A part arrives in pieces of 8 MiB, the last one shorter. The tree of a part has leaves over 1 MiB
segments, so each piece gives whole leaves as it arrives, and the root of gigabytes is made of a few
hashes at the submission.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Protocol

from bidding.vault.content import SEGMENT
from trading.ledger.merkle import tree_root

PIECE = 8 << 20
LEAF = b"\x00"
HASH_BYTES = 32


class Store(Protocol):
    """Where pieces lie: `get` raises KeyError for a key that has none."""

    def get(self, key: str) -> bytes: ...


def piece_count(size: int) -> int:
    """How many pieces a part of `size` bytes has."""
    return -(-size // PIECE)


def piece_size(size: int, number: int) -> int:
    """Bytes of piece `number` (from 0) of a part of `size` bytes; 0 when there is no such piece."""
    return max(0, min(PIECE, size - number * PIECE)) if number >= 0 else 0


def segment_hashes(piece: bytes) -> bytes:
    """The leaf hashes of a piece's segments, 32 bytes each, joined."""
    view = memoryview(piece)
    hashes = []
    for start in range(0, len(piece), SEGMENT):
        leaf = hashlib.sha256(LEAF)
        leaf.update(view[start : start + SEGMENT])
        hashes.append(leaf.digest())
    return b"".join(hashes)


def root_of(pieces: Sequence[bytes]) -> bytes:
    """The part's tree root from the `segment_hashes` of its pieces, in order."""
    joined = b"".join(pieces)
    return tree_root(joined[i : i + HASH_BYTES] for i in range(0, len(joined), HASH_BYTES))


class PieceReader:
    """Reads pieces one after the other as one stream (a `content.Source`); holds one piece at a time.

    A piece that the store has lost ends the stream: the size then differs from the receipted one, which
    is the store's fault and shows as such.
    """

    def __init__(self, store: Store, keys: Sequence[str]) -> None:
        self._store = store
        self._keys = list(keys)
        self._rest = memoryview(b"")

    def readinto(self, buffer: memoryview, /) -> int:
        """Fills the buffer as far as the present piece goes; 0 at the end."""
        while not self._rest:
            if not self._keys:
                return 0
            try:
                self._rest = memoryview(self._store.get(self._keys.pop(0)))
            except KeyError:
                self._keys.clear()
                return 0
        count = min(len(buffer), len(self._rest))
        buffer[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        return count

    def read(self, size: int = -1) -> bytes:
        """Up to `size` bytes, or everything that is left."""
        out = bytearray()
        while size < 0 or len(out) < size:
            buffer = bytearray(PIECE if size < 0 else min(PIECE, size - len(out)))
            count = self.readinto(memoryview(buffer))
            if not count:
                break
            out += buffer[:count]
        return bytes(out)
