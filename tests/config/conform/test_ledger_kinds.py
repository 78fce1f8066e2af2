"""The ledger's kinds of vector files: right ones hold, damaged ones do not."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from config.conform import ledger
from config.conform.ledger_tiles import recognise
from trading.ledger import merkle
from trading.ledger.checkpoint import Checkpoint, sign_checkpoint
from trading.ledger.folder import write_durably
from trading.ledger.tiles import ENTRIES, Edge, Tile, encode_bundle

VECTORS = Path(__file__).parents[2] / "vectors"
FILES = [
    "rfc6962/consistency.json",
    "rfc6962/inclusion.json",
    "rfc6962_merkle.json",
    "tlog.json",
    "ledger_log.json",
]


def load(name: str) -> Any:
    return json.loads((VECTORS / name).read_text())


def cases(data: Any, path: Path) -> Iterator[tuple[str, bool, str]]:
    (kind,) = [kind for kind in ledger.KINDS if kind.recognise(data, path)]
    return iter(kind.cases(data, path))


def judge(data: Any, path: Path) -> list[tuple[str, bool, str]]:
    return list(cases(data, path))


@pytest.mark.parametrize("name", FILES)
def test_published_vectors_are_recognised_by_their_keys_and_hold(name):
    found = judge(load(name), Path("renamed"))
    assert len(found) > 20
    assert [case for case in found if not case[1]] == []


@pytest.mark.parametrize("name", ["cades.json", "seal_open.json", "shamir_gf256.json"])
def test_other_rooms_vectors_are_not_taken_for_the_ledgers(name):
    assert not [kind.name for kind in ledger.KINDS if kind.recognise(load(name), Path(name))]


def values(data: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], str]]:
    if isinstance(data, dict | list):
        for key, value in data.items() if isinstance(data, dict) else enumerate(data):
            yield from values(value, (*path, key))
    elif isinstance(data, str):
        yield path, data


def is_bound(path: tuple[Any, ...], data: Any) -> bool:
    """Whether a value belongs to a case that must be accepted (damage to a wrong case leaves it wrong)."""
    if path[0] in ("source", "note", "rule", "tampered_checkpoints") or path[-1] in (
        "desc",
        "file",
        "source",
    ):
        return False
    case = data["cases"][path[1]] if path[0] == "cases" else {}
    if case.get("wantErr"):
        return False
    return not (len(path) > 3 and path[2] == "inclusion" and not case["inclusion"][path[3]]["valid"])


def damage(text: str) -> str:
    if not text:
        return "00"
    place = len(text) // 2
    return text[:place] + ("1" if text[place] != "1" else "2") + text[place + 1 :]


@pytest.mark.parametrize("name", FILES)
def test_a_damaged_value_of_any_right_case_makes_the_file_fail(name):
    data = load(name)
    bound = [(path, value) for path, value in values(data) if is_bound(path, data)]
    assert bound
    step = 1 if len(bound) < 150 else len(bound) // 40
    for path, value in bound[::step]:
        damaged = copy.deepcopy(data)
        place = damaged
        for key in path[:-1]:
            place = place[key]
        place[path[-1]] = damage(value)
        try:
            failed = any(not held for _, held, _ in cases(damaged, Path(name)))
        except (ValueError, KeyError):
            failed = True
        assert failed, path


@pytest.mark.parametrize("name", ["rfc6962/consistency.json", "rfc6962/inclusion.json"])
def test_a_case_that_carries_a_note_must_be_refused(name):
    data = load(name)
    case = next(case for case in data["cases"] if not case["wantErr"])
    case["note"] = "accepted by some, refused here"
    assert any(not held for _, held, _ in judge(data, Path(name)))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A log of 600 entries as files, signed by the published vectors' log key."""
    entries = [f'{{"i":{number},"t":"投标{number}"}}'.encode() for number in range(600)]
    edge = Edge()
    tiles = [full for entry in entries for full in edge.append(merkle.leaf_hash(entry))]
    for full in tiles:
        write_durably(tmp_path / Tile(full.level, full.index).path, full.hashes)
    for level, row in enumerate(edge.rows):
        write_durably(tmp_path / Tile(level, (600 >> 8 * level) // 256, len(row)).path, b"".join(row))
    for index, width in enumerate((256, 256, 88)):
        bundle = encode_bundle(entries[256 * index : 256 * index + width])
        write_durably(tmp_path / Tile(ENTRIES, index, width).path, bundle)
    seed = bytes.fromhex(load("ledger_log.json")["keys"]["log_seed"])
    note = sign_checkpoint(Checkpoint("ledger.ebid.example/2026", 600, edge.root()), seed)
    write_durably(tmp_path / "checkpoint", note.encode())
    return tmp_path


def test_a_folder_of_tiles_is_recomputed_from_its_entries(folder):
    assert recognise(None, folder)
    assert [case for case in judge(None, folder) if not case[1]] == []


@pytest.mark.parametrize(
    "path",
    [
        "checkpoint",
        "tile/0/001",
        "tile/0/002.p/88",
        "tile/1/000.p/2",
        "tile/entries/000",
        "tile/entries/002.p/88",
    ],
)
@pytest.mark.parametrize("place", [5, -9])
def test_one_changed_byte_in_any_file_of_the_folder_is_found(folder, path, place):
    data = bytearray((folder / path).read_bytes())
    data[place] ^= 1
    (folder / path).write_bytes(data)
    try:
        failed = any(not held for _, held, _ in judge(None, folder))
    except ValueError:
        failed = True
    assert failed


@pytest.mark.parametrize("path", ["tile/0/001", "tile/1/000.p/2", "tile/entries/002.p/88"])
def test_a_missing_file_and_a_strange_one_are_found(folder, path):
    (folder / path).rename(folder / "tile" / "0" / "007")
    names = " ".join(detail for _, held, detail in judge(None, folder) if not held)
    assert path in names


def test_an_older_partial_tile_may_stand_beside_its_successor(folder):
    data = (folder / "tile/0/002.p/88").read_bytes()
    write_durably(folder / "tile/0/002.p/40", data[: 40 * 32])
    assert all(held for _, held, _ in judge(None, folder))
    write_durably(folder / "tile/0/002.p/40", bytes(40 * 32))
    assert not all(held for _, held, _ in judge(None, folder))


def test_a_log_that_signs_with_another_key_is_found(folder):
    checkpoint = Checkpoint("ledger.ebid.example/2026", 600, bytes(32))
    write_durably(folder / "checkpoint", sign_checkpoint(checkpoint, bytes(32)).encode())
    assert any("another key" in detail for _, held, detail in judge(None, folder) if not held)
