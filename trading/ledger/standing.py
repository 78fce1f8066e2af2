"""Whether this log may sign (签发前提): what witnesses say of it, the mark of a restored backup, and the word that
the sequencer leaves when it must not go on."""

from __future__ import annotations

import http.client
import logging
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path

from trading.ledger import merkle
from trading.ledger.checkpoint import b64, parse_checkpoint
from trading.ledger.folder import TileFolder, write_durably
from trading.ledger.tiles import tile_reader

log = logging.getLogger(__name__)

TIMEOUT = 10
"""Seconds that a witness has for its answer."""
REPLAY = (
    "Nothing is signed. Fetch what is missing from any mirror of the tiles: `tradehall ledger replay --from "
    "URL|FOLDER`; then start the sequencer again. Where no mirror has it, the log cannot go on under its name: "
    "tell the witnesses and the supervising authority, and open a new one: `tradehall ledger begin` (docs/deploy.md, "
    "section 10)."
)


class LedgerHalted(RuntimeError):
    """Signing on would contradict what was signed before; a person must decide."""


def keys_of_each(witnesses: Sequence[tuple[str, str, str]]) -> dict[tuple[str, str], list[str]]:
    """(name, URL) of each witness → its vkeys: one that has rotated its key stands there with both."""
    found: dict[tuple[str, str], list[str]] = {}
    for name, url, vkey in witnesses:
        found.setdefault((name, url), []).append(vkey)
    return found


def needed(witnesses: int) -> int:
    """How many witnesses must not contradict: more than half. One that is wrong, or lies, stops the log only
    where there are fewer than three: then nobody can say which one is right. None are needed where none are
    asked."""
    return witnesses // 2 + 1 if witnesses else 0


def request_body(files: TileFolder, note: str, old: int) -> bytes:
    """The body of `add-checkpoint`: old size, consistency proof, empty line, checkpoint."""
    size = parse_checkpoint(note).size
    proof = merkle.consistency_proof(tile_reader(files.read, size), old, size)
    return "".join([f"old {old}\n", *(f"{b64(node)}\n" for node in proof), "\n", note]).encode()


def post(url: str, body: bytes) -> tuple[int, str]:
    """Status and text of a witness's answer. Raises OSError, http.client.HTTPException."""
    request = urllib.request.Request(url.rstrip("/") + "/add-checkpoint", data=body, method="POST")
    request.add_header("Content-Type", "text/plain; charset=utf-8")
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT) as response:
            return response.status, response.read(65536).decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read(65536).decode(errors="replace")


# --- a restored backup ----------------------------------------------------------------------------


def restored_mark(folder: Path) -> Path:
    """Says that database and folder came out of a backup: what was published since is not in them."""
    return folder / ".restored"


def may_sign(files: TileFolder, note: str, witnesses: Sequence[tuple[str, str, str]]) -> bool:
    """Asks the witnesses about a log that was restored, before it signs anything. `note` is its newest
    checkpoint, already published. True once enough of them have seen no more than it; False while too few
    answer. Raises LedgerHalted when too many have seen more."""
    size, agree, ahead = parse_checkpoint(note).size, 0, list[str]()
    body = request_body(files, note, size)
    asked = keys_of_each(witnesses)
    for name, url in asked:
        try:
            status, text = post(url, body)
        except (OSError, http.client.HTTPException) as error:
            log.warning("witness %s does not say whether this backup is too old: %s", name, error)
            continue
        known = int(text) if status == 409 and text.strip().isdecimal() else size
        if status == 422 or known > size:
            ahead.append(f"witness {name} has cosigned {known} entries")
        elif status in (200, 409):
            agree += 1
    if len(ahead) > len(asked) - needed(len(asked)):
        raise LedgerHalted(
            f"{'; '.join(ahead)}, this log ends at {size}: the backup that was restored is too old. {REPLAY}"
        )
    return agree >= needed(len(asked))


# --- the word that is left ------------------------------------------------------------------------


def say_halted(folder: Path, words: str) -> None:
    """Leave the reason where the health page finds it."""
    write_durably(folder / ".halted", words.encode())


def halted(folder: Path) -> str:
    """Why the sequencer signs nothing; "" while it does."""
    try:
        return (folder / ".halted").read_text()
    except FileNotFoundError:
        return ""


def go_on(folder: Path) -> None:
    """The reason is gone."""
    (folder / ".halted").unlink(missing_ok=True)
