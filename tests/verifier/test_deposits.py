"""Bid securities in a bundle: nothing returned that was never paid, nothing kept without a decision."""

from __future__ import annotations

from typing import Any

import pytest

from tests.verifier import test_tampering
from tests.verifier.pki import Parties
from tests.verifier.story import IDS, Story, hexhash
from tests.verifier.test_tampering import Verify
from trading.ledger.canonical import dumps

parties, verify = test_tampering.parties, test_tampering.verify
AMOUNT = "24000.00"


class Secured(Story):
    """One bidder has paid; `script` adds what the hall says it did with the security."""

    def __init__(self, parties: Parties, script: Any) -> None:
        super().__init__(parties)
        self.script = script
        self.digest = hexhash(dumps({"amount": AMOUNT, "nonce": "00" * 16}))

    def bids(self) -> None:
        self.blinded("deposit", bytes.fromhex(self.digest), 0)
        super().bids()

    def results(self) -> None:
        super().results()
        self.script(self)

    def lay_open(self, digest: str = "") -> None:
        row = {"bidder": IDS[0], "kind": "transfer", "digest": digest or self.digest, "amount": AMOUNT,
               "at": "2026-11-30T00:00:00.000Z", "findings": []}  # fmt: skip
        self.act("deposit.listed", {"deposits": [row]}, secret=True)

    def refund(self, **changes: Any) -> None:
        said = {
            "bidder": IDS[0], "digest": self.digest, "principal": AMOUNT, "interest": "10.50", "days": 45,
            "charge": "0.00", "late_days": 0, "total": "24010.50", "reason": "loser", "rule": "P6.losers",
            "last_day": "2026-12-20", "reference": "P1", "paid": "2026-12-18T00:00:00.000Z",
        }  # fmt: skip
        self.act("deposit.refunded", said | changes, secret=True)

    def decide(self, ground: str = "revoked", article: str = "M87 23", keep: bool = True) -> str:
        paper = b"the minutes"
        self.files[f"deposits/documents/{hexhash(paper)}"] = paper
        self.regulator.add(f"deposits/documents/{hexhash(paper)}")
        content = {
            "v": 1, "typ": "ebid.deposit-decision", "tender": "T-2026-001", "lot": "1", "bidder": IDS[0],
            "keep": keep, "ground": ground, "article": article, "reason": "撤销投标", "document": hexhash(paper),
            "amount": AMOUNT, "at": "2026-12-05T00:00:00.000Z",
        }  # fmt: skip
        name = f"deposits/decisions/{hexhash(dumps(content))}"
        decision, p7s = self.signed(name, content, "tenderer", secret=True)
        said = {
            "bidder": IDS[0], "keep": keep, "ground": ground, "article": article, "reason": "撤销投标",
            "document": hexhash(paper), "decision": decision, "p7s": p7s,
        }  # fmt: skip
        self.act("deposit.decided", said, secret=True)
        return decision

    def keep(self, decision: str) -> None:
        said = {
            "bidder": IDS[0], "digest": self.digest, "principal": AMOUNT, "total": AMOUNT, "decision": decision,
            "ground": "revoked", "article": "M87 23", "reference": "P2", "paid": "2026-12-06T00:00:00.000Z",
        }  # fmt: skip
        self.act("deposit.forfeited", said, secret=True)


@pytest.fixture
def told(parties: Parties, verify: Verify) -> Any:
    def tell(script: Any) -> tuple[int, str]:
        story = Secured(parties, script).build()
        code, text = verify(story.pack(), story.trust())
        return code, text

    return tell


def refunded(story: Secured) -> None:
    story.lay_open()
    story.refund()


def kept(story: Secured) -> None:
    story.lay_open()
    story.keep(story.decide())


@pytest.mark.parametrize("script", [refunded, kept])
def test_a_security_that_was_paid_and_returned_or_lawfully_kept_is_verified(told: Any, script: Any) -> None:
    code, said = told(script)
    assert code == 0, said


def lists_what_is_not_in_the_log(story: Secured) -> None:
    story.lay_open("ab" * 32)


def returns_to_a_stranger(story: Secured) -> None:
    story.lay_open()
    story.refund(bidder=IDS[1])


def returns_what_nobody_paid(story: Secured) -> None:
    story.refund()
    story.lay_open("cd" * 32)


def returns_twice(story: Secured) -> None:
    refunded(story)
    story.refund()


def returns_more(story: Secured) -> None:
    story.lay_open()
    story.refund(principal="25000.00", total="25010.50")


def adds_up_wrongly(story: Secured) -> None:
    story.lay_open()
    story.refund(total="24011.00")


def keeps_without_a_decision(story: Secured) -> None:
    story.lay_open()
    story.keep("ef" * 32)


def keeps_after_deciding_to_return(story: Secured) -> None:
    story.lay_open()
    story.keep(story.decide(keep=False))


def keeps_in_no_listed_case(story: Secured) -> None:
    story.lay_open()
    story.keep(story.decide(ground="lost-the-tender"))


@pytest.mark.parametrize(
    ("script", "words"),
    [
        (lists_what_is_not_in_the_log, "no deposit leaf of the log holds"),
        (returns_to_a_stranger, "that it never paid"),
        (returns_what_nobody_paid, "that it never paid"),
        (returns_twice, "paid out twice"),
        (returns_more, "but 24000.00 was paid"),
        (adds_up_wrongly, "the total is not principal, interest and charge"),
        (keeps_without_a_decision, "without a recorded decision"),
        (keeps_after_deciding_to_return, "about something else"),
        (keeps_in_no_listed_case, "the law lists no case"),
    ],
)
def test_what_a_dishonest_hall_does_with_a_security_is_named(told: Any, script: Any, words: str) -> None:
    code, said = told(script)
    assert code == 1 and words in said, said


def test_the_public_bundle_is_verified_without_knowing_who_paid(
    parties: Parties,
    verify: Verify,
) -> None:
    story = Secured(parties, refunded).build()
    code, said = verify(story.pack(public=True), story.trust())
    assert code == 0, said
