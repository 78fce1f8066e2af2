"""A small tender whose people retry: three bidders at once, one of whom never decrypts; a drawn committee scores."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from bidding.vault.encoding import unb64
from bidding.vault.receipt import parse_receipt
from config import bidder as device
from config.demo import files, people, play
from config.demo.client import Person, until
from config.demo.play import Story
from tests.faults import committee
from tests.faults.points import PHASES
from tests.faults.striking import Blow, Striker
from trading import clock

BIDDERS = ("bidder1", "bidder2", "bidder3")
OFFERS = {
    "bidder1": ("2005600.00", "Aurora"),
    "bidder2": ("1985600.00", "Borealis"),
    "bidder3": ("2100000.00", "Cirrus"),
}
"""login: price, brand. With the replacement of bidder 1 two prices are the same"""
BIG = 18 << 20
"""bytes of bidder 1's documents: three pieces"""
PATIENCE = 300.0
"""seconds until something that should come counts as lost; bites only when it is really stuck"""
LONGEST_PAUSE = 2.0
"""seconds between two tries of these people"""


@dataclass
class Kept:
    """What the bidders hold in their hands at the end."""

    receipts: list[tuple[str, bytes]] = field(default_factory=list)
    """every receipt that the hall ever gave: login and bytes"""
    sent: dict[str, device.SealedBid] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)


class Played(Story):
    """One tender; `url` is the line through which its people reach the hall."""

    def __init__(
        self, hall: Any, folder: Path, url: str, strike: Callable[[Blow], Striker], blows: list[Blow]
    ) -> None:
        super().__init__(hall, folder, lambda line: None)
        self.url, self.kept = url, Kept()
        self.seconds: dict[str, float] = {}
        self.drawn_from = clock.now()
        self.stubborn = False
        """whether people send again by themselves what may have been lost"""
        self._strike, self._blows = strike, blows
        self._strikers: list[Striker] = []

    def person(self, login: str) -> Person:
        kind = committee.Stubborn if self.stubborn else Person
        return kind(self.url, self.hall.state, login)

    def at(self, point: str) -> None:
        """A client's own moment."""
        for striker in self._strikers:
            striker.reach(point)

    def play(self) -> None:
        """From the first upload to the award, every phase under its blows."""
        for phase, act in (
            (("upload", "admission"), hand_in_all),
            (("close",), pass_deadline),
            (("opening", "release"), decrypt_and_open),
            (("draw", "calls"), committee.draw_and_call),
            (("arrival",), committee.seat),
            (("scores",), committee.score),
            (("tie",), committee.break_tie),
            (("report",), committee.report),
            (("award",), award),
        ):
            assert set(phase) <= set(PHASES)
            self.stubborn = act.__module__ == committee.__name__
            self._strikers = [self._strike(blow) for blow in self._blows if blow.point.phase in phase]
            for striker in self._strikers:
                striker.start()
            began = time.monotonic()
            try:
                act(self)
            finally:
                for striker in self._strikers:
                    striker.end()
            self.seconds["+".join(phase)] = time.monotonic() - began


def again(act: Callable[[], Any], done: Callable[[], Any], what: str) -> Any:
    """What a person does whose page broke: the act once more, unless a look shows that it is done. A refusal
    counts only when nothing is done."""
    limit = time.monotonic() + PATIENCE
    while True:
        try:
            return act()
        except device.HallRefused as refused:
            if done():
                return None
            if refused.status < 500 and time.monotonic() > limit - PATIENCE / 2:
                raise
        except device.BidError:
            if time.monotonic() > limit:
                raise
        if time.monotonic() > limit:
            raise TimeoutError(f"{what} did not succeed within {PATIENCE:.0f} s")
        time.sleep(0.5)


def hand_in_all(story: Played) -> None:
    """All bidders at once; bidder 1 replaces its bid."""
    first = device.Hall(story.url)
    story.policy = device.fetch_policy(first, story.code, story.hall.state / "trust")
    with ThreadPoolExecutor(len(BIDDERS)) as pool:
        for done in [pool.submit(hand_in, story, login) for login in BIDDERS]:
            done.result()
    hand_in(story, "bidder1", again_=True)


def hand_in(story: Played, login: str, again_: bool = False) -> None:
    hall, signer = story.own_device(login)
    folder = story.folder / (login + ("-again" if again_ else ""))
    folder.mkdir()
    price, brand = OFFERS[login]
    total = Decimal(price) - (Decimal("20000.00") if again_ else 0)
    asked = story.person(login).get(story.api())["items"]
    items = files.offer(asked, total, brand)
    paper = folder / "投标函.txt"
    paper.write_bytes(os.urandom(BIG) if login == "bidder1" and not again_ else os.urandom(5000))
    sheet = device.price_sheet(items, 30, brand, [])
    seq, replaces = device.next_place(hall, story.code)
    sealed = device.seal(
        story.policy, signer, sheet, [paper], folder, people.PASSWORD, rng=os.urandom, seq=seq, replaces=replaces
    )  # fmt: skip
    announcing = Announcing(hall, story)
    submitted = device.submit(announcing, sealed.sealed)
    story.kept.sent[login + "+" * again_] = story.sealed[login] = sealed
    gather_receipts(story, hall, login, submitted.receipt, sealed)


class Announcing(device.Hall):
    """Says when it is about to submit."""

    def __init__(self, hall: device.Hall, story: Played) -> None:
        self.__dict__ |= hall.__dict__
        self._story = story

    def post(self, path: str, document: Any) -> Any:
        if path.endswith("/submit"):
            self._story.at("admission.asked")
        return super().post(path, document)


def gather_receipts(
    story: Played, hall: device.Hall, login: str, address: str, sealed: device.SealedBid
) -> None:
    """Every version of the receipt, until witness and stamp are in it or have had their time."""
    limit = time.monotonic() + 20
    while True:
        raw = device.wait_receipt(hall, address)
        checks = device.judge_receipt(raw, sealed.sealed, story.hall.state / "trust")
        if bad := [check for check in checks if check.state == "FAIL"]:
            raise AssertionError(f"{login}: a receipt does not hold: {bad}")
        if (login, raw) not in story.kept.receipts:
            story.kept.receipts.append((login, raw))
        pending = [check for check in checks if check.state == "PENDING" and check.number == 5]
        if (not pending and parse_receipt(raw).tsa is not None) or time.monotonic() > limit:
            return
        time.sleep(0.2)


def pass_deadline(story: Played) -> None:
    """The clock reaches the deadline; a withdrawal after it must be refused, whatever is broken."""
    agent = story.person("agent")
    story.ahead_to(clock.parse_rfc3339(agent.get(story.api())["deadline"]))
    story.at("close.due")
    hall, signer = story.own_device("bidder2")
    try:
        device.withdraw(hall, signer, story.sealed["bidder2"].sealed)
    except device.HallRefused as refused:
        story.kept.refused.append(str(refused))
    else:
        raise AssertionError("the hall took a withdrawal after the deadline")
    until(lambda: agent.get(story.api())["state"] not in ("published", "closed"), "the close", PATIENCE)


def decrypt_and_open(story: Played) -> None:
    """Two bidders decrypt, the third one's bid is opened by the custodians; the record is signed."""
    agent = story.person("agent")
    opening = until(lambda: agent.get(story.api("/opening"))["opening"], "the opening", PATIENCE)
    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(decrypt, story, login) for login in BIDDERS[:2]]:
            done.result()
    story.ahead_to(clock.parse_rfc3339(opening["window_ends"]))
    story.at("release.asked")
    until(lambda: play.read_out(agent, story), "the reading out", PATIENCE)
    record = agent.get(story.api("/opening/record"))
    body = {"cms": agent.sign_b64(record["record"])}
    story.at("opening.record")
    again(
        lambda: agent.post(story.api("/opening/record"), body),
        lambda: agent.get(story.api("/opening"))["opening"]["recorded"],
        "the record",
    )


def decrypt(story: Played, login: str) -> None:
    hall, signer = story.own_device(login)
    story.at("release.own-key")
    key = story.sealed[login].key_file.read_bytes()
    device.decrypt(hall, signer, story.code, key, people.PASSWORD)


def award(story: Played) -> None:
    """The purchaser signs; winner and losers are told."""
    buyer = story.person("buyer")
    documents = buyer.get(story.api("/award"))["documents"]
    body = {f"{name}_cms": buyer.sign(unb64(doc["data"])) for name, doc in documents.items()}
    story.at("award.asked")
    again(
        lambda: buyer.post(story.api("/award"), body),
        lambda: buyer.get(story.api("/award"))["awards"],
        "the award",
    )
    for login in BIDDERS:
        until(
            lambda login=login: story.person(login).get(story.api("/my-result"))["result"],
            "the result",
            PATIENCE,
        )
