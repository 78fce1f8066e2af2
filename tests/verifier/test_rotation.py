"""The verifier follows the log from key to key, and no further than the log itself announced."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import tradehall_verify as verifier
from bidding.vault.encoding import format_time
from tests.verifier.pki import NoteSigner, Parties
from tests.verifier.story import Story
from trading.ledger import merkle
from trading.ledger.canonical import dumps
from trading.ledger.checkpoint import LOG_KEY, Checkpoint, b64, cosign, sign_checkpoint
from trading.ledger.entry import Entry, payload_commitment
from trading.ledger.rotation import announcement

Verify = Callable[[bytes, bytes], tuple[int, str]]
NEXT = b"n" * 32


@pytest.fixture(scope="module")
def parties() -> Parties:
    return Parties()


@pytest.fixture
def verify(tmp_path: Path) -> Verify:
    def run(tar: bytes, trust: bytes) -> tuple[int, str]:
        (tmp_path / "bundle.tar").write_bytes(tar)
        (tmp_path / "trust.json").write_bytes(trust)
        lines: list[str] = []
        code = verifier.main(
            [str(tmp_path / "bundle.tar"), "--trust", str(tmp_path / "trust.json")], lines.append
        )
        return code, "\n".join(lines)

    return run


class Rotated(Story):
    """The log's key is rotated after the bids; from then on only the new one signs."""

    announced: dict[str, Any] | None = None
    both = False

    def bids(self) -> None:
        super().bids()
        self.announce(NEXT)

    def announce(self, seed: bytes, signer: bytes | None = None) -> None:
        body, nonce = dumps(announcement(str(self.parties.log.key), seed)), self.rng(32)
        commitment = payload_commitment(nonce, body).hex()
        entry = Entry(
            self.rng(16).hex(), format_time(self.tick()), "key.next", None, "operator", None, (commitment,)
        )
        index = self.append(entry.to_bytes(), mine=False)
        leaves = [merkle.leaf_hash(each) for each in self.log]
        head = Checkpoint(self.parties.log.name, len(leaves), merkle.tree_root(leaves))
        note = sign_checkpoint(head, signer or self.parties.log.seed)
        witness = self.parties.witness
        note += cosign(note, witness.name, witness.seed, int(self.now.timestamp()))
        self.notes[head.size] = note
        proof = merkle.inclusion_proof(merkle.leaves_reader(leaves), index, head.size)
        self.announced = {
            "v": 1, "typ": "ebid.rotation", "index": index, "entry": entry.to_bytes().decode(),
            "payload": body.decode(), "nonce": b64(nonce), "proof": [b64(node) for node in proof],
            "checkpoint": note,
        }  # fmt: skip

    def checkpoint(self) -> tuple[Checkpoint, str]:
        if self.announced is None:
            return super().checkpoint()
        leaves = [merkle.leaf_hash(body) for body in self.log]
        head = Checkpoint(self.parties.log.name, len(leaves), merkle.tree_root(leaves))
        seeds = [self.parties.log.seed, NEXT] if self.both else [NEXT]
        note = sign_checkpoint(head, *seeds)
        witness = self.parties.witness
        note += cosign(note, witness.name, witness.seed, int(self.now.timestamp()) + 1)
        self.notes[head.size] = note
        return head, note

    def prove(self) -> None:
        super().prove()
        if self.announced is not None:
            self.files[f"log/rotations/{self.announced['index']}.json"] = dumps(self.announced)

    @property
    def rotation(self) -> str:
        return next(path for path in self.files if path.startswith("log/rotations/"))


@pytest.fixture
def rotated(parties: Parties) -> Rotated:
    return Rotated(parties).build()  # type: ignore[return-value]


def test_a_key_announced_in_the_log_is_followed_and_named(rotated: Rotated, verify: Verify) -> None:
    code, text = verify(rotated.pack(), rotated.trust())
    assert code == 0, text
    index = json.loads(rotated.files[rotated.rotation])["index"]
    key = NoteSigner(rotated.parties.log.name, LOG_KEY, NEXT).key.key_id.hex()
    assert f"note: the log's key {key} is announced by entry {index}, under the key before it" in text


def test_a_new_key_that_nobody_announced_is_refused(rotated: Rotated, verify: Verify) -> None:
    del rotated.files[rotated.rotation]
    code, text = verify(rotated.pack(), rotated.trust())
    assert code == 1
    assert "V2  FAIL log/checkpoint: is not signed by the log's key" in text


def test_a_key_listed_in_the_trust_file_needs_no_announcement(rotated: Rotated, verify: Verify) -> None:
    index = json.loads(rotated.files.pop(rotated.rotation))["index"]
    trust = json.loads(rotated.trust())
    vkey = str(NoteSigner(rotated.parties.log.name, LOG_KEY, NEXT).key)
    trust["log"]["rotations"] = [{"vkey": vkey, "index": index}]
    code, text = verify(rotated.pack(), dumps(trust))
    assert code == 0, text
    trust["log"]["rotations"] = [{"vkey": vkey, "index": len(rotated.log)}]
    code, text = verify(rotated.pack(), dumps(trust))
    assert code == 1
    assert "is signed only by a key that the log announced later" in text


def test_checkpoints_under_both_keys_need_no_announcement(parties: Parties, verify: Verify) -> None:
    story = Rotated(parties)
    story.both = True
    story.build()
    del story.files[story.rotation]
    code, text = verify(story.pack(), story.trust())
    assert code == 0, text


@pytest.mark.parametrize(
    ("field", "words"),
    [
        ("proof", "is not in the log that the key before it signed"),
        ("payload", "is not the announcement of a key"),
        ("signer", "its checkpoint is not signed by the key before it"),
        ("previous", "was announced under a key that nobody vouches for"),
        ("sig", "was not signed by the key that it announces"),
    ],
)
def test_a_forged_announcement_is_refused(rotated: Rotated, verify: Verify, field: str, words: str) -> None:
    said = json.loads(rotated.files[rotated.rotation])
    payload = json.loads(said["payload"])
    if field == "proof":
        said["proof"][0] = b64(bytes(32))
    elif field == "payload":
        said["payload"] = dumps(payload | {"key": "other"}).decode()
    elif field == "signer":
        lines = said["checkpoint"].partition("\n\n")[0]
        point = verifier.parse_checkpoint(said["checkpoint"].encode())
        said["checkpoint"] = sign_checkpoint(Checkpoint(point.origin, point.size, point.root), NEXT)
        assert said["checkpoint"].startswith(lines)
    else:  # a payload of its own, with the entry made to fit: the log has it nowhere
        change = {"previous": str(NoteSigner("a/b", LOG_KEY, b"x" * 32).key), "sig": b64(bytes(64))}
        body = dumps(payload | {field: change[field]})
        nonce = verifier.b64std(said["nonce"])
        entry = json.loads(said["entry"]) | {"pl": [payload_commitment(nonce, body).hex()]}
        said |= {"payload": body.decode(), "entry": dumps(entry).decode()}
    rotated.files[rotated.rotation] = dumps(said)
    code, text = verify(rotated.pack(), rotated.trust())
    assert code == 1
    assert words in text
