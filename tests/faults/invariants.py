"""What must hold after every fault (不变量)."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import threading
import time
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg

from bidding.vault.close import parse_close
from bidding.vault.encoding import unb64
from bidding.vault.receipt import parse_receipt
from config import bidder as device
from config.installation import log_vkey
from config.supervisor import Hall
from tests.faults.committee import calls_of
from tests.faults.story import Played
from trading import clock
from trading.ledger import merkle
from trading.ledger.checkpoint import Checkpoint, NoteError, parse_vkey, verify_log
from trading.ledger.folder import TileFolder
from trading.ledger.tiles import decode_bundle, tiles_between

VERIFIER = Path(__file__).parents[2] / "tradehall_verify.py"
ONCE = (
    "tender.closed",
    "opening.started",
    "opening.recorded",
    "panel.seated",
    "panel.head-chosen",
    "evaluation.reported",
    "result.published",
    "award.issued",
)
AFTER_DEADLINE = ("tender.closed", "opening.started", "vault.released", "vault.bidder-released", "bid.opened")


class Onlooker(threading.Thread):
    """Reads the published checkpoint all the time, as monitors do; `seen` is root by size. Two roots for
    one size, a smaller tree after a larger one, half a note: each is a loss."""

    def __init__(self, hall: Hall) -> None:
        super().__init__(daemon=True)
        self.seen: dict[int, bytes] = {}
        self.losses: list[str] = []
        self._folder = TileFolder(hall.state / "ledger")
        self._key = parse_vkey(log_vkey(hall.state))
        self._over = threading.Event()

    def end(self) -> None:
        self._over.set()
        self.join()

    def run(self) -> None:
        last = 0
        while not self._over.wait(0.01):
            note = self._folder.note()
            if note is None:
                continue
            try:
                found = verify_log(note, self._key)
            except NoteError as error:
                self.losses.append(f"a published checkpoint does not hold: {error}")
                return
            if found.size < last or self.seen.setdefault(found.size, found.root) != found.root:
                self.losses.append(f"the log went from {last} to {found.size}, or forked")
            last = found.size


def losses_of_tender(story: Played, connection: psycopg.Connection[Any]) -> list[str]:
    """What this tender lost, got too early or got twice."""
    close = json.loads(device.Hall(story.hall.url).get(story.api("/close")))
    listed = {entry.manifest: entry.status for entry in parse_close(unb64(close["close"])).entries}
    lost = [
        f"{login} holds a receipt for {parse_receipt(raw).manifest.hex()[:8]}, which is not in the closing list"
        for login, raw in story.kept.receipts
        if parse_receipt(raw).manifest not in listed
    ]
    sent = {sealed.manifest.hash for sealed in story.kept.sent.values()}
    if set(listed) != sent:
        lost.append(f"{len(listed)} acts in the closing list, {len(sent)} were handed in")
    for login, sealed in story.kept.sent.items():
        standing = "superseded" if login == "bidder1" else "valid"
        if listed.get(sealed.manifest.hash) != standing:
            lost.append(f"{login} is {listed.get(sealed.manifest.hash)} in the closing list, not {standing}")
    found = entries_losses(story, connection) + rows_losses(story, connection)
    return lost + found + calls_losses(story, connection)


def entries_losses(story: Played, connection: psycopg.Connection[Any]) -> list[str]:
    query = "SELECT body, at FROM ledger_entry WHERE tender = %s ORDER BY id"
    rows = [(json.loads(body), at) for body, at in connection.execute(query, [story.code])]
    count = Counter(body["type"] for body, _ in rows)
    lost = [f"{count[name]} entries {name}, not one" for name in ONCE if count[name] != 1]
    deadline = next(at for body, at in rows if body["type"] == "tender.closed")
    lost += [
        f"{body['type']} at {at}, before the close"
        for body, at in rows
        if body["type"] in AFTER_DEADLINE and at < deadline
    ]
    for name, wanted in (
        ("bid.opened", 3),
        ("vault.bidder-released", 2),
        ("loser.notified", 2),
        ("review.signed", 10),
        ("panel.member-signed-in", 5),
        ("scores.locked", 5),
    ):
        if count[name] != wanted:
            lost.append(f"{count[name]} entries {name}, not {wanted}")
    return lost


def calls_losses(story: Played, connection: psycopg.Connection[Any]) -> list[str]:
    """Whoever has answered is called no second time; every wave of the device counts once."""
    answered = Counter(
        record["number"] for record in calls_of(story) if record["outcome"] in ("accept", "decline")
    )
    lost = [
        f"{number} answered, and was called {count} times" for number, count in answered.items() if count > 1
    ]
    query = "SELECT jsonb_array_length(waves), (SELECT count(*) FROM draw_wave WHERE draw_id = draw.id) FROM draw WHERE tender = %s AND purpose = 'panel'"
    for waves, signed in connection.execute(query, [story.code]):
        if waves != signed:  # nobody steps aside here
            lost.append(f"{signed} signed waves, {waves} in the draw")
    return lost


def rows_losses(story: Played, connection: psycopg.Connection[Any]) -> list[str]:
    """Once-only effects outside the ledger, and promises that nobody kept."""
    of = "tender_id = (SELECT id FROM tender WHERE code = %(code)s)"
    lost = []
    for what, query, wanted in (
        ("acts", f"SELECT count(*) FROM bid WHERE {of}", len(story.kept.sent)),
        ("awards", f"SELECT count(*) FROM award WHERE {of}", 1),
        ("loser notices", f"SELECT count(*) FROM loser_notice WHERE {of}", 2),
        ("outcomes", f"SELECT count(*) FROM bid_outcome WHERE outcome = 'OK' AND bid_id IN (SELECT id FROM bid WHERE {of})", 3),
        ("early releases", f"SELECT count(*) FROM custodian_release WHERE received_at < (SELECT deadline FROM tender WHERE code = %(code)s) AND {of}", 0),
        ("early outcomes", f"SELECT count(*) FROM bid_outcome WHERE decided_at < (SELECT deadline FROM tender WHERE code = %(code)s) AND bid_id IN (SELECT id FROM bid WHERE {of})", 0),
    ):  # fmt: skip
        (found,) = connection.execute(query, {"code": story.code}).fetchone() or (None,)
        if found != wanted:
            lost.append(f"{found} {what}, not {wanted}")
    return lost


def unkept(connection: psycopg.Connection[Any]) -> list[tuple[datetime, str]]:
    """Promises that are due, or that failed and were put off: until when, and in words."""
    rows = connection.execute(
        "SELECT due_at, topic, attempts, last_error FROM promise WHERE kept_at IS NULL AND (due_at < %s OR attempts > 0)",
        [clock.now()],
    )
    return [
        (due, f"the promise {topic} is not kept after {n} attempts: {error}") for due, topic, n, error in rows
    ]


def losses_of_ledger(hall: Hall, onlooker: Onlooker, connection: psycopg.Connection[Any]) -> list[str]:
    """Places without a gap, every entry placed once, one tree behind every checkpoint ever seen, tiles that
    say the same, a witness that goes on."""
    lost, seen = list(onlooker.losses), dict(onlooker.seen)
    published = TileFolder(hall.state / "ledger").checkpoint()
    rows = connection.execute(
        "SELECT s.seq, e.body, s.leaf FROM ledger_seq s JOIN ledger_entry e ON e.id = s.entry ORDER BY s.seq"
    ).fetchall()
    if [seq for seq, _, _ in rows] != list(range(len(rows))):
        lost.append("the places in the log have a gap")
    if any(merkle.leaf_hash(body) != leaf for _, body, leaf in rows):
        lost.append("a leaf is not its entry's hash")
    edge, roots = merkle.CompactRange(), {0: merkle.EMPTY_ROOT}
    for _, _, leaf in rows:
        edge.append(leaf)
        roots[edge.size] = edge.root()
    signed = dict(connection.execute("SELECT size, root FROM ledger_checkpoint").fetchall())
    for size, root in [*seen.items(), *signed.items()]:
        if roots.get(size, root) != root:
            lost.append(f"the checkpoint of size {size} is not of this tree")
    if max(seen, default=0) > len(rows):
        lost.append(f"{max(seen)} entries were published, {len(rows)} are there")
    query = "SELECT (SELECT count(*) FROM ledger_entry), (SELECT count(*) FROM ledger_seq), (SELECT count(*) FROM ledger_inbox)"
    entries, places, waiting = connection.execute(query).fetchone() or (0, 0, 0)
    if entries < places or (entries > places and not waiting):
        lost.append(f"{entries} entries, {places} places, {waiting} waiting")
    return lost + tiles_losses(hall, published, [body for _, body, _ in rows])


def tiles_losses(hall: Hall, published: Checkpoint | None, bodies: list[bytes]) -> list[str]:
    """The tiles of a published checkpoint against the entries."""
    folder = TileFolder(hall.state / "ledger")
    if published is None or published.size > len(bodies):
        return [f"published is {published}, {len(bodies)} entries are there"]
    lost, leaves = [], [merkle.leaf_hash(body) for body in bodies]
    for tile in tiles_between(0, published.size):
        first = tile.index * 256
        try:
            data = folder.read(tile)
        except FileNotFoundError:
            lost.append(f"{tile.path} is missing")
            continue
        if tile.level == "entries" and decode_bundle(data) != bodies[first : first + tile.width]:
            lost.append(f"{tile.path} does not hold its entries")
        if tile.level == 0 and data != b"".join(leaves[first : first + tile.width]):
            lost.append(f"{tile.path} does not hold its leaves")
    return lost


def witness_losses(hall: Hall, connection: psycopg.Connection[Any], seconds: float = 45) -> list[str]:
    """The witness cosigns on: a checkpoint at least as large as the log is now, within `seconds`."""
    (size,) = connection.execute("SELECT max(size) FROM ledger_checkpoint").fetchone() or (0,)
    limit = time.monotonic() + seconds
    while time.monotonic() < limit:
        (seen,) = connection.execute("SELECT max(size) FROM ledger_cosig").fetchone() or (0,)
        if (seen or 0) >= size:
            break
        time.sleep(0.1)
    else:
        return [f"the witness has cosigned {seen} entries of {size}, {seconds:.0f} s later"]
    evidence = hall.state / "outside" / "witness" / "evidence"
    return (
        [f"the witness kept evidence: {path.name}" for path in evidence.glob("*")]
        if evidence.exists()
        else []
    )


def verdict_losses(story: Played) -> list[str]:
    """The offline verifier over the exported bundle."""
    trust, bundle = story.folder / "trust.json", story.folder / "bundle.tar"
    with contextlib.suppress(FileNotFoundError):
        bundle.unlink()
    story.run(
        "audit", "export", story.code, "--tier", "regulator", "--out", str(bundle), "--trust", str(trust)
    )
    done = subprocess.run(
        [sys.executable, "-I", str(VERIFIER), str(bundle), "--trust", str(trust)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return (
        [] if done.returncode == 0 and "VERIFIED" in done.stdout else [f"the verifier: {done.stdout[-1500:]}"]
    )
