"""Rotation of the log's key (日志密钥轮换): the next key is announced in the log itself, under the key before it.

The entry `key.next` carries both vkeys and a signature by the next one: whoever trusts the first key can
follow from key to key, in the log's own order. The announcements are also listed in the public file
`rotations.json` beside the tiles. While old policies name an old key, checkpoints carry the lines of both.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from trading.ledger.checkpoint import LOG_KEY, b64, parse_note, parse_vkey, verifier_key

FILE = "rotations.json"
TYPE = "key.next"


@dataclass(frozen=True)
class Rotation:
    """One announced key: the entry's index, the key before (`previous`) and the new one (`vkey`). `retired` is
    how many entries the log had when the key before was deleted; None while it signs."""

    index: int
    previous: str
    vkey: str
    retired: int | None = None


def statement(previous: str, vkey: str) -> bytes:
    """What the next key signs: that it follows the one before. Nobody can announce a key he does not hold."""
    return f"tradehall-key-next/v1\n{previous}\n{vkey}\n".encode()


def announcement(previous: str, seed: bytes) -> dict[str, Any]:
    """The payload of the entry `key.next` for the key with this 32-byte seed. Raises NoteError."""
    vkey = str(verifier_key(parse_vkey(previous).name, LOG_KEY, seed))
    signed = Ed25519PrivateKey.from_private_bytes(seed).sign(statement(previous, vkey))
    return {"key": "log", "previous": previous, "next": vkey, "sig": b64(signed)}


def known(folder: Path) -> list[Rotation]:
    """The announcements of a log's public folder, the oldest first; none where nothing was rotated."""
    try:
        return [Rotation(**row) for row in json.loads((folder / FILE).read_bytes())]
    except FileNotFoundError:
        return []


def listed(rotations: Sequence[Rotation]) -> bytes:
    """The bytes of `rotations.json`."""
    return json.dumps([asdict(rotation) for rotation in rotations], indent=1).encode()


def signing(first: str, rotations: Sequence[Rotation], note: str | None) -> str:
    """The newest key that signed this checkpoint, as vkey: what new policies name. `first` without one."""
    if note is None:
        return first
    signed = {(line.name, line.key_id) for line in parse_note(note).signatures}
    for rotation in reversed(rotations):
        key = parse_vkey(rotation.vkey)
        if (key.name, key.key_id) in signed:
            return rotation.vkey
    return first


def in_force(folder: Path, first: str) -> str:
    """`signing` over a log's public folder."""
    try:
        note = (folder / "checkpoint").read_text(encoding="utf-8")
    except FileNotFoundError:
        return first
    rotations = known(folder)
    return signing(first, rotations, note) if rotations else first
