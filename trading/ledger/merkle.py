"""Merkle trees of RFC 6962 (SHA-256; leaf prefix 0x00, node prefix 0x01): roots, proofs, verification.

Sizes and indices count leaves; hashes are 32 bytes. Proofs are made from a `Reader`, which yields the
hash of any complete, aligned subtree, so that the same code works on leaves in memory, on tiles and on
database rows. Proofs run from the leaf's side up to the root, as RFC 6962 section 2.1 lists them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence

EMPTY_ROOT = hashlib.sha256().digest()
"""The root of the tree without leaves (RFC 6962 section 2.1)."""

Reader = Callable[[int, int], bytes]
"""`read(level, index)`: the hash of the complete subtree of 2**level leaves that starts at leaf
index * 2**level; level 0 are the leaf hashes themselves."""


def leaf_hash(data: bytes) -> bytes:
    """The hash of one entry's bytes."""
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of an inner node."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class CompactRange:
    """The right edge of a growing tree: one hash per complete subtree, O(log n) state.

    `peaks` holds them from the left (largest) to the right, one for each bit set in `size`.
    """

    def __init__(self, size: int = 0, peaks: Iterable[bytes] = ()) -> None:
        """Raises ValueError when the number of peaks does not fit the size."""
        self.size = size
        self.peaks = list(peaks)
        if size < 0 or len(self.peaks) != size.bit_count():
            raise ValueError(f"{len(self.peaks)} peaks cannot stand for {size} leaves")

    def append(self, leaf: bytes) -> None:
        """Adds one leaf hash."""
        node, size = leaf, self.size
        while size & 1:
            node = node_hash(self.peaks.pop(), node)
            size >>= 1
        self.peaks.append(node)
        self.size += 1

    def root(self) -> bytes:
        """The root of the whole tree; the empty tree's when there is no leaf."""
        if not self.peaks:
            return EMPTY_ROOT
        node = self.peaks[-1]
        for peak in reversed(self.peaks[:-1]):
            node = node_hash(peak, node)
        return node


def tree_root(leaves: Iterable[bytes]) -> bytes:
    """The root over leaf hashes, in one pass."""
    edge = CompactRange()
    for leaf in leaves:
        edge.append(leaf)
    return edge.root()


def bulk_root(leaves: Sequence[bytes]) -> bytes:
    """The same root as `tree_root`, computed level by level: faster for whole logs."""
    sha256, row = hashlib.sha256, list(leaves)
    while len(row) > 1:
        pairs = iter(row)
        # An odd last hash goes up unchanged, as in RFC 6962's tree.
        odd = [row[-1]] if len(row) % 2 else []
        row = [sha256(b"\x01" + left + right).digest() for left, right in zip(pairs, pairs, strict=False)]
        row += odd
    return row[0] if row else EMPTY_ROOT


def leaves_reader(leaves: Sequence[bytes]) -> Reader:
    """A reader over leaf hashes in memory; inner nodes are computed once and kept."""
    levels: list[list[bytes]] = [list(leaves)]
    while len(levels[-1]) > 1:
        below = levels[-1]
        levels.append([node_hash(below[i], below[i + 1]) for i in range(0, len(below) - 1, 2)])

    def read(level: int, index: int) -> bytes:
        return levels[level][index]

    return read


def range_root(read: Reader, start: int, end: int) -> bytes:
    """The Merkle tree hash of the leaves start … end-1, `start` being aligned as in an RFC 6962 tree."""
    width = end - start
    if width == 0:
        return EMPTY_ROOT
    if width & (width - 1) == 0:
        level = width.bit_length() - 1
        return read(level, start >> level)
    middle = start + _split(width)
    return node_hash(range_root(read, start, middle), range_root(read, middle, end))


def inclusion_proof(read: Reader, index: int, size: int) -> list[bytes]:
    """The audit path of leaf `index` in the tree of `size` leaves (RFC 6962 section 2.1.1).

    Raises ValueError unless 0 <= index < size.
    """
    if not 0 <= index < size:
        raise ValueError(f"no leaf {index} in a tree of {size}")
    start, end, path = 0, size, list[bytes]()
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append(range_root(read, middle, end))
            end = middle
        else:
            path.append(range_root(read, start, middle))
            start = middle
    return path[::-1]


def consistency_proof(read: Reader, old: int, new: int) -> list[bytes]:
    """The proof that the tree of `old` leaves is a prefix of that of `new` (RFC 6962 section 2.1.2).

    Empty for old = 0 and for old = new. Raises ValueError unless 0 <= old <= new.
    """
    if not 0 <= old <= new:
        raise ValueError(f"a tree of {old} cannot be a prefix of one of {new}")
    if old in (0, new):
        return []
    start, end, path, known = 0, new, list[bytes](), True
    while old != end:
        middle = start + _split(end - start)
        if old <= middle:
            path.append(range_root(read, middle, end))
            end = middle
        else:
            path.append(range_root(read, start, middle))
            start, known = middle, False
    if not known:
        path.append(range_root(read, start, end))
    return path[::-1]


def inclusion_holds(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether the proof leads from the leaf hash to the root; every hash must have 32 bytes."""
    if not 0 <= index < size or not _hashes(leaf, root, *proof):
        return False
    node, position, last = leaf, index, size - 1
    for sibling in proof:
        if last == 0:
            return False
        if position & 1 or position == last:
            node = node_hash(sibling, node)
            while position & 1 == 0 and position:
                position, last = position >> 1, last >> 1
        else:
            node = node_hash(node, sibling)
        position, last = position >> 1, last >> 1
    return last == 0 and node == root


def consistency_holds(old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether the proof shows that the tree (old, old_root) is a prefix of (new, new_root).

    The empty tree is a prefix of every tree, shown by an empty proof.
    """
    if not 0 <= old <= new or not _hashes(old_root, new_root, *proof):
        return False
    if old == 0:
        return not proof and old_root == EMPTY_ROOT and (new > 0 or new_root == EMPTY_ROOT)
    if old == new:
        return not proof and old_root == new_root
    path = list(proof) if old & (old - 1) else [old_root, *proof]
    if not path:
        return False
    position, last = old - 1, new - 1
    while position & 1:
        position, last = position >> 1, last >> 1
    left = whole = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if position & 1 or position == last:
            left, whole = node_hash(sibling, left), node_hash(sibling, whole)
            while position & 1 == 0 and position:
                position, last = position >> 1, last >> 1
        else:
            whole = node_hash(whole, sibling)
        position, last = position >> 1, last >> 1
    return last == 0 and left == old_root and whole == new_root


def _split(width: int) -> int:
    """The largest power of two below `width` (RFC 6962's k)."""
    return 1 << ((width - 1).bit_length() - 1)


def _hashes(*values: bytes) -> bool:
    return all(len(value) == 32 for value in values)
