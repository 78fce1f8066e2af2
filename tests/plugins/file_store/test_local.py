from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import pytest

from plugins.file_store.local import ABANDONED_AFTER, LocalFileStore


def test_bytes_and_name_are_on_the_disk_before_put_returns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, steps = LocalFileStore(tmp_path), []
    names: dict[int, str] = {}

    def opened(path: Any, *rest: Any) -> int:
        handle = os_open(path, *rest)
        names[handle] = Path(path).name
        return handle

    os_open, os_link = os.open, os.link
    monkeypatch.setattr(os, "open", opened)
    monkeypatch.setattr(os, "fsync", lambda handle: steps.append(f"sync {names[handle]}"))
    monkeypatch.setattr(os, "link", lambda a, b: (steps.append("link"), os_link(a, b)))
    store.put("tender/bid/0", b"ciphertext")
    making = steps.index("link") - 1
    assert steps[:making] == [f"sync {tmp_path.name}", "sync tender"]
    assert steps[making + 1 :] == ["link", "sync bid"]


def test_a_write_that_dies_leaves_nothing_under_the_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = LocalFileStore(tmp_path)

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        store.put("bid", b"ciphertext")
    monkeypatch.undo()
    with pytest.raises(KeyError):
        store.get("bid")
    assert not any((tmp_path / ".making").iterdir())


def test_opening_clears_what_a_crash_left_but_not_what_is_being_written(tmp_path: Path) -> None:
    LocalFileStore(tmp_path)
    old, young = tmp_path / ".making" / "old", tmp_path / ".making" / "young"
    for path in (old, young):
        path.write_bytes(b"half")
    long_ago = time.time() - ABANDONED_AFTER - 60
    os.utime(old, (long_ago, long_ago))
    LocalFileStore(tmp_path)
    assert (old.exists(), young.exists()) == (False, True)


def test_stored_files_are_readable_by_their_owner_only(tmp_path: Path) -> None:
    LocalFileStore(tmp_path).put("bid", b"ciphertext")
    assert (tmp_path / "bid").stat().st_mode & 0o077 == 0
