"""Tiles and entry bundles (C2SP tlog-tiles)."""

import ast
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trading.ledger import merkle
from trading.ledger.tiles import (
    Edge,
    Tile,
    decode_bundle,
    encode_bundle,
    parse_path,
    tile_reader,
    tiles_between,
)

LOG = json.loads((Path(__file__).parents[2] / "vectors" / "ledger_log.json").read_text())


def grow(size: int) -> tuple[Edge, dict[Tile, bytes], list[bytes]]:
    """A tree of that size, the hash tiles it has, and its leaves."""
    edge, tiles, leaves = Edge(), dict[Tile, bytes](), []
    for number in range(size):
        leaves.append(merkle.leaf_hash(f'{{"i":{number},"t":"投标{number}"}}'.encode()))
        for full in edge.append(leaves[-1]):
            tiles[Tile(full.level, full.index)] = full.hashes
    for level, row in enumerate(edge.rows):
        if row:
            tiles[Tile(level, (size >> 8 * level) // 256, len(row))] = b"".join(row)
    return edge, tiles, leaves


@pytest.mark.parametrize(("place", "path"), LOG["tile_paths"].items())
def test_tile_paths_are_those_of_the_specification(place, path):
    tile = Tile(*ast.literal_eval(place))
    assert tile.path == path
    assert parse_path(path) == tile


@pytest.mark.parametrize(
    "path",
    [
        "tile/0/0",
        "tile/00/000",
        "tile/64/000",
        "tile/0/x000/001",
        "tile/0/1000",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/000.p/01",
        "tile/0/../000",
        "tile/entries/000/",
        "checkpoint",
    ],
)
def test_any_other_spelling_of_a_path_is_refused(path):
    with pytest.raises(ValueError):
        parse_path(path)


def test_seventy_thousand_entries_make_the_published_roots_and_tiles():
    edge, tiles, leaves = grow(70000)
    assert edge.root().hex() == LOG["tree"]["roots"]["70000"]
    assert {tile for tile in tiles_between(0, 70000) if tile.level != "entries"} == set(tiles)
    assert sum(tile.level == 0 for tile in tiles) == 274
    read = tile_reader(tiles.__getitem__, 70000)
    for case in LOG["inclusion"]:
        if case["size"] == 70000:
            path = [bytes.fromhex(node) for node in case["proof"]]
            assert merkle.inclusion_proof(read, case["index"], 70000) == path
    for case in LOG["consistency"]:
        if case["n"] == 70000:
            path = [bytes.fromhex(node) for node in case["proof"]]
            assert merkle.consistency_proof(read, case["m"], 70000) == path


@given(st.integers(0, 1500), st.integers(0, 700))
def test_growing_in_two_steps_writes_every_tile_that_growing_at_once_writes(old, more):
    at_once = set(tiles_between(0, old + more))
    steps = set(tiles_between(0, old)) | set(tiles_between(old, old + more))
    assert at_once <= steps
    assert all(tile.width < 256 for tile in steps - at_once)


@given(st.integers(0, 1200))
def test_an_edge_taken_up_again_goes_on_as_the_one_that_never_stopped(size):
    edge, _, _ = grow(size)
    again = Edge(size, edge.rows)
    assert again.root() == edge.root()
    leaf = merkle.leaf_hash(b"next")
    assert again.append(leaf) == edge.append(leaf)
    assert again.root() == edge.root()


def test_an_edge_with_a_hash_missing_is_refused():
    edge, _, _ = grow(300)
    edge.rows[0].pop()
    with pytest.raises(ValueError):
        Edge(300, edge.rows)


def test_a_tile_with_too_few_hashes_gives_no_proof():
    _, tiles, _ = grow(300)
    cut = {tile: data[:-32] for tile, data in tiles.items()}
    with pytest.raises(ValueError):
        merkle.inclusion_proof(tile_reader(cut.__getitem__, 300), 299, 300)


@given(st.lists(st.binary(max_size=300), max_size=256))
def test_bundles_give_back_the_entries_they_were_made_of(entries):
    assert decode_bundle(encode_bundle(entries)) == entries


@pytest.mark.parametrize("bundle", [b"\0", b"\0\2a", b"\0\0" * 257])
def test_a_bundle_that_is_cut_or_overfull_is_refused(bundle):
    with pytest.raises(ValueError):
        decode_bundle(bundle)


def test_an_entry_that_does_not_fit_a_bundle_is_refused():
    with pytest.raises(ValueError):
        encode_bundle([b"x" * 65536])
