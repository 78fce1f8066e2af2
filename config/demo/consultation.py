"""A consultation: talks with each supplier apart, final offers sealed like bids, scoring (演示：竞争性磋商、最后报价)."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

from bidding.vault.encoding import unb64
from config import bidder as device
from config.demo import files, people, seed
from config.demo.client import Person, until
from config.demo.play import Story, award, verify
from config.demo.reviewing import sign_report
from trading.clock import parse_rfc3339

TEMPLATE = "property-consultation"
GROUP = ("expert1", "expert2", "delegate")
SUPPLIERS = ("bidder1", "bidder2", "bidder3", "bidder4", "bidder5")
UNQUALIFIED, LEAVES = "bidder5", "bidder4"
OFFERS = {"bidder1": "864000.00", "bidder2": "900000.00", "bidder3": "883200.00"}
"""The lowest is 96 where bidder 2's is 100: 28.80 of 30 points."""
SCORES = {"bidder1": "58", "bidder2": "62.5", "bidder3": "51"}
PLAN = {
    "criterion_id": ["price", "plan"],
    "criterion_name": ["价格", "服务方案"],
    "criterion_kind": ["price", "subjective"],
    "criterion_weight": ["30", "70"],
    "criterion_max": ["", "70"],
    "criterion_guidance": ["", "按方案的完整和可行程度评分：优 56–70，良 35–55，一般 0–34"],
    "criterion_group": ["", ""],
}
CHANGE = "消防控制室夜间增加一人巡查，每两小时记录一次"


def publish(story: Story) -> None:
    """The agent drafts from the template of a consultation; signed and published."""
    story.code = seed.open_tender(story.person("agent"), template=TEMPLATE, bid_security="0", **PLAN)
    facts = story.person("agent").get(story.api())
    story.say(f"{story.code}  {facts['title']}  responses until {facts['deadline']}")


def respond(story: Story) -> None:
    """Five suppliers seal their first responses: documents, and no price."""
    for login in SUPPLIERS:
        seal(story, login, story.code, None)
    story.say(f"{len(SUPPLIERS)} first responses handed in, each without a price")


def seal(story: Story, login: str, code: str, sheet: bytes | None) -> None:
    """Seal on the supplier's own device, hand in, check the receipt with the supplier's own code."""
    hall, signer = story.own_device(login)
    folder = story.folder / f"{login}-{code[-2:]}"
    folder.mkdir()
    policy = device.fetch_policy(hall, code, story.hall.state / "trust")
    documents = [] if sheet else [files.letter(folder, story.person(login).name, code)]
    sealed = device.seal(policy, signer, sheet, documents, folder, people.PASSWORD, rng=os.urandom)
    submitted = device.submit(hall, sealed.sealed)
    _raw, checks = device.wait_witnessed(hall, submitted.receipt, sealed.sealed)
    if bad := [check for check in checks if check.state == "FAIL"]:
        raise RuntimeError(f"{login}: receipt does not hold: {bad}")
    story.sealed[f"{login}/{code}"] = sealed
    story.say(f"{login} SUBMITTED ref {submitted.ref}")


def open_responses(story: Story) -> None:
    """The deadline; everybody decrypts; nothing of a price is read out, since there is none."""
    opened(story, story.code)


def opened(story: Story, code: str) -> None:
    """Pass a deadline, decrypt, sign the record."""
    agent, address = story.person("agent"), f"/api/tenders/{code}"
    story.ahead_to(parse_rfc3339(agent.get(address)["deadline"]))
    until(lambda: agent.get(f"{address}/opening")["opening"], "the opening")
    for name, sealed in story.sealed.items():
        login, _, tender = name.partition("/")
        if tender == code:
            hall, signer = story.own_device(login)
            device.decrypt(hall, signer, code, sealed.key_file.read_bytes(), people.PASSWORD)
    done = until(lambda: shown(agent, address), "the opening's result", seconds=90)
    if any(row["total"] for row in done["bids"]):
        raise RuntimeError("the opening of a consultation shows a price")
    record = agent.get(f"{address}/opening/record")
    agent.post(f"{address}/opening/record", {"cms": agent.sign_b64(record["record"])})
    story.say(f"{len(done['bids'])} opened, no price shown; record {record['sha256'][:16]}… signed")


def shown(agent: Person, address: str) -> Any:
    found = agent.get(f"{address}/opening")["opening"]
    return found if found["read_out"] else None


def review(story: Story) -> None:
    """A group of three sits down and reviews the responses; one supplier does not qualify."""
    agent = story.person("agent")
    agent.post(story.api("/panel"), panel_list(story))
    story.committee = [story.person(login) for login in GROUP]
    for member in story.committee:
        member.post(story.api("/panel/sign-in"))
    vote_all(story, "qualification", against=people.uscc(key_of(UNQUALIFIED)))
    phase = story.committee[0].get(story.api("/evaluation"))["phase"]
    story.say(f"{UNQUALIFIED} does not qualify; the evaluation is now in its {phase}")


def key_of(login: str) -> str:
    return login.replace("idder", "")


def panel_list(story: Story) -> dict[str, Any]:
    """The group's list as a pool would hand it over."""
    roles = {figure.login: figure for figure in people.FIGURES}
    rows = [
        {
            "login": login,
            "name": roles[login].name,
            "employer": people.uscc("school-board") if login == GROUP[-1] else people.uscc("centre"),
            "kind": "purchaser" if login == GROUP[-1] else "expert",
            "head": login == GROUP[0],
        }
        for login in GROUP
    ]
    source = "省综合评标专家库（模拟） 抽取单 2026-0002"
    return {"v": 1, "typ": "ebid.panel-list", "tender": story.code, "source": source, "members": rows}


def vote_all(story: Story, step: str, against: str = "") -> None:
    """Everybody's signed votes of a step."""
    for member in story.committee:
        seen = member.get(story.api("/evaluation"))
        if seen["step"] != step:
            raise RuntimeError(f"{member.login} should vote on {step}, the hall asks for {seen['step']}")
        votes = [
            {
                "bid": bid,
                "item": item,
                "pass": bid != against,
                "reason": "不符合" if bid == against else "符合",
            }
            for bid in seen["subjects"]
            for item in seen["items"]
        ]
        raw = member.post(story.api(f"/evaluation/reviews/{step}/draft"), {"votes": votes})["raw"]
        member.post(story.api(f"/evaluation/reviews/{step}"), {"raw": raw, "cms": member.sign_b64(raw)})


def talk(story: Story) -> None:
    """The head asks each supplier apart from the others; a change is proposed, and the purchaser confirms it."""
    head = story.committee[0]
    bids = {row["bid"]: row["manifest"] for row in head.get(story.api("/consultation"))["remaining"]}
    for login in SUPPLIERS:
        uscc = people.uscc(key_of(login))
        if uscc not in bids:
            continue
        question = {"bid": bids[uscc], "text": "夜间能否增加一人巡查？"}
        head.post(story.api("/evaluation/questions"), question)
        who = story.person(login)
        [asked] = [each for each in who.get(story.api("/clarifications")) if each["open"]]
        text = "可以，相应调整人员安排。"
        who.post(
            story.api(f"/clarifications/{asked['ref']}"), {"answer": text, "cms": who.sign(text.encode())}
        )
    story.say(f"{len(bids)} suppliers asked, each answers the group alone")
    head.post(story.api("/consultation/changes"), {"subject": "service", "text": CHANGE})
    story.person("buyer").post(story.api("/consultation/changes/1"), {"decision": "confirm"})
    story.say(f"service requirement changed, confirmed by the purchaser: {CHANGE}")


def call(story: Story) -> None:
    """The head ends the talks; custodians' boxes make fresh keys; one signature of the host calls for offers."""
    agent = story.person("agent")
    story.committee[0].post(story.api("/consultation/end"), {"minutes": 30})
    until(lambda: agent.get(story.api("/consultation"))["offers"]["keys_ready"], "the custodians' keys")
    documents = agent.get(story.api("/consultation/call"))["documents"]
    signed = {f"{name}_cms": agent.sign_b64(row["data"]) for name, row in documents.items()}
    offers = agent.post(story.api("/consultation/call"), signed)["offers"]
    story.say(f"{offers['tender']}  final offers until {offers['deadline']}, for those who remain only")


def offer(story: Story) -> None:
    """Three seal their final offers, with the same program and the same receipt; one makes none and has left."""
    child = f"{story.code}-F1"
    for login, total in OFFERS.items():
        item = {"name": "物业管理服务", "brand": "", "unit": "月", "quantity": "12"}
        monthly = f"{Decimal(total) / 12:.2f}"
        seal(story, login, child, device.price_sheet([item | {"unit_price": monthly}], 365))
    try:
        story.person(UNQUALIFIED).get(f"/api/tenders/{child}")
    except device.HallRefused as refused:
        story.say(f"{UNQUALIFIED}, who did not qualify: {refused}")
    else:
        raise RuntimeError("the hall shows the final offers to somebody who was not called")
    opened(story, child)
    state = story.person("agent").get(f"/api/tenders/{child}")["state"]
    story.say(f"{LEAVES} has left; the offers are {state}")


def evaluate(story: Story) -> None:
    """Conformity, scores, the price score by 214, the signed report."""
    members = story.committee
    vote_all(story, "conformity")
    points = {people.uscc(key_of(login)): score for login, score in SCORES.items()}
    for member in members:
        bids = member.get(story.api("/evaluation/scores"))["bids"]
        scores = [{"bid": row["id"], "item": "plan", "score": points[row["id"]]} for row in bids]
        raw = member.post(story.api("/evaluation/scores/draft"), {"scores": scores})["raw"]
        member.post(story.api("/evaluation/scores"), {"raw": raw, "cms": member.sign_b64(raw)})
    sign_report(story, members)
    result = json.loads(unb64(members[0].get(story.api("/evaluation/report"))["raw"]))["result"]
    for row in result["rejected"]:
        story.say(f"{row['id']}  {row['ground']} ({row['article']})")
    for row in result["ranking"]:
        score = result["scores"][row["id"]]
        story.say(
            f"rank {row['rank']}  {row['id']}  offer {row['bid_price']}  price {score['price_points']['points']}"
            f"  total {score['total']['points']}"
        )


STEPS: Sequence[tuple[str, Callable[[Story], None]]] = (
    ("a consultation is drafted, signed, published", publish),
    ("first responses, sealed, without a price", respond),
    ("deadline, opening: no price is read out", open_responses),
    ("a group of three reviews the responses", review),
    ("talks with each supplier apart; a change is confirmed", talk),
    ("one signature calls for the final offers", call),
    ("final offers sealed like bids, opened together", offer),
    ("conformity, scores, report", evaluate),
    ("result, award, contract", award),
    ("audit bundle with the final offers' own, offline verifier", verify),
)
