"""Tiles (C2SP tlog-tiles): the tree and its entries as immutable files.

A full tile holds 256 hashes of 32 bytes; tile level L counts in steps of eight tree levels. A partial
tile of W < 256 hashes stands under the same name with `.p/W`. Entry bundles hold up to 256 entries, each
with a two-byte big-endian length, hence the limit of 65,535 bytes for an entry.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from trading.ledger import merkle

WIDTH = 256
ENTRIES = "entries"
MAX_ENTRY = 65535
"""Bytes that one entry may have."""

_PATH = re.compile(r"tile/(entries|0|[1-5]?[0-9]|6[0-3])/((?:x[0-9]{3}/)*[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?")


@dataclass(frozen=True)
class Tile:
    """A tile's place: level 0 … 63 or "entries", index within the level, hashes or entries in it."""

    level: int | str
    index: int
    width: int = WIDTH

    @property
    def path(self) -> str:
        """The file's path, e.g. `tile/0/x001/x234/067` or `tile/entries/273.p/112`."""
        digits = f"{self.index:03d}"
        digits = digits.zfill(-(-len(digits) // 3) * 3)
        groups = [digits[i : i + 3] for i in range(0, len(digits), 3)]
        name = "/".join([f"x{group}" for group in groups[:-1]] + groups[-1:])
        return f"tile/{self.level}/{name}" + (f".p/{self.width}" if self.width < WIDTH else "")


def parse_path(path: str) -> Tile:
    """The tile that a path names. Raises ValueError for anything but the one spelling of a tile's path."""
    match = _PATH.fullmatch(path)
    if not match:
        raise ValueError(f"not a tile's path: {path!r}")
    level, name, width = match.groups()
    index = int(name.replace("x", "").replace("/", ""))
    tile = Tile(level if level == ENTRIES else int(level), index, int(width or WIDTH))
    if tile.path != path:
        raise ValueError(f"not a tile's path: {path!r}")
    return tile


def width_at(level: int, index: int, size: int) -> int:
    """Hashes in that tile when the tree has `size` leaves (0 … 256)."""
    return max(0, min(WIDTH, (size >> (8 * level)) - index * WIDTH))


def tiles_between(old: int, new: int) -> Iterator[Tile]:
    """Every hash tile and entry bundle that a tree of `new` leaves has and one of `old` has not."""
    level = 0
    while new >> (8 * level):
        have, want = old >> (8 * level), new >> (8 * level)
        if have < want:
            for index in range(have // WIDTH, -(-want // WIDTH)):
                width = width_at(level, index, new)
                yield Tile(level, index, width)
                if level == 0:
                    yield Tile(ENTRIES, index, width)
        level += 1


def split_hashes(tile: bytes) -> list[bytes]:
    """The 32-byte hashes of a tile. Raises ValueError for another length than 1 … 256 of them."""
    if not tile or len(tile) % 32 or len(tile) > WIDTH * 32:
        raise ValueError(f"a tile cannot have {len(tile)} bytes")
    return [tile[i : i + 32] for i in range(0, len(tile), 32)]


def encode_bundle(entries: Iterable[bytes]) -> bytes:
    """The entry bundle of these entries. Raises ValueError when one is longer than 65,535 bytes."""
    parts = []
    for entry in entries:
        if len(entry) > MAX_ENTRY:
            raise ValueError(f"an entry of {len(entry)} bytes does not fit a bundle")
        parts += [struct.pack(">H", len(entry)), entry]
    return b"".join(parts)


def decode_bundle(bundle: bytes) -> list[bytes]:
    """The entries of a bundle. Raises ValueError when it is cut short or holds more than 256."""
    entries, at = list[bytes](), 0
    while at < len(bundle):
        if at + 2 > len(bundle):
            raise ValueError("the bundle ends within a length")
        (length,) = struct.unpack_from(">H", bundle, at)
        at += 2 + length
        if at > len(bundle) or len(entries) == WIDTH:
            raise ValueError("the bundle ends within an entry or holds more than 256")
        entries.append(bundle[at - length : at])
    return entries


def tile_reader(fetch: Callable[[Tile], bytes], size: int) -> merkle.Reader:
    """A reader for proofs in the tree of `size` leaves, over a function that yields tiles' bytes.

    Each tile is fetched once. Raises ValueError when a tile has another width than asked for.
    """
    cache: dict[tuple[int, int], list[bytes]] = {}

    def hashes(level: int, index: int) -> list[bytes]:
        if (level, index) not in cache:
            width = width_at(level, index, size)
            found = split_hashes(fetch(Tile(level, index, width)))
            if len(found) < width:
                raise ValueError(f"{Tile(level, index, width).path} holds {len(found)} hashes")
            cache[level, index] = found[:width]
        return cache[level, index]

    def read(level: int, index: int) -> bytes:
        tile_level, inner = divmod(level, 8)
        first = index << inner
        row = hashes(tile_level, first // WIDTH)
        offset = first % WIDTH
        nodes = row[offset : offset + (1 << inner)]
        if len(nodes) != 1 << inner:
            raise ValueError(f"subtree {level}/{index} is not complete at size {size}")
        return full_root(nodes)

    return read


def full_root(hashes: Sequence[bytes]) -> bytes:
    """The root over a power of two of hashes: what a full tile contributes to the level above."""
    nodes = list(hashes)
    while len(nodes) > 1:
        nodes = [merkle.node_hash(nodes[i], nodes[i + 1]) for i in range(0, len(nodes), 2)]
    return nodes[0]


@dataclass(frozen=True)
class FullTile:
    """A tile that has just become full, with its root: one hash of the level above."""

    level: int
    index: int
    hashes: bytes
    root: bytes


class Edge:
    """The right edge of the tiled tree: the hashes of each level's partial tile, and the tree's root."""

    def __init__(self, size: int = 0, rows: Iterable[Sequence[bytes]] = ()) -> None:
        """`rows[L]` holds the hashes of level L's partial tile at that size; missing levels are empty.

        Raises ValueError when their numbers do not fit the size.
        """
        self.rows = [list(row) for row in rows]
        levels = max(len(self.rows), -(-size.bit_length() // 8))
        self.rows += [[] for _ in range(levels - len(self.rows))]
        if [len(row) for row in self.rows] != [(size >> (8 * level)) % WIDTH for level in range(levels)]:
            raise ValueError(f"these partial tiles are not those of {size} leaves")
        self._tree = merkle.CompactRange(size, self._peaks())

    @property
    def size(self) -> int:
        """Leaves in the tree."""
        return self._tree.size

    def root(self) -> bytes:
        """The tree's root."""
        return self._tree.root()

    def append(self, leaf: bytes) -> list[FullTile]:
        """Adds a leaf hash; returns the tiles that it fills, lowest level first."""
        self._tree.append(leaf)
        filled, node = list[FullTile](), leaf
        for level in range(64):
            if level == len(self.rows):
                self.rows.append([])
            self.rows[level].append(node)
            if len(self.rows[level]) < WIDTH:
                break
            node = full_root(self.rows[level])
            index = (self.size >> (8 * (level + 1))) - 1
            filled.append(FullTile(level, index, b"".join(self.rows[level]), node))
            self.rows[level] = []
        return filled

    def _peaks(self) -> Iterator[bytes]:
        for row in reversed(self.rows):
            at = 0
            for bit in (128, 64, 32, 16, 8, 4, 2, 1):
                if len(row) & bit:
                    yield full_root(row[at : at + bit])
                    at += bit
