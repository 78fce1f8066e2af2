"""An invited tender whose suppliers are drawn, and a price inquiry (演示：邀请招标、询价): each supplier seals one price, the lowest
that meets the needs wins."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from decimal import Decimal

from config import bidder as device
from config.demo import files, people, seed
from config.demo.client import until
from config.demo.contractors import code_of, contractors
from config.demo.play import Story, contract, read_out, verify
from config.demo.reviewing import answer_questions, sign_report, vote
from trading.clock import parse_rfc3339

BIDDERS = ("bidder1", "bidder2", "bidder3", "bidder4", "bidder5")
SIXTH = contractors()[0]
STAFF = ("buyer", "delegate")
"""of the purchaser, present at the draw"""
GROUP, COMMITTEE = (
    ("expert1", "expert2", "delegate"),
    ("expert1", "expert2", "expert3", "expert4", "delegate"),
)
SHARES = ("0.97", "0.90", "0.94", "0.92", "0.96")
"""of the ceiling, in the order in which the suppliers seal"""


# --- the invited tender -----------------------------------------------------------------------------


def draft_invited(story: Story) -> None:
    """Nobody is drawn yet, so nothing can be published; a list of five is too short for three."""
    agent = story.person("agent")
    given = {
        "template": "school-computers",
        "method": "invited",
        "tenderer": people.uscc("school-board"),
        "bid_security": "0",
    }
    story.code = agent.post("/api/tenders", given)["tender"]
    blocks = [found for found in agent.get(story.api("/publish"))["findings"] if found["blocks"]]
    story.say(f"{story.code}: {'; '.join(found['words'] for found in blocks)}")
    listed = {"source": "pool", "basis": "市级供应商库", "number": 3}
    everybody = [code_of(login) for login in (*BIDDERS, SIXTH.login)]
    for refused in (everybody[:5], everybody):
        try:
            agent.post(story.api("/invitation/list"), listed | {"candidates": refused})
        except device.HallRefused as problem:
            story.say(f"refused: {problem}")


def draw_suppliers(story: Story) -> None:
    """Before two of the purchaser's staff nobody is drawn; both sign the record, and those drawn are invited."""
    agent, invitation = story.person("agent"), story.api("/invitation")
    try:
        agent.post(invitation + "/draw")
    except device.HallRefused as problem:
        story.say(f"refused: {problem}")
    for login in STAFF:
        story.person(login).post(invitation + "/witness")
    agent.post(invitation + "/draw")
    until(lambda: agent.get(invitation)["step"] == "sign", "the draw", 120)
    for login in STAFF:
        record = story.person(login).get(invitation + "/record")["record"]
        signed = {"record_cms": story.person(login).sign_b64(record["data"])}
        story.person(login).post(invitation + "/record", signed)
    story.say(f"drawn from six: {'、'.join(row['name'] for row in agent.get(invitation)['drawn'])}")


def invite(story: Story) -> None:
    """Published for those drawn; to the others it is closed."""
    agent = story.person("agent")
    drawn = {row["id"] for row in agent.get(story.api("/invitation"))["drawn"]}
    documents = until(lambda: seed.ready_to_publish(agent, story.code), "the custodians' keys")
    agent.post(
        story.api("/publish"),
        {f"{name}_cms": agent.sign_b64(each["data"]) for name, each in documents.items()},
    )
    everybody = (*BIDDERS, SIXTH.login)
    story.suppliers = [login for login in everybody if code_of(login) in drawn]
    stranger = next(login for login in everybody if login not in story.suppliers)
    try:
        story.person(stranger).get(story.api())
    except device.HallRefused as problem:
        story.say(f"{stranger}, who was not drawn: {problem}")
    else:
        raise RuntimeError("the hall shows an invited tender to somebody who was not drawn")


# --- the inquiry ------------------------------------------------------------------------------------


def publish_inquiry(story: Story) -> None:
    """Every supplier may answer; three working days from the issue."""
    story.code = seed.open_tender(story.person("agent"), template="office-supplies-inquiry", bid_security="0")
    story.suppliers = list(BIDDERS[:4])
    facts = story.person("agent").get(story.api())
    story.say(f"{story.code}  {facts['title']}  prices until {facts['deadline']}")


# --- what both have ---------------------------------------------------------------------------------


def seal(story: Story) -> None:
    """Each seals its one price on its own device and checks the receipt with its own code."""
    first = story.suppliers[0]
    facts = story.person(first).get(story.api())
    for login, share in zip(story.suppliers, SHARES, strict=False):
        hall, signer = story.own_device(login)
        folder = story.folder / login
        folder.mkdir()
        total = (Decimal(facts["ceiling"]) * Decimal(share)).quantize(Decimal("0.01"))
        sheet = device.price_sheet(
            files.offer(facts["items"], total, f"品牌{login[-1]}"), 30, f"品牌{login[-1]}", []
        )
        letter = files.letter(folder, story.person(login).name, story.code)
        policy = device.fetch_policy(hall, story.code, story.hall.state / "trust")
        sealed = device.seal(policy, signer, sheet, [letter], folder, people.PASSWORD, rng=os.urandom)
        submitted = device.submit(hall, sealed.sealed)
        _raw, checks = device.wait_witnessed(hall, submitted.receipt, sealed.sealed)
        if bad := [check for check in checks if check.state == "FAIL"]:
            raise RuntimeError(f"{login}: receipt does not hold: {bad}")
        story.sealed[login] = sealed
        story.say(f"{login} SUBMITTED ref {submitted.ref}")


def open_prices(story: Story) -> None:
    """The deadline; everybody decrypts; the host signs the record."""
    agent = story.person("agent")
    story.ahead_to(parse_rfc3339(agent.get(story.api())["deadline"]))
    until(lambda: agent.get(story.api("/opening"))["opening"], "the opening")
    for login, sealed in story.sealed.items():
        hall, signer = story.own_device(login)
        device.decrypt(hall, signer, story.code, sealed.key_file.read_bytes(), people.PASSWORD)
    for row in until(lambda: read_out(agent, story), "the opening's result", seconds=90)["bids"]:
        story.say(f"{row['name']}  {row['outcome']}  {row['total']}")
    record = agent.get(story.api("/opening/record"))
    agent.post(story.api("/opening/record"), {"cms": agent.sign_b64(record["record"])})


def evaluate(story: Story, sits: Sequence[str]) -> None:
    """Those who sit vote, the price code ranks, all sign the report."""
    roles = {figure.login: figure for figure in people.FIGURES}
    rows = [
        {"login": login, "name": roles[login].name, "kind": "purchaser" if login == "delegate" else "expert",
         "employer": people.uscc("school-board" if login == "delegate" else "centre"), "head": login == sits[0]}
        for login in sits
    ]  # fmt: skip
    source = "省综合评标专家库（模拟） 抽取单 2026-0003"
    listed = {"v": 1, "typ": "ebid.panel-list", "tender": story.code, "source": source, "members": rows}
    story.person("agent").post(story.api("/panel"), listed)
    story.committee = [story.person(login) for login in sits]
    for member in story.committee:
        member.post(story.api("/panel/sign-in"))
    for step in ("qualification", "conformity"):
        for member in story.committee:
            vote(story, member, step)
    answer_questions(story)
    sign_report(story, story.committee)


def award(story: Story) -> None:
    """The purchaser confirms by signing; those who lost are told rank and reason; the contract is published."""
    buyer = story.person("buyer")
    documents = until(lambda: buyer.get(story.api("/award"))["documents"], "the result to sign")
    buyer.post(
        story.api("/award"), {f"{name}_cms": buyer.sign_b64(doc["data"]) for name, doc in documents.items()}
    )
    winner = buyer.get(story.api("/award"))["awards"][-1]
    story.say(f"AWARD: {winner['name']}  {winner['price']}  rank {winner['rank']}")
    for login in story.suppliers:
        told = story.person(login).get(story.api("/my-result"))
        story.say(f"{login} is told: {told['result']}, rank {told['rank']}")
    contract(story, buyer, winner)


Step = tuple[str, Callable[[Story], None]]
BOTH: Sequence[Step] = (
    ("one sealed price each, receipts verified", seal),
    ("deadline, opening, record", open_prices),
)
END: Sequence[Step] = (
    ("result, award, contract", award),
    ("audit bundle, offline verifier", verify),
)
INVITED: Sequence[Step] = (
    ("an invited tender is drafted; six candidates", draft_invited),
    ("three of six drawn before two of the purchaser's staff", draw_suppliers),
    ("published for those drawn, closed to others", invite),
    *BOTH,
    ("evaluation by lowest price, report", lambda story: evaluate(story, COMMITTEE)),
    *END,
)
INQUIRY: Sequence[Step] = (
    ("a price inquiry is drafted, signed, published", publish_inquiry),
    *BOTH,
    ("a group of three, the lowest price, report", lambda story: evaluate(story, GROUP)),
    *END,
)
