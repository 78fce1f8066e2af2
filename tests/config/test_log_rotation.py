"""Rotating the log's key under an open tender: what others hold on to stays good, and the old key goes only
when nothing rests on it any more."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from bidding.tenders.models import Tender
from bidding.tenders.publication import log_key_of
from bidding.vault.receipt import Sent, accepted, check_receipt
from bidding.vault.receipts import find_receipt
from config import backup, installation, log_rotation, trust
from config.log_rotation import NotYet
from tests.bidding.vault.scene import CODE, Scene, scene
from trading import clock
from trading.acts import process, record
from trading.ledger import merkle, rotation
from trading.ledger.checkpoint import LOG_KEY, NoteError, b64, parse_vkey, unb64, verifier_key, verify_log
from trading.ledger.folder import TileFolder
from trading.ledger.tiles import tile_reader
from trading.ledger.witness import Witness

__all__ = ["scene"]


def engine_of(scene: Scene) -> Any:
    return scene.registry["sessions"].kw["bind"]


def files_of(scene: Scene) -> TileFolder:
    return TileFolder(Path(scene.registry.settings["ledger.folder"]))


def rotate(scene: Scene) -> rotation.Rotation:
    """`tradehall keys rotate log`, while the sequencer works with the key that it was started with."""
    done: list[rotation.Rotation] = []
    origin = scene.registry.settings["ledger.origin"]
    work = threading.Thread(
        target=lambda: done.append(
            log_rotation.rotate(engine_of(scene), scene.state, origin, files_of(scene).path)
        )
    )
    work.start()
    while work.is_alive() and not (scene.state / "log" / "0001.key").exists():
        scene.sequence()
        work.join(0.02)
    work.join()
    return done[0]


def entry(scene: Scene) -> None:
    """One more entry, signed by the sequencer as it would be started now."""
    with scene.db() as session:
        record(session, process("test"), "test.done", None, {})
    scene.sequence()


def request(files: TileFolder, old: int) -> bytes:
    note = files.note() or ""
    size = files.checkpoint().size  # type: ignore[union-attr]
    proof = merkle.consistency_proof(tile_reader(files.read, size), old, size)
    return "".join([f"old {old}\n", *(f"{b64(node)}\n" for node in proof), "\n", note]).encode()


def test_a_rotation_under_an_open_tender_leaves_receipts_good_and_new_policies_name_the_new_key(
    scene: Scene,
) -> None:
    first = scene.registry.settings["ledger.vkey"]
    done = rotate(scene)
    assert (done.previous, parse_vkey(done.vkey).name) == (first, parse_vkey(first).name)
    assert log_key_of(scene.registry) == first, "the sequencer has not been started with it yet"
    who = scene.enterprise("Green Chairs Ltd")
    bid = scene.seal(who)
    ref = scene.submit(who, bid)
    scene.keep_promises()
    scene.sequence()
    note = files_of(scene).note() or ""
    assert verify_log(note, parse_vkey(first)) == verify_log(note, parse_vkey(done.vkey))
    assert log_key_of(scene.registry) == done.vkey
    with scene.db() as session:
        _, raw = find_receipt(session, scene.means, who.bidder.uscc, ref)
    assert raw is not None
    sent = Sent("bid", bid.raw, bid.cms, 1, bid.manifest.parts)
    assert accepted(check_receipt(raw, scene.policy, sent, now=clock.now())), "its policy names the old key"
    said = trust.document(scene.registry.settings)["log"]
    assert (said["vkey"], said["rotations"]) == (first, [{"vkey": done.vkey, "index": done.index}])
    assert installation.log_vkeys(scene.state) == [first, done.vkey]


def test_the_old_key_stays_while_a_tender_names_it_and_then_signs_nothing_more(scene: Scene) -> None:
    first = scene.registry.settings["ledger.vkey"]
    done = rotate(scene)
    with pytest.raises(NotYet, match="not signed by the next key"):
        log_rotation.retire(engine_of(scene), scene.state, files_of(scene).path)
    entry(scene)
    with pytest.raises(NotYet, match=CODE):
        log_rotation.retire(engine_of(scene), scene.state, files_of(scene).path)
    with scene.db() as session:
        session.scalars(select(Tender).where(Tender.code == CODE)).one().state = "contracted"
    assert log_rotation.retire(engine_of(scene), scene.state, files_of(scene).path) == first
    assert not (scene.state / "log.key").exists()
    entry(scene)
    note = files_of(scene).note() or ""
    assert verify_log(note, parse_vkey(done.vkey))
    with pytest.raises(NoteError):
        verify_log(note, parse_vkey(first))
    assert installation.log_vkey(scene.state) == first, "trust begins where it began"
    installation.make_keys(scene.state)
    assert not (scene.state / "log.key").exists(), "no other first key is made in its place"


def test_a_witness_follows_an_announced_key_that_it_was_told_of(scene: Scene, tmp_path: Path) -> None:
    first = scene.registry.settings["ledger.vkey"]
    scene.sequence()
    done, files = rotate(scene), files_of(scene)
    told = Witness(tmp_path / "told", "told.example/w", [first, done.vkey])
    other = Witness(tmp_path / "other", "other.example/w", [first])
    entry(scene)
    size = files.checkpoint().size  # type: ignore[union-attr]
    for witness in (told, other):
        assert witness.add_checkpoint(request(files, 0)).status == 200, "both keys have signed"
    (scene.state / "log.key").unlink()
    entry(scene)
    assert told.add_checkpoint(request(files, size)).status == 200
    assert other.add_checkpoint(request(files, size)).status == 403


def test_the_announcement_that_a_bundle_carries_leads_from_key_to_key(scene: Scene) -> None:
    scene.sequence()
    done = rotate(scene)
    entry(scene)
    size = files_of(scene).checkpoint().size  # type: ignore[union-attr]
    with scene.db() as session:
        ((index, at, said),) = log_rotation.exhibits(session, [done], size)
    assert index == done.index < at <= size
    checkpoint = verify_log(said["checkpoint"], parse_vkey(done.previous))
    leaf = merkle.leaf_hash(said["entry"].encode())
    proof = [unb64(node) for node in said["proof"]]
    assert merkle.inclusion_holds(leaf, index, at, proof, checkpoint.root)
    assert json.loads(said["payload"])["next"] == done.vkey
    with scene.db() as session:
        assert log_rotation.exhibits(session, [done], done.index) == [], "not before it was announced"


def test_a_backup_holds_the_keys_that_came_later(scene: Scene) -> None:
    rotate(scene)
    (scene.state / "log.key").unlink()
    names = backup.open_keys(backup.seal_keys(scene.state, "a long passphrase"), "a long passphrase")
    assert set(names) == {"master.key", "log/0001.key"}
    seed = names["log/0001.key"]
    assert (
        str(verifier_key(scene.registry.settings["ledger.origin"], LOG_KEY, seed))
        in (files_of(scene).path / rotation.FILE).read_text()
    )
