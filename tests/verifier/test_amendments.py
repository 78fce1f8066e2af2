"""A tender amended once: two versions of documents and policy, bids sealed again, and what can be hidden of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import tradehall_verify as verifier
from bidding.vault.close import CloseEntry
from bidding.vault.encoding import format_time, sha256
from bidding.vault.policy import parse_policy
from tests.verifier.pki import Parties
from tests.verifier.story import DEADLINE, Story, hexhash
from trading.ledger.canonical import dumps

VERSIONED = ("notice.json", "notice.p7s", "policy.json", "policy.p7s", "documents.json", "evaluation.json")


class Amended(Story):
    """Bidder 1 has bid when the documents are amended, and seals again; `keep_old` lets the hall count the
    bid that was sealed for the first version too. `said` changes what the notice says."""

    def __init__(self, parties: Parties, *, keep_old: bool = False, **said: Any) -> None:
        super().__init__(parties)
        self.keep_old, self.said = keep_old, said

    def bids(self) -> None:
        self.rows: list[CloseEntry] = []
        first = self.bid(0, 1, "valid" if self.keep_old else "policy-superseded")
        self.amend()
        if not self.keep_old:
            self.bid(0, 2, "valid", replaces=first)
        self.bid(1, 1, "valid")
        self.bid(2, 1, "valid")

    def amend(self) -> None:
        old = {name: self.files.pop(f"tender/{name}") for name in VERSIONED}
        self.files |= {f"tender/v1/{name}": raw for name, raw in old.items()}
        policy = json.loads(old["policy.json"]) | {"version": 2, "replaces": hexhash(old["policy.json"])}
        self.policy = parse_policy(dumps(policy))
        new, new_p7s = self.signed("tender/policy", self.policy.raw, "tenderer")
        files = [{"name": "v2.pdf", "size": 2, "sha256": hexhash(b"v2")}]
        self.files["tender/documents.json"] = dumps({"v": 1, "typ": "ebid.documents", "files": files})
        self.files["tender/evaluation.json"] = old["evaluation.json"]
        hashes = {n: hexhash(self.files[f"tender/{n}.json"]) for n in ("documents", "evaluation")}
        notice = json.loads(old["notice.json"]) | {
            "published": format_time(self.now), "policy": new, **hashes, "version": 2, "reason": "asked",
            "replaces": hexhash(old["notice.json"]), "affects_bids": True, "least_days": 10, "reseal": True,
            "changes": [{"field": "delivery_days", "old": "30", "new": "20"}], "policies": [],
        }  # fmt: skip
        said, p7s = self.signed("tender/notice", notice | self.said, "tenderer")
        payload = {"notice": said, "p7s": p7s, "policy": new, "policy_p7s": new_p7s, **hashes}
        self.amendment = self.act("tender.amended", {"version": 2, **payload})


@pytest.fixture(scope="module")
def parties() -> Parties:
    return Parties()


@pytest.fixture(scope="module")
def honest(parties: Parties) -> Amended:
    story = Amended(parties)
    story.build()
    return story


@pytest.fixture
def story(parties: Parties, honest: Amended) -> Amended:
    """A copy of the honest tender, to tamper with."""
    copy = Amended(parties)
    copy.__dict__.update(honest.__dict__)
    copy.files, copy.regulator, copy.log = dict(honest.files), set(honest.regulator), list(honest.log)
    copy.mine, copy.openings, copy.notes = list(honest.mine), list(honest.openings), dict(honest.notes)
    return copy


Verify = Callable[[Story], tuple[int, str]]


@pytest.fixture
def verify(tmp_path: Path) -> Verify:
    def run(story: Story) -> tuple[int, str]:
        (tmp_path / "bundle.tar").write_bytes(story.pack())
        (tmp_path / "trust.json").write_bytes(story.trust())
        lines: list[str] = []
        arguments = [str(tmp_path / "bundle.tar"), "--trust", str(tmp_path / "trust.json")]
        return verifier.main(arguments, lines.append), "\n".join(lines)

    return run


def built(parties: Parties, **options: Any) -> Amended:
    story = Amended(parties, **options)
    story.build()
    return story


def test_a_bundle_with_two_policy_versions_is_verified(honest: Amended, verify: Verify) -> None:
    code, text = verify(honest)
    assert code == 0, text
    assert "VERIFIED" in text
    assert f"version 2 of the documents came 11 days before its deadline {format_time(DEADLINE)}" in text
    statuses = [row["status"] for row in json.loads(honest.files["opening/close.json"])["entries"]]
    assert statuses == ["policy-superseded", "valid", "valid", "valid"]


def test_a_bid_of_the_old_version_that_was_opened_is_named(parties: Parties, verify: Verify) -> None:
    code, text = verify(built(parties, keep_old=True))
    assert code == 1
    assert "V4  FAIL" in text and "its status is valid, by the log it is policy-superseded" in text
    assert "was sealed under another policy" in text


def test_an_amendment_that_is_left_out_of_the_bundle_is_noticed(story: Amended, verify: Verify) -> None:
    """The hall shows the first version as the one that counts; the entry of the amendment still stands."""
    for name in VERSIONED:
        story.files[f"tender/{name}"] = story.files.pop(f"tender/v1/{name}")
    code, text = verify(story)
    assert code == 1
    assert "the log records 2 versions of the documents, the bundle holds tender" in text
    assert "(tender.amended) recorded is missing" in text


def test_an_amendment_whose_entry_is_left_out_too_is_noticed(story: Amended, verify: Verify) -> None:
    for name in VERSIONED:
        story.files[f"tender/{name}"] = story.files.pop(f"tender/v1/{name}")
    for path in (f"log/entries/{story.amendment}.json", f"log/proofs/{story.amendment}.tlog-proof"):
        del story.files[path]
    code, text = verify(story)
    assert code == 1
    assert f"entry {story.amendment} is listed by the tender's manifest but missing" in text


def test_the_replaced_version_cannot_be_left_out_or_exchanged(story: Amended, verify: Verify) -> None:
    story.files["tender/v1/documents.json"] = dumps({"v": 1, "typ": "ebid.documents", "files": [1]})
    code, text = verify(story)
    assert code == 1 and "tender/v1/documents.json is not a document that the log recorded" in text
    for name in VERSIONED:
        del story.files[f"tender/v1/{name}"]
    code, text = verify(story)
    assert code == 1 and "the log records 2 versions" in text


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"least_days": 15}, "left 11 days to the deadline where 15 are due"),
        ({"replaces": "0" * 64}, "its notice does not replace the version before it"),
        ({"affects_bids": False}, "says that no bid is affected, and changes delivery_days"),
        ({"version": 3}, "its notice does not replace the version before it"),
    ],
)
def test_an_amendment_too_late_or_out_of_order_is_named(
    parties: Parties, verify: Verify, said: dict[str, Any], words: str
) -> None:
    code, text = verify(built(parties, **said))
    assert code == 1 and words in text, text


def test_a_custodians_release_for_the_old_policys_bid_opens_nothing_that_counts(honest: Amended) -> None:
    old = [
        row for row in json.loads(honest.files["opening/close.json"])["entries"] if row["status"] != "valid"
    ]
    opened = {row["manifest"] for row in json.loads(honest.files["opening/outcomes.json"])["bids"]}
    assert old and not opened & {row["manifest"] for row in old}
    assert sha256(honest.sealed[0].manifest).hex() in opened
