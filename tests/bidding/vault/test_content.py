"""Sealing and opening the content of a part."""

from __future__ import annotations

import hashlib
import io
import tracemalloc

import pytest
from cryptography.cobblestone import Cobblestone256Encryptor
from hypothesis import example, given
from hypothesis import strategies as st

from bidding.vault import content
from trading.ledger.merkle import leaf_hash, tree_root

KEY, CONTEXT = b"k" * 32, b"context"
SIZES = (0, 1, 16375, 16376, 16377, content.SEGMENT - 8, content.SEGMENT, 3 * content.SEGMENT + 5)


class Dribble(io.RawIOBase):
    """A source that yields a few bytes at a time, as a socket may."""

    def __init__(self, data: bytes, step: int) -> None:
        self._inner, self._step = io.BytesIO(data), step

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        return self._inner.readinto(buffer[: self._step])


def ciphertext_of(data: bytes) -> bytes:
    out = io.BytesIO()
    content.encrypt(KEY, CONTEXT, len(data), io.BytesIO(data), out)
    return out.getvalue()


def opened(ciphertext: bytes, key: bytes = KEY, context: bytes = CONTEXT) -> tuple[str | None, bytes]:
    out = io.BytesIO()
    sealed, fault = content.decrypt(key, context, io.BytesIO(ciphertext), out)
    assert sealed == content.measure(io.BytesIO(ciphertext))
    return fault, out.getvalue()


@pytest.mark.parametrize("size", SIZES)
def test_what_was_sealed_opens_and_has_the_size_that_was_foretold(size: int) -> None:
    data = bytes(i % 251 for i in range(size))
    out = io.BytesIO()
    done = content.encrypt(KEY, CONTEXT, size, io.BytesIO(data), out)
    ciphertext = out.getvalue()
    assert done.size == len(ciphertext) == content.sealed_size(size)
    assert content.plausible_size(done.size)
    assert done.head == ciphertext[: content.HEADER]
    assert done == content.measure(io.BytesIO(ciphertext))
    assert opened(ciphertext) == (None, data)


@given(st.binary(max_size=40_000), st.integers(1, 5000))
@example(b"", 1)
def test_a_slow_source_seals_to_what_opens_again(data: bytes, step: int) -> None:
    out = io.BytesIO()
    content.encrypt(KEY, CONTEXT, len(data), Dribble(data, step), out)
    assert opened(out.getvalue()) == (None, data)


@pytest.mark.parametrize("size", [0, 1, content.SEGMENT, content.SEGMENT + 1, 5 * content.SEGMENT + 9])
def test_the_tree_is_that_of_rfc_6962_over_segments(size: int) -> None:
    data = bytes(size)
    segments = [data[i : i + content.SEGMENT] for i in range(0, size, content.SEGMENT)]
    assert content.measure(io.BytesIO(data)).tree == tree_root(map(leaf_hash, segments))


@given(st.integers(0, 1 << 40))
def test_padding_costs_at_most_12_percent_above_16_kib_and_never_shrinks(size: int) -> None:
    padded = content.padded_size(size)
    assert padded >= max(size, content.MIN_PADDED)
    assert padded <= max(content.MIN_PADDED, size + size * 12 // 100)


@given(st.data())
def test_every_flipped_bit_and_every_cut_is_noticed(data: st.DataObject) -> None:
    good = ciphertext_of(b"price" * 100)
    place = data.draw(st.integers(0, len(good) * 8 - 1))
    flipped = bytearray(good)
    flipped[place // 8] ^= 1 << place % 8
    cut = data.draw(st.integers(0, len(good) - 1))
    for bad in (bytes(flipped), good[:cut], good + b"\x00"):
        assert opened(bad)[0] is not None


def test_another_key_or_context_does_not_open() -> None:
    good = ciphertext_of(b"price")
    assert opened(good, key=b"x" * 32)[0]
    assert opened(good, context=b"other")[0]


def test_swapped_chunks_are_noticed() -> None:
    good = ciphertext_of(bytes(40_000))
    step = content.CHUNK + content.TAG
    chunks = [good[content.HEADER :][i : i + step] for i in range(0, len(good), step)]
    swapped = good[: content.HEADER] + chunks[1] + chunks[0] + b"".join(chunks[2:])
    assert len(swapped) == len(good)
    assert opened(swapped)[0]


def handmade(stream: bytes) -> bytes:
    """Encrypts a stream as it is, without our length field and padding."""
    cipher = Cobblestone256Encryptor(KEY, CONTEXT)
    return cipher.update(stream) + cipher.finalize()


@pytest.mark.parametrize(
    ("stream", "words"),
    [
        ((3).to_bytes(8, "big") + b"abc" + bytes(10) + b"\x01", "padding"),
        ((100).to_bytes(8, "big") + b"abc", "shorter"),
        (b"\x00\x00", "shorter"),
        (((1 << 64) - 1).to_bytes(8, "big") + b"abc", "shorter"),
    ],
)
def test_a_dishonest_length_or_padding_is_a_fault(stream: bytes, words: str) -> None:
    fault = opened(handmade(stream))[0]
    assert fault is not None
    assert words in fault


@pytest.mark.parametrize("declared", [4, 6])
def test_a_part_that_is_not_of_its_declared_size_is_not_sealed(declared: int) -> None:
    with pytest.raises(content.ContentError):
        content.encrypt(KEY, CONTEXT, declared, io.BytesIO(b"12345"), io.BytesIO())


def test_memory_does_not_grow_with_the_part() -> None:
    class Endless:
        left = 64 << 20

        def readinto(self, buffer: memoryview) -> int:
            count = min(len(buffer), self.left)
            self.left -= count
            return count

    class Sink:
        digest = hashlib.sha256()

        def write(self, data: memoryview) -> int:
            self.digest.update(data)
            return len(data)

    tracemalloc.start()
    content.encrypt(KEY, CONTEXT, 64 << 20, Endless(), Sink())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8 << 20
