"""Key files: one for good, whole or not at all."""

from __future__ import annotations

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from config.app import make_config
from config.processes import keys
from trading.secrets import NoKey, load_master, make_master


def test_a_missing_key_is_not_replaced_by_another(tmp_path: Path) -> None:
    with pytest.raises(NoKey):
        load_master(tmp_path / "master.key")
    assert list(tmp_path.iterdir()) == []


def test_half_a_key_is_refused(tmp_path: Path) -> None:
    (tmp_path / "master.key").write_bytes(bytes(31))
    for reading in (load_master, make_master):
        with pytest.raises(NoKey):
            reading(tmp_path / "master.key")


def test_processes_that_make_a_key_at_once_all_get_the_same(tmp_path: Path) -> None:
    with ThreadPoolExecutor(16) as pool:
        made = list(pool.map(make_master, [tmp_path / "master.key"] * 64))
    assert len(set(made)) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["master.key"]
    assert stat.S_IMODE((tmp_path / "master.key").stat().st_mode) == 0o600


def test_a_hall_without_its_key_does_not_start(settings: dict[str, Any], tmp_path: Path) -> None:
    os.unlink(tmp_path / "master.key")
    with pytest.raises(NoKey):
        make_config(settings)
    assert not (tmp_path / "master.key").exists()


def test_the_keys_of_a_new_hall_are_made_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TRADEHALL_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("TRADEHALL_LEDGER_ORIGIN", "ledger.example.org/1")
    keys([])
    first = capsys.readouterr().out
    assert first.startswith("ledger.example.org/1+")
    keys([])
    assert capsys.readouterr().out == first
