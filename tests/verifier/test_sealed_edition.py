"""The public's edition about a tender that ended unopened verifies, and nothing in it tells who bid."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

import tradehall_verify as verifier
from bidding.vault.encoding import format_time
from tests.verifier.pki import Parties
from tests.verifier.story import DEADLINE, IDS, Story

Verify = Callable[..., tuple[int, str]]


@pytest.fixture(scope="module")
def parties() -> Parties:
    return Parties()


@pytest.fixture
def verify(tmp_path: Path) -> Verify:
    def run(story: Story, *earlier: bytes) -> tuple[int, str]:
        names = {"bundle.tar": story.pack(), "trust.json": story.trust()}
        names |= {f"receipt{number}.json": raw for number, raw in enumerate(earlier)}
        for name, data in names.items():
            (tmp_path / name).write_bytes(data)
        mine = [
            text
            for name in names
            if name.startswith("receipt")
            for text in ("--earlier", str(tmp_path / name))
        ]
        lines: list[str] = []
        command = [str(tmp_path / "bundle.tar"), "--trust", str(tmp_path / "trust.json"), *mine]
        return verifier.main(command, lines.append), "\n".join(lines)

    return run


class Unopened(Story):
    """Bids come, the tender is closed, and fails before its opening; the export keeps every bid blinded."""

    edition = "sealed"
    article = "M87 43"

    def build(self) -> Story:
        self.fail()
        self.finish()
        return self

    def fail(self) -> None:
        self.publish()
        self.bids()
        self.now = DEADLINE
        at = format_time(DEADLINE)
        self.act("tender.closed", {"deadline": at, "at": at})
        head, _ = self.checkpoint()
        self.manifest("0" * 64, head, [row.leaf_index for row in self.rows])
        self.withhold_last()
        self.act("tender.failed", {"reason": "fewer than three bidders", "article": self.article})

    def withhold_last(self) -> None:
        """The closing list's own manifest entry stays; what it says is for the regulator."""
        newest = list(self.files)[-4:]
        self.files = {path: data for path, data in self.files.items() if path not in newest}

    def finish(self) -> None:
        self.openings.clear()
        self.mine = [index for index in self.mine if b'"ebid.leaf"' not in self.log[index]]
        kept = ("tender/", "opening/keys/", "payloads/")
        hidden = self.regulator | {path for path in self.files if not path.startswith(kept)}
        self.files = {path: data for path, data in self.files.items() if path not in hidden}
        self.regulator = set()
        self.notes.clear()
        super().finish()
        self.files = {path: data for path, data in self.files.items() if path not in self.regulator}
        self.regulator = set()

    def manifest_more(self) -> dict[str, Any]:
        return {} if self.openings else {"sealed": True}


def test_an_unopened_tender_is_verified_without_a_word_about_its_bids(
    parties: Parties, verify: Verify
) -> None:
    story = Unopened(parties).build()
    code, text = verify(story)
    assert code == 0, text
    assert "no closing list, the tender ended unopened" in text
    assert "ended before its opening by entry" in text and "(closed by entry" in text
    assert "not checked: who had bid: no bid was opened" in text
    assert "not checked: that too few had bid" in text
    everything = b"".join(story.files.values())
    for name in IDS:
        assert name.encode() not in everything
    for row in story.rows:
        assert row.manifest.hex().encode() not in everything
        assert f"log/entries/{row.leaf_index}.json" not in story.files


def test_the_holder_of_a_receipt_hears_that_this_edition_cannot_tell(
    parties: Parties, verify: Verify
) -> None:
    story = Unopened(parties).build()
    code, text = verify(story, next(iter(story.receipts.values())))
    assert code == 0, text
    assert "this bundle has no closing list, nothing was opened" in text


class Opened(Unopened):
    """The opening had begun; the hall pretends that nobody saw a bid."""

    def fail(self) -> None:
        super().fail()
        self.act("opening.started", {"close": "0" * 64})


class ClosedEarly(Unopened):
    """The close comes before the deadline."""

    def act(self, kind: str, payload: dict[str, Any], *, secret: bool = False) -> int:
        if kind == "tender.closed":
            self.now = DEADLINE - timedelta(days=1)
        return super().act(kind, payload, secret=secret)


class AsWhole(Unopened):
    """Given up before the close; the manifest keeps bids blinded, in a bundle that says it is a whole one."""

    edition = ""

    def fail(self) -> None:
        self.publish()
        self.bids()
        self.act("tender.cancelled", {"reason": "r", "article": "M87 29", "document": "", "order": ""})


class Named(Unopened):
    """Somebody's bid lies in it."""

    def finish(self) -> None:
        super().finish()
        self.files["bids/" + "0" * 64 + "/receipt.json"] = b"{}"


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (Opened, "(opening.started) cannot be in a tender that ended before its opening"),
        (Named, "is in the bundle of a tender that ended before its opening"),
        (ClosedEarly, "the tender was closed before its deadline"),
        (AsWhole, "was made for another edition of the bundle"),
    ],
)
def test_what_a_sealed_edition_may_not_be_is_named(
    parties: Parties, verify: Verify, made: type[Unopened], said: str
) -> None:
    code, text = verify(made(parties).build())
    assert code == 1
    assert said in text
