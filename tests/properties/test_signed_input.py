"""Damaged signatures and damaged bundles are judged, never a crash (签名与审计包的不良输入)."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

import tradehall_verify
from tests.pki import NOW, Pki, Sm2Pki
from tests.verifier.pki import Parties
from tests.verifier.story import Story
from trading.errors import Refused

DATA = b"what is signed"
BOMBS = [
    b"",
    b"\0",
    b"\x30\x80" * 50_000,
    b"\x30\x84\xff\xff\xff\xff",
    b"\xff" * 5000,
    b"-----BEGIN PKCS7-----",
]
VALUES = [None, True, -1, 10**40, 1.5, "", "x" * 5000, "\udc80", [], {}, [[]], {"v": 2}]


def damaged(data: bytes, dice: random.Random) -> bytes:
    """The same with some bytes changed, cut out or put in."""
    made = bytearray(data)
    for _ in range(dice.randint(1, 3)):
        at = dice.randrange(len(made) + 1)
        made[at : at + dice.choice((0, 1, 1, 1, 40))] = dice.randbytes(dice.choice((0, 1, 1, 1, 9)))
    return bytes(made)


@pytest.mark.parametrize("family", [Pki, Sm2Pki], ids=["x509", "sm2"])
def test_a_damaged_signature_is_refused_in_words(family: type[Pki], tmp_path: Path) -> None:
    pki = family(tmp_path)
    judge, cms, dice = pki.verifier(), pki.signer().sign(DATA, NOW), random.Random(1)
    judge.verify(DATA, cms, NOW)
    for wrong in [*BOMBS, *(damaged(cms, dice) for _ in range(40))]:
        try:
            judge.verify(DATA, wrong, NOW)
        except Refused as refused:
            assert refused.faults


@pytest.fixture(scope="module")
def honest() -> Story:
    return Story(Parties()).build()


def verdict(tar: bytes, trust: bytes, folder: Path) -> tuple[int, list[str]]:
    (folder / "bundle.tar").write_bytes(tar)
    (folder / "trust.json").write_bytes(trust)
    said: list[str] = []
    arguments = [str(folder / "bundle.tar"), "--trust", str(folder / "trust.json")]
    return tradehall_verify.main(arguments, said.append), "\n".join(said).splitlines()


def judged(code: int, lines: list[str]) -> bool:
    return code in (0, 1, 2) and bool(lines)


def test_a_bundle_with_damaged_bytes_gets_a_verdict(honest: Story, tmp_path: Path) -> None:
    story = honest
    tar, trust, dice = story.pack(), story.trust(), random.Random(2)
    for _ in range(15):
        assert judged(*verdict(damaged(tar, dice), trust, tmp_path))
    for bomb in BOMBS:
        assert verdict(bomb, trust, tmp_path)[0] == 2
        assert verdict(tar, bomb, tmp_path)[0] == 2


def test_a_bundle_whose_documents_say_nonsense_gets_a_verdict(honest: Story, tmp_path: Path) -> None:
    """The log's own key signs it, as an operator could: every check meets the nonsense."""
    story = honest
    dice = random.Random(3)
    names = sorted(name for name in story.files if name.endswith(".json"))
    kept = dict(story.files)
    for name in dice.sample(names, 25):
        document = json.loads(kept[name])
        holder = document[0] if isinstance(document, list) and document else document
        if isinstance(holder, dict) and holder:
            holder[dice.choice(sorted(holder))] = dice.choice(VALUES)
        nonsense = document if dice.random() < 0.8 else dice.choice(VALUES)
        story.files = kept | {name: json.dumps(nonsense).encode()}
        try:
            code, lines = verdict(story.pack(), story.trust(), tmp_path)
        finally:
            story.files = kept
        assert judged(code, lines), name
