"""The verifier follows the authority's orders: none may be hidden, and nothing goes on against them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import tradehall_verify as verifier
from bidding.vault.encoding import sha256
from tests.verifier.pki import Parties
from tests.verifier.story import IDS, TENDER, Story

Verify = Callable[[bytes, bytes], tuple[int, str]]


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


class Ordered(Story):
    """The first award is voided by an order and rank 2 gets the award, as `more` bends it."""

    more: tuple[str, ...] = ()

    def order(self, kind: str, place: int) -> str:
        number = f"O-2026-{place:05}"
        document = {"v": 1, "typ": "ebid.order", "number": number, "tender": TENDER, "order": kind}
        raw, p7s = self.signed(f"supervision/orders/{number}", document, "tenderer")
        self.act(
            "order.issued",
            {"number": number, "place": place, "order": kind, "authority": "Finance", "reason": "r", "article": "GPL 56",
             "document": "", "case": "", "answer_by": None, "file": raw, "p7s": p7s},
        )  # fmt: skip
        return number

    def act(self, kind: str, payload: dict[str, Any], *, secret: bool = False) -> int:
        index = super().act(kind, payload, secret=secret)
        if kind == "result.published":
            self.interfere()
        return index

    def interfere(self) -> None:
        first = IDS.index(self.result["ranking"][0]["id"])
        manifest = sha256(self.sealed[first].manifest).hex()
        number = "O-2026-00001"
        if "unordered" not in self.more:
            number = self.order("void-award", 2 if "hidden" in self.more else 1)
        super().act("award.voided", {"manifest": manifest, "order": number, "reason": "r"})
        if "suspended" in self.more:
            super().act("tender.suspended", {"reason": "r", "article": "GPR 54", "document": "", "order": ""})


def ordered(parties: Parties, *more: str) -> Ordered:
    story = Ordered(parties, award_to=1)
    story.more = more
    story.build()
    return story


def test_an_award_to_the_second_after_the_first_was_voided_by_order_is_lawful(
    parties: Parties, verify: Verify
) -> None:
    story = ordered(parties)
    code, text = verify(story.pack(), story.trust())
    assert code == 0, text
    assert "void-award by order O-2026-00001 of Finance" in text


@pytest.mark.parametrize(
    ("trick", "said"),
    [
        ("hidden", "the orders of the authority are numbered [2]: one is hidden"),
        ("unordered", "rests on order O-2026-00001, which the log does not have before it"),
        ("suspended", "(award.issued) happened while the tender was suspended since entry"),
    ],
)
def test_what_goes_against_the_authority_is_named(
    parties: Parties, verify: Verify, trick: str, said: str
) -> None:
    story = ordered(parties, trick)
    code, text = verify(story.pack(), story.trust())
    assert code == 1
    assert said in text


def test_an_order_that_is_left_out_of_the_bundle_is_missed(parties: Parties, verify: Verify) -> None:
    story = ordered(parties)
    for ending in ("json", "p7s"):
        del story.files[f"supervision/orders/O-2026-00001.{ending}"]
    code, text = verify(story.pack(), story.trust())
    assert code == 1
    assert "the document file" in text and "order.issued" in text


class Ended(Story):
    """Nobody closes: the tender is given up while bids lie in it, as `more` bends it."""

    def build(self) -> Story:
        self.publish()
        self.bids()
        self.openings.clear()
        self.mine = [index for index in self.mine if b'"ebid.leaf"' not in self.log[index]]
        kept = ("tender/", "opening/keys/", "payloads/")
        self.files = {path: data for path, data in self.files.items() if path.startswith(kept)}
        self.act("tender.cancelled", {"reason": "r", "article": "M87 29", "document": "", "order": ""})
        return self


def test_a_tender_given_up_before_its_close_is_verified_without_a_closing_list(
    parties: Parties, verify: Verify
) -> None:
    story = Ended(parties).build()
    story.finish()
    code, text = verify(story.pack(), story.trust())
    assert code == 0, text
    assert "ended before its close by entry" in text
    assert "who had bid when the tender ended" in text


def test_what_a_given_up_tender_may_not_tell_or_do_is_named(parties: Parties, verify: Verify) -> None:
    story = Ended(parties).build()
    story.act("opening.started", {"close": "0" * 64})
    story.files["bids/" + "0" * 64 + "/receipt.json"] = b"{}"
    story.finish()
    code, text = verify(story.pack(), story.trust())
    assert code == 1
    assert "(opening.started) cannot be in a tender that ended before its close" in text
    assert "/receipt.json is in the bundle of a tender that ended before its close" in text


class Admitting(Story):
    """A bid is admitted while the tender is suspended, or right after it was resumed."""

    lawful = False

    def bid(self, who: int, seq: int, status: str, replaces: bytes | None = None) -> bytes:
        stop = {
            "reason": "r",
            "article": "GPR 54",
            "document": "",
            "order": "",
            "deadline": "2026-12-01T01:00:00.000Z",
        }
        if (who, seq) == (1, 1):
            self.act("tender.suspended", stop)
            if self.lawful:
                self.act("tender.resumed", stop)
        made = super().bid(who, seq, status, replaces)
        if (who, seq) == (1, 1) and not self.lawful:
            self.act("tender.resumed", stop)
        return made


@pytest.mark.parametrize("lawful", [True, False])
def test_a_bid_admitted_during_a_suspension_is_named(parties: Parties, verify: Verify, lawful: bool) -> None:
    story = Admitting(parties)
    story.lawful = lawful
    story.build()
    code, text = verify(story.pack(), story.trust())
    assert code == (0 if lawful else 1), text
    assert ("was admitted while the tender was suspended since entry" in text) is not lawful
