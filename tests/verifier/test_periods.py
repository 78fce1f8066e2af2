"""Keys of the trust file that follow each other: each counts in its time, and an old tender stays verifiable."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

import tradehall_verify as verifier
from bidding.vault.encoding import format_time
from tests.verifier.pki import Authority, NoteSigner, Parties
from tests.verifier.story import Story
from trading.ledger.canonical import dumps
from trading.ledger.checkpoint import WITNESS_KEY

Judge = Callable[[dict[str, Any]], tuple[int, str]]
EVER, LATER = timedelta(days=-400), timedelta(days=1)


@pytest.fixture(scope="module")
def story() -> Story:
    return Story(Parties()).build()


@pytest.fixture
def trust(story: Story) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(story.trust())
    return found


@pytest.fixture
def judge(story: Story, tmp_path: Path) -> Judge:
    def run(trust: dict[str, Any]) -> tuple[int, str]:
        (tmp_path / "bundle.tar").write_bytes(story.pack())
        (tmp_path / "trust.json").write_bytes(dumps(trust))
        lines: list[str] = []
        arguments = [str(tmp_path / "bundle.tar"), "--trust", str(tmp_path / "trust.json")]
        return verifier.main(arguments, lines.append), "\n".join(lines)

    return run


def at(story: Story, distance: timedelta) -> str:
    return format_time(story.now + distance)


def next_witness(story: Story, **more: Any) -> dict[str, Any]:
    """A row for the next key of the story's witness."""
    key = NoteSigner("witness.example/w2", WITNESS_KEY, b"2" * 32).key
    return {
        "vkey": str(key),
        "controller": "Supervision Office",
        "succeeds": str(story.parties.witness.key),
    } | more


def next_root(**more: Any) -> dict[str, Any]:
    pem = Authority("Another root").certificate.public_bytes(Encoding.PEM).decode()
    return {"pem": pem, "controller": "Authority"} | more


def test_a_trust_file_with_keys_that_came_later_still_verifies_an_old_tender(
    story: Story, trust: dict[str, Any], judge: Judge
) -> None:
    later = at(story, LATER)
    trust["witnesses"][0]["until"] = later
    trust["witnesses"].append(next_witness(story, **{"from": later}))
    for kind in ("ca_roots", "tsa_roots"):
        trust[kind][0]["until"] = later
        trust[kind].append(next_root(**{"from": later}))
    certificate = trust["custodians"][0]["cert_sha256"][0]
    trust["custodians"][0]["cert_sha256"].append("ab" * 32)
    trust["custodians"][0]["periods"] = {certificate: {"until": later}, "ab" * 32: {"from": later}}
    trust["log"]["until"] = len(story.log) + 100
    code, text = judge(trust)
    assert code == 0, text
    assert "independence: 1 of 1 witnesses" in text, "two keys that follow each other are one witness"


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("witnesses", "fewer than 1 trusted witnesses cosigned"),
        ("ca_roots", "the trust file does not accept the root"),
        ("tsa_roots", "the trust file does not accept the root"),
        ("custodians", "the trust file does not accept its certificate"),
        ("log", "is signed only by a key that the trust file says was retired before"),
    ],
)
def test_a_key_does_not_count_after_its_time(
    story: Story, trust: dict[str, Any], judge: Judge, kind: str, words: str
) -> None:
    ended = {"until": at(story, EVER)}
    if kind == "custodians":
        row = trust[kind][0]
        row["periods"] = {row["cert_sha256"][0]: ended}
    elif kind == "log":
        trust[kind]["until"] = 3
    else:
        trust[kind][0] |= ended
    code, text = judge(trust)
    assert code == 1
    assert words in text


@pytest.mark.parametrize("kind", ["witnesses", "ca_roots", "tsa_roots"])
def test_a_key_that_counted_then_and_is_not_in_the_bundle_is_a_difference(
    story: Story, trust: dict[str, Any], judge: Judge, kind: str
) -> None:
    started = {"from": at(story, EVER)}
    trust[kind].append(next_witness(story, **started) if kind == "witnesses" else next_root(**started))
    code, text = judge(trust)
    assert code == 1
    assert "is not what the trust file says" in text


def test_a_bundle_that_names_a_key_that_the_trust_file_does_not_know_is_refused(
    story: Story, trust: dict[str, Any], tmp_path: Path, judge: Judge
) -> None:
    inner = verifier.Trust.parse(
        dumps(trust | {"ca_roots": [*trust["ca_roots"], next_root(**{"from": at(story, LATER)})]})
    )
    assert inner.differences(verifier.Trust.parse(dumps(trust)), story.now) == ["the CA roots"]


def test_two_keys_of_one_witness_are_no_quorum_of_two(
    story: Story, trust: dict[str, Any], judge: Judge
) -> None:
    trust["witnesses"].append(next_witness(story))
    trust["quorum"] = 2
    code, text = judge(trust)
    assert code == 2
    assert "quorum cannot be met" in text
    trust["witnesses"][1]["succeeds"] = "nobody"
    code, text = judge(trust)
    assert code == 2
    assert "succeeds one that is not there" in text
