"""The content of a part: Cobblestone-256 over the padded data, and the tree hash of the ciphertext.

The plaintext stream is the data's length as 8 big-endian bytes, the data, and zeros up to a Padmé size
(Nikitin et al., PETS 2019) of at least 16 KiB, so that a size tells little. The ciphertext is hashed as
an RFC 6962 tree over segments of 1 MiB, because browsers have no streaming SHA-256. Everything streams
through buffers of one segment; memory does not grow with the part.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Protocol

from cryptography.cobblestone import Cobblestone256Decryptor, Cobblestone256Encryptor
from cryptography.exceptions import InvalidTag

from trading.ledger.merkle import CompactRange

SEGMENT = 1 << 20
HEADER = 56
CHUNK = 16384
TAG = 16
MIN_PADDED = CHUNK
_LENGTH = 8
_LEAF = b"\x00"
# Ciphertext of one segment and the last chunk that the stream object may still hold.
_OUT = (SEGMENT // CHUNK + 2) * (CHUNK + TAG)


class Source(Protocol):
    """What is read: `readinto` as binary files and io.BytesIO have it."""

    def readinto(self, buffer: memoryview, /) -> int | None: ...


class Sink(Protocol):
    """Where bytes are written; it must not keep the view it is given."""

    def write(self, data: memoryview, /) -> object: ...


class ContentError(ValueError):
    """The data is not as it was declared."""


@dataclass(frozen=True)
class Sealed:
    """A ciphertext as the manifest describes it: bytes, tree root (32 bytes) and first 56 bytes."""

    size: int
    tree: bytes
    head: bytes


class TreeHash:
    """RFC 6962 root over 1 MiB segments of a stream, with its size and beginning."""

    def __init__(self) -> None:
        self.size = 0
        self.head = b""
        self._edge = CompactRange()
        self._leaf = hashlib.sha256(_LEAF)

    def update(self, data: bytes | memoryview) -> None:
        """Takes the next bytes of the stream."""
        view = memoryview(data)
        self.head += bytes(view[: HEADER - len(self.head)])
        while view:
            piece = view[: SEGMENT - self.size % SEGMENT]
            self._leaf.update(piece)
            self.size += len(piece)
            view = view[len(piece) :]
            if self.size % SEGMENT == 0:
                self._edge.append(self._leaf.digest())
                self._leaf = hashlib.sha256(_LEAF)

    def digest(self) -> bytes:
        """The root of what was taken so far, 32 bytes."""
        edge = CompactRange(self._edge.size, self._edge.peaks)
        if self.size % SEGMENT:
            edge.append(self._leaf.digest())
        return edge.root()

    def sealed(self) -> Sealed:
        """What was taken so far, as a manifest describes it."""
        return Sealed(self.size, self.digest(), self.head)


def measure(source: Source) -> Sealed:
    """Size, tree root and beginning of everything `source` still holds."""
    tree, buffer = TreeHash(), memoryview(bytearray(SEGMENT))
    while count := source.readinto(buffer):
        tree.update(buffer[:count])
    return tree.sealed()


def padded_size(size: int) -> int:
    """The Padmé size, at least 16 KiB, for `size` bytes of length field and data."""
    if size <= MIN_PADDED:
        return MIN_PADDED
    exponent = size.bit_length() - 1
    free = exponent - exponent.bit_length()
    return -(-size >> free) << free


def sealed_size(size: int) -> int:
    """Bytes of the ciphertext of `size` bytes of data."""
    padded = padded_size(_LENGTH + size)
    return HEADER + padded + TAG * (padded // CHUNK + 1)


def plausible_size(size: int) -> bool:
    """Whether a ciphertext can have this size: header, full chunks and a shorter last one."""
    return size > HEADER and TAG <= (size - HEADER) % (CHUNK + TAG) <= CHUNK + TAG - 1


def encrypt(key: bytes, context: bytes, size: int, source: Source, sink: Sink) -> Sealed:
    """Writes the ciphertext of exactly `size` bytes of `source` to `sink`.

    Raises ContentError when the source holds fewer or more bytes.
    """
    cipher, tree = Cobblestone256Encryptor(key, context), TreeHash()
    plain, out = memoryview(bytearray(SEGMENT)), memoryview(bytearray(_OUT))
    plain[:_LENGTH] = size.to_bytes(_LENGTH, "big")
    start, left, zeros = _LENGTH, size, padded_size(_LENGTH + size) - _LENGTH - size
    while start or left or zeros:
        end = start + _fill(source, plain[start : start + left])
        left -= end - start
        pad = min(zeros, SEGMENT - end) if not left else 0
        plain[end : end + pad] = bytes(pad)
        zeros -= pad
        written = out[: cipher.update_into(plain[: end + pad], out)]
        tree.update(written)
        sink.write(written)
        start = 0
    if source.readinto(plain[:1]):
        raise ContentError("the part is longer than declared")
    rest = memoryview(cipher.finalize())
    tree.update(rest)
    sink.write(rest)
    return tree.sealed()


def decrypt(key: bytes, context: bytes, source: Source, sink: Sink) -> tuple[Sealed, str | None]:
    """Writes the data inside the ciphertext to `sink`, reading `source` to its end.

    Returns what the ciphertext is and what is wrong with its content under this key, None when it
    opened. Only then may the data be used: before, it is not yet authenticated.
    """
    cipher, tree, data = Cobblestone256Decryptor(key, context), TreeHash(), _Unpadder(sink)
    sealed, out = memoryview(bytearray(SEGMENT)), memoryview(bytearray(_OUT))
    fault: str | None = None
    while count := source.readinto(sealed):
        tree.update(sealed[:count])
        if fault is None:
            try:
                data.write(out[: cipher.update_into(sealed[:count], out)])
            except (InvalidTag, ContentError) as error:
                fault = _reason(error)
    if fault is None:
        try:
            data.write(memoryview(cipher.finalize()))
            data.close()
        except (InvalidTag, ContentError) as error:
            fault = _reason(error)
    return tree.sealed(), fault


class _Unpadder:
    """Passes the data on to a sink, checks length field and zero padding."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._prefix = b""
        self._left = 0

    def write(self, view: memoryview) -> None:
        if len(self._prefix) < _LENGTH:
            taken = _LENGTH - len(self._prefix)
            self._prefix += bytes(view[:taken])
            view = view[taken:]
            self._left = int.from_bytes(self._prefix, "big")
            if len(self._prefix) < _LENGTH:
                return
        data, padding = view[: self._left], view[self._left :]
        if data:
            self._sink.write(data)
            self._left -= len(data)
        if padding and bytes(padding).count(0) != len(padding):
            raise ContentError("the padding is not zero")

    def close(self) -> None:
        if len(self._prefix) < _LENGTH or self._left:
            raise ContentError("the data is shorter than its length field says")


def _fill(source: Source, view: memoryview) -> int:
    filled = 0
    while filled < len(view):
        count = source.readinto(view[filled:])
        if not count:
            raise ContentError("the part is shorter than declared")
        filled += count
    return filled


def _reason(error: Exception) -> str:
    return str(error) or "the ciphertext does not authenticate under the key"
