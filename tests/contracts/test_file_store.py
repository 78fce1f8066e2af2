"""IFileStore: written once, durable, read in parts; over every provider."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from obstore.store import MemoryStore
from zope.interface.verify import verifyObject

from plugins.file_store import store_from
from plugins.file_store.local import LocalFileStore
from plugins.file_store.objects import ObjectFileStore
from trading.errors import Refused
from trading.interfaces import IFileStore

PROVIDERS = {
    "local": lambda folder: store_from({"file_store.folder": str(folder)}),
    # S3's conditional writes are obstore's `mode="create"`, which its store in memory has too.
    "objects": lambda folder: ObjectFileStore(MemoryStore()),
}


@pytest.fixture(params=PROVIDERS)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Any]:
    yield PROVIDERS[request.param](tmp_path)


def test_the_provider_has_the_methods_of_the_port(store: Any) -> None:
    assert verifyObject(IFileStore, store)


def test_what_is_put_is_got_back(store: Any) -> None:
    store.put("bids/01/part.0", b"ciphertext")
    assert store.get("bids/01/part.0") == b"ciphertext"
    assert store.size("bids/01/part.0") == 10


def test_an_empty_file_is_a_file(store: Any) -> None:
    store.put("empty", b"")
    assert (store.get("empty"), store.size("empty"), store.read("empty", 0, 5)) == (b"", 0, b"")


def test_a_part_is_read_and_the_end_cuts_it(store: Any) -> None:
    store.put("part", b"0123456789")
    assert store.read("part", 0, 3) == b"012"
    assert store.read("part", 8, 100) == b"89"
    assert store.read("part", 10, 1) == store.read("part", 99, 1) == b""


def test_a_second_write_with_other_bytes_is_refused_and_changes_nothing(store: Any) -> None:
    store.put("bid", b"first")
    with pytest.raises(Refused) as caught:
        store.put("bid", b"second")
    assert caught.value.faults[0].code == "file.exists"
    assert store.get("bid") == b"first"


def test_the_same_bytes_again_are_accepted(store: Any) -> None:
    store.put("bid", b"same")
    store.put("bid", b"same")
    assert store.get("bid") == b"same"


def test_an_absent_key_is_a_key_error(store: Any) -> None:
    for ask in (store.get, store.size, lambda key: store.read(key, 0, 1)):
        with pytest.raises(KeyError):
            ask("absent/file")


def test_deleting_frees_the_key_and_an_absent_one_is_no_error(store: Any) -> None:
    store.put("piece", b"abandoned")
    store.delete("piece")
    store.delete("piece")
    with pytest.raises(KeyError):
        store.get("piece")
    store.put("piece", b"other")
    assert store.get("piece") == b"other"


@pytest.mark.parametrize(
    "key", ["", "/a", "a/", "a//b", "../a", "a/../b", ".making/x", "a\n", "标书", "a" * 600]
)
def test_a_key_that_could_lead_elsewhere_is_refused(store: Any, key: str) -> None:
    for ask in (store.get, store.size, store.delete, lambda key: store.put(key, b"x")):
        with pytest.raises(ValueError, match="not a file key"):
            ask(key)


def test_of_many_writers_of_one_key_exactly_one_wins(store: Any) -> None:
    barrier, won = threading.Barrier(8), []

    def write(number: int) -> None:
        barrier.wait()
        try:
            store.put("contested", bytes([number]) * 1000)
        except Refused:
            return
        won.append(number)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1
    assert store.get("contested") == bytes(won) * 1000


def test_an_unknown_kind_of_store_is_an_error_at_the_start() -> None:
    with pytest.raises(ValueError, match="local or s3"):
        store_from({"file_store.kind": "floppy"})


def test_a_store_on_disk_is_found_again(tmp_path: Path) -> None:
    LocalFileStore(tmp_path).put("a/b", b"kept")
    assert LocalFileStore(tmp_path).get("a/b") == b"kept"
