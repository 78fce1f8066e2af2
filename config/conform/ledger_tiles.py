"""The folder of a tiled log: everything in it is recomputed from its entries."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from config.conform.checks import Case, check
from trading.ledger import merkle
from trading.ledger.checkpoint import (
    LOG_KEY,
    Checkpoint,
    NoteError,
    VerifierKey,
    parse_checkpoint,
    parse_note,
    parse_vkey,
    verify_cosignature,
    verify_log,
)
from trading.ledger.tiles import (
    ENTRIES,
    WIDTH,
    Edge,
    Tile,
    decode_bundle,
    full_root,
    parse_path,
    split_hashes,
    tile_reader,
    tiles_between,
)

KNOWN_LOG_KEYS = (
    "ledger.ebid.example/2026+e272c903+AVhbKkirbXJa8zlohSM0lvoFayPiswDQR7JjtztGauGv",
    "witness.supervision.example/w1+831bc2ae+BH4M9if1nHw3RbTTAnDuDv9eCkODDkfzbCYN8d5vRlPM",
    "witness.notary.example/w1+07d53ab1+BDW8zhzf1CkxC4VeTdXR/vjpjDUZVa8A2KzKfp/buNiJ",
)
"""The published vectors' keys: a folder of tiles carries none, its checkpoint's names tell which is meant."""
_VKEY = re.compile(r"[^+\s]+\+[0-9a-f]{8}\+[A-Za-z0-9+/]{44}")


def recognise(data: Any, path: Path) -> bool:
    return data is None and (path / "checkpoint").is_file() and (path / "tile").is_dir()


def cases(data: Any, path: Path) -> Iterator[Case]:
    """Recomputes the whole log from its entries: leaves, every level's tiles, root, signatures."""
    note = (path / "checkpoint").read_text(encoding="utf-8")
    checkpoint = parse_checkpoint(note)
    yield from _signatures(note, path)
    yield _files_are(checkpoint.size, path)
    bad: dict[int | str, list[str]] = {}
    edge = Edge()
    for index in range(-(-checkpoint.size // WIDTH)):
        tile = Tile(ENTRIES, index, min(WIDTH, checkpoint.size - index * WIDTH))
        try:
            entries = decode_bundle((path / tile.path).read_bytes())
        except (OSError, ValueError) as error:
            yield tile.path, False, str(error)
            return
        if len(entries) != tile.width:
            yield tile.path, False, f"{len(entries)} entries"
            return
        for entry in entries:
            for full in edge.append(merkle.leaf_hash(entry)):
                _compare(path, Tile(full.level, full.index), full.hashes, bad)
    for level, row in enumerate(edge.rows):
        if not row:
            continue
        place = (checkpoint.size >> (8 * level)) // WIDTH
        _compare(path, Tile(level, place, len(row)), b"".join(row), bad)
    yield f"{checkpoint.size} entries", edge.size == checkpoint.size, ""
    for level in range(len(edge.rows)):
        names = bad.get(level, [])
        yield f"tiles of level {level}", not names, f"other hashes in {', '.join(names[:5])}" if names else ""
    yield "root", edge.root() == checkpoint.root, f"entries give {edge.root().hex()}"
    yield check("every tile gives its hash above", _tiles_agree, path, checkpoint)


def _compare(path: Path, tile: Tile, hashes: bytes, bad: dict[int | str, list[str]]) -> None:
    try:
        same = (path / tile.path).read_bytes() == hashes
    except OSError:
        same = False
    if not same:
        bad.setdefault(tile.level, []).append(tile.path)


def _files_are(size: int, path: Path) -> Case:
    """The promised files must be there; beside them only older partial tiles, cut from the same tiles."""
    wanted = {tile.path: tile for tile in tiles_between(0, size)}
    found = {str(p.relative_to(path)) for p in path.rglob("*") if p.is_file()} - {"checkpoint"}
    missing, strange = sorted(set(wanted) - found), []
    for name in sorted(found - set(wanted)):
        try:
            older = parse_path(name)
            newer = next(t for t in wanted.values() if (t.level, t.index) == (older.level, older.index))
            whole = older.width < newer.width and (path / newer.path).read_bytes()
        except (ValueError, StopIteration, OSError):
            whole = False
        if whole is False or not whole.startswith((path / name).read_bytes()):
            strange.append(name)
    detail = "; ".join(
        [f"{name} is missing" for name in missing[:5]] + [f"{name} is strange" for name in strange[:5]]
    )
    return f"files of a tree of {size}", not missing and not strange, detail


def _tiles_agree(path: Path, checkpoint: Checkpoint) -> bool:
    """The tiles by themselves, without the entries: what a client that fetches only tiles sees."""

    def fetch(tile: Tile) -> bytes:
        return (path / tile.path).read_bytes()

    for tile in tiles_between(0, checkpoint.size):
        if isinstance(tile.level, int) and tile.level:
            for place, node in enumerate(split_hashes(fetch(tile))):
                below = Tile(tile.level - 1, tile.index * WIDTH + place)
                if full_root(split_hashes(fetch(below))) != node:
                    raise ValueError(f"{below.path} does not give its hash in {tile.path}")
    return merkle.range_root(tile_reader(fetch, checkpoint.size), 0, checkpoint.size) == checkpoint.root


def _signatures(note: str, path: Path) -> Iterator[Case]:
    """Each line must verify under a key of its name: from the folder, files beside it, or known here."""
    keys = list(_known_keys(path))
    for signature in parse_note(note).signatures:
        name = f"signature by {signature.name}"
        named = [key for key in keys if key.name == signature.name]
        key = next((key for key in named if key.key_id == signature.key_id), None)
        if key is not None:
            verify = verify_log if key.kind == LOG_KEY else verify_cosignature
            yield check(name, verify, note, key)
        elif named or any(named.name == parse_checkpoint(note).origin for named in keys):
            yield name, False, "by another key than the log's or witness's own"
        else:
            yield name, True, "no key of this name is known: not checked"


def _known_keys(path: Path) -> Iterator[VerifierKey]:
    texts = list(KNOWN_LOG_KEYS)
    for file in sorted([*path.glob("*vkey*"), *path.parent.glob("*.json")]):
        if file.is_file() and file.stat().st_size < 1 << 20:
            text = file.read_text(encoding="utf-8", errors="replace")
            if file.suffix == ".json":
                text = _keys_object(text)
            texts += _VKEY.findall(text)
    for text in dict.fromkeys(texts):
        try:
            yield parse_vkey(text)
        except NoteError:
            continue


def _keys_object(text: str) -> str:
    """The vkeys that a JSON file gives under `keys`, one a line."""
    try:
        data = json.loads(text)
    except ValueError:
        return ""
    keys = data.get("keys") if isinstance(data, dict) else None
    return "\n".join(v for v in keys.values() if isinstance(v, str)) if isinstance(keys, dict) else ""
