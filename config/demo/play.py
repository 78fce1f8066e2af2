"""The steps of a tender, played by its people's programs (演示步骤): all but its evaluation, which differs by method.

Every step goes over HTTP with the person's own API key and certificate; sealing, receipts and verification run on
the bidder's side."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from bidding.vault.encoding import b64
from bidding.vault.policy import Policy
from config import bidder as device
from config import supervisor
from config.demo import clock as demo_clock
from config.demo import files, people, seed
from config.demo.client import Person, until
from config.demo.contractors import code_of
from plugins.outbound import fetch
from trading import clock
from trading.clock import parse_rfc3339

VERIFIER = Path(__file__).parents[2] / "tradehall_verify.py"
OFFERS = {
    "bidder1": ("2180000.00", "Aurora", []),
    "bidder2": ("1985600.00", "Borealis", []),
    "bidder3": ("2100000.00", "Cirrus", ["micro-enterprise", "domestic-product"]),
    "bidder4": ("2050000.00", "Delphi", []),
    "bidder5": ("900000.00", "Ember", []),
}
"""login: price, brand of the core product, claims. Bidder 4 adds up wrongly, bidder 5 is far too low."""


@dataclass
class Story:
    """What the steps share."""

    hall: supervisor.Hall
    folder: Path
    say: Callable[[str], None]
    code: str = ""
    case: str = ""
    """number of the case in the approval hall"""
    accepted: date | None = None
    """the day on which it was accepted"""
    policy: Policy | None = None
    sealed: dict[str, device.SealedBid] = field(default_factory=dict)
    committee: list[Person] = field(default_factory=list)
    """of a drawn committee: who sat down; nobody knows it before"""
    sitting: datetime | None = None
    """when a drawn committee is to come"""
    bundle: Path = Path()
    suppliers: list[str] = field(default_factory=list)
    """who bids, by login, where not everybody may"""
    verdict: str = ""

    def person(self, login: str) -> Person:
        return Person(self.hall.url, self.hall.state, login)

    def api(self, path: str = "") -> str:
        return f"/api/tenders/{self.code}{path}"

    def own_device(self, login: str) -> tuple[device.Hall, device.Signer]:
        """A bidder's own computer: the hall as asked with the API key, and the opened key file."""
        who = self.person(login)
        return who.hall, device.Signer.open(who.key_file, people.PASSWORD)

    def ahead_to(self, instant: Any) -> None:
        """Let the demonstration's clock run ahead."""
        demo_clock.shift_to(demo_clock.file_of(self.hall.state), instant)

    def run(self, *command: str) -> str:
        """Run a `tradehall` command beside the hall; returns what it printed."""
        argv = [sys.executable, "-m", "config.cli", *command]
        done = subprocess.run(argv, env=self.hall.environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"tradehall {' '.join(command)}: {done.stdout}{done.stderr}")
        return done.stdout


def publish(story: Story) -> None:
    """The agent drafts from the template; custodians deliver keys; signed and published."""
    story.code = seed.open_tender(story.person("agent"))
    facts = story.person("agent").get(story.api())
    story.say(f"{story.code}  {facts['title']}  deadline {facts['deadline']}")
    story.say(f"policy {facts['policy'][:16]}…  rulebook {facts['rulebook']['version']}")


def try_unlawful(story: Story) -> None:
    """A deadline too soon is refused with its article."""
    soon = (clock.now() + timedelta(days=9)).astimezone(clock.BEIJING).strftime("%Y-%m-%dT09:30")
    agent = story.person("agent")
    draft = agent.post("/api/tenders", {"tenderer": people.uscc("school-board"), "deadline": soon})["tender"]
    findings = agent.get(f"/api/tenders/{draft}/publish")["findings"]
    refusal = next(f for f in findings if f["severity"] == "refuse")
    story.say(f"refused: {refusal['words']} ({refusal['article']}); next lawful: {refusal['next_lawful']}")


def secure(story: Story) -> None:
    """Four bidders pay the bid security into accounts of their own; the fifth pays from a stranger's."""
    counter = story.hall.environment["TRADEHALL_BANK_URL"] + "/pay-in"
    for login in OFFERS:
        account = story.person(login).post(story.api("/deposit"))
        key = login.replace("idder", "")
        paid = {
            "account": account["account"],
            "amount": account["required"],
            "payer": people.ORGANISATIONS[key][3] if login != "bidder5" else "过路投资有限公司",
            "payer_account": people.base_account(key),
        }
        fetch(counter, urlencode(paid).encode())
    owner = story.person("bidder1")
    until(lambda: owner.get(story.api("/deposit"))["counted"] == account["required"], "the bank's list")
    story.say(
        f"{len(OFFERS)} securities of {account['required']} paid; until the deadline nobody sees who did"
    )


def bid(story: Story) -> None:
    """Five bidders seal on their own devices, submit, and verify their receipts."""
    first = device.Hall(story.hall.url)
    story.policy = device.fetch_policy(first, story.code, story.hall.state / "trust")
    for login in OFFERS:
        hand_in(story, login)
    hand_in(story, "bidder1", replace=True)


def hand_in(story: Story, login: str, replace: bool = False) -> None:
    """Seal one bid (real PDF and spreadsheet), submit it, check the receipt with the bidder's own code."""
    assert story.policy is not None
    hall, signer = story.own_device(login)
    folder = story.folder / (login + ("-again" if replace else ""))
    folder.mkdir()
    price, brand, claims = OFFERS[login]
    total = Decimal(price) - (Decimal("20000.00") if replace else 0)
    asked = story.person(login).get(story.api())["items"]
    items = files.offer(asked, total, brand)
    documents = [files.letter(folder, story.person(login).name, story.code), files.price_list(folder, items)]
    sheet = device.price_sheet(items, 30, brand, claims)
    if login == "bidder4":
        sheet = adding_up_wrongly(sheet)
    seq, replaces = device.next_place(hall, story.code)
    sealed = device.seal(
        story.policy,
        signer,
        sheet,
        documents,
        folder,
        people.PASSWORD,
        rng=os.urandom,
        seq=seq,
        replaces=replaces,
    )
    submitted = device.submit(hall, sealed.sealed)
    _, checks = device.wait_witnessed(hall, submitted.receipt, sealed.sealed)
    bad = [check for check in checks if check.state == "FAIL"]
    if bad:
        raise RuntimeError(f"{login}: receipt does not hold: {bad}")
    story.sealed[login] = sealed
    size = sealed.sealed.stat().st_size / 1024
    states = " ".join(f"{check.number}:{check.state}" for check in checks)
    story.say(
        f"{login} {'replaced' if replace else 'SUBMITTED'} ref {submitted.ref}  {size:.0f} KiB  {states}"
    )


def adding_up_wrongly(sheet: bytes) -> bytes:
    """The total is 10,000 too high for its unit prices: the law lets the unit prices rule (M87 art. 59)."""
    from trading.ledger import canonical
    from trading.money import capitals

    found = canonical.loads(sheet)
    total = Decimal(found["body"]["total"]) + Decimal("10000.00")
    found["body"]["total"] = found["opening"]["total"] = f"{total:.2f}"
    found["opening"]["words"] = capitals(total)
    return canonical.dumps(found)


def too_late(story: Story) -> None:
    """At the deadline the hall closes by itself; a bid after it is refused, signed by the hall."""
    deadline = parse_rfc3339(story.person("agent").get(story.api())["deadline"])
    story.ahead_to(deadline)
    until(lambda: story.person("agent").get(story.api())["state"] != "published", "the close")
    hall, _ = story.own_device("bidder2")
    try:
        device.withdraw(hall, story.own_device("bidder2")[1], story.sealed["bidder2"].sealed)
    except device.HallRefused as refused:
        story.say(f"a withdrawal after the deadline: {refused}")
    else:
        raise RuntimeError("the hall took a withdrawal after the deadline")


def open_bids(story: Story) -> None:
    """Four bidders decrypt; bidder 5 has lost its key file, and the custodians open it after the window."""
    agent = story.person("agent")
    opening = until(lambda: agent.get(story.api("/opening"))["opening"], "the opening")
    for login in ("bidder1", "bidder2", "bidder3", "bidder4"):
        hall, signer = story.own_device(login)
        device.decrypt(hall, signer, story.code, story.sealed[login].key_file.read_bytes(), people.PASSWORD)
    story.say("four bidders have decrypted; bidder5 has lost its key file")
    story.ahead_to(parse_rfc3339(opening["window_ends"]))
    done = until(lambda: read_out(agent, story), "the custodians", seconds=90)
    for row in done["bids"]:
        story.say(
            f"{row['name']}  {row['outcome']} by {row['opened_by']}  {row['total']}  {row['period_days']} d"
        )
    record = agent.get(story.api("/opening/record"))
    agent.post(story.api("/opening/record"), {"cms": agent.sign_b64(record["record"])})
    story.say(f"opening record {record['sha256'][:16]}… signed and published")


def read_out(agent: Person, story: Story) -> Any:
    opening = agent.get(story.api("/opening"))["opening"]
    return opening if opening["read_out"] else None


def award(story: Story) -> None:
    """The purchaser confirms by signing; result notice, award and loser notices go out; contract."""
    buyer = story.person("buyer")
    documents = buyer.get(story.api("/award"))["documents"]
    buyer.post(
        story.api("/award"), {f"{name}_cms": buyer.sign_b64(doc["data"]) for name, doc in documents.items()}
    )
    winner = buyer.get(story.api("/award"))["awards"][-1]
    story.say(f"AWARD: {winner['name']}  {winner['price']}  rank {winner['rank']}")
    for login in ("bidder2", "bidder5"):
        told = story.person(login).get(story.api("/my-result"))
        story.say(f"{login} is told: {told['result']}, rank {told['rank']}, {told.get('ground') or '-'}")
    contract(story, buyer, winner)


def contract(story: Story, buyer: Person, winner: dict[str, Any]) -> None:
    """The contract is filed, signed by the supplier, and published."""
    price = winner["price"]
    paper = files.letter(story.folder, "采购合同（演示）", story.code)
    signed_on = clock.now().astimezone(clock.BEIJING).date().isoformat()
    body = {"price": price, "signed_on": signed_on, "name": "contract.pdf", "file": b64(paper.read_bytes())}
    buyer.post(story.api("/contract"), body)
    logins = story.suppliers or [f"bidder{n}" for n in range(1, 6)]
    supplier = story.person(next(login for login in logins if code_of(login) == winner["bidder"]))
    filed = supplier.get(story.api("/my-result/contract"))
    supplier.post(
        story.api("/my-result/contract"), {"contract_cms": supplier.sign_b64(filed["document"]["data"])}
    )
    buyer.post(story.api("/contract/publish"))
    story.say(f"contract filed, signed by the supplier and published at {price}")


def return_securities(story: Story) -> None:
    """One click returns what is due: losers since the award, the winner since the contract."""
    agent = story.person("agent")
    for found in agent.get(story.api("/deposits"))["deposits"]:
        if found["verdict"]:
            story.say(
                f"{found['name']}: {', '.join(found['verdict'])}; a fact for the committee, no rejection"
            )
    agent.post(story.api("/deposits/refund"))

    def done() -> Any:
        items = [item for each in agent.get(story.api("/deposits"))["deposits"] for item in each["items"]]
        return items if all(item["state"] == "paid" for item in items) else None

    items = until(done, "the bank")
    story.say(
        f"{len(items)} securities returned, interest {items[0]['interest']} each; reference {items[0]['reference']}"
    )


def verify(story: Story) -> None:
    """Export both tiers, and let the one-file verifier judge them without any of our packages."""
    trust = story.folder / "trust.json"
    for tier in ("public", "regulator"):
        story.bundle = story.folder / f"{story.code}.{tier}.tar"
        story.run(
            "audit", "export", story.code, "--tier", tier, "--out", str(story.bundle), "--trust", str(trust)
        )
        done = subprocess.run(
            [sys.executable, "-I", str(VERIFIER), str(story.bundle), "--trust", str(trust)],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        story.say(f"--- tradehall_verify.py, {tier} bundle, {story.bundle.stat().st_size / 1024:.0f} KiB")
        for line in done.stdout.splitlines():
            story.say(line)
        story.verdict = "\n".join(done.stdout.splitlines()[-2:])
        if done.returncode:
            raise RuntimeError(f"the verifier does not agree: {done.stdout[-2000:]}{done.stderr}")
