"""A tender whose result is queried, complained about, suspended, evaluated again by order, and awarded to the
next in rank after another order; and one that is suspended and given up while bids lie in it."""

from __future__ import annotations

from typing import Any

from config import bidder as device
from config.demo import lowest_price, people, play, reviewing
from config.demo.client import Person, until
from config.demo.lowest_price import COMMITTEE
from config.demo.play import Story
from tests.journeys.exporting import export
from trading.clock import parse_rfc3339

BIDDERS = ("bidder1", "bidder2", "bidder3", "bidder4")
FINANCE = "示例市财政局政府采购监管处"
ASKER = "bidder2"


def order(story: Story, kind: str, **more: Any) -> str:
    """The authority prepares, signs and issues an order; returns its number."""
    officer = story.person("regulator")
    asked = {"order": kind, "reason": "投诉处理", "article": "GPL 56"} | more
    made = officer.post(story.api("/orders"), asked)
    officer.post(f"/api/orders/{made['number']}", {"order_cms": officer.sign_b64(made["raw"])})
    return str(made["number"])


# --- the award that does not stand ----------------------------------------------------------------


def bid(story: Story) -> None:
    play.publish(story)
    story.policy = device.fetch_policy(device.Hall(story.hall.url), story.code, story.hall.state / "trust")
    for login in BIDDERS:
        play.hand_in(story, login)


def open_and_award(story: Story) -> None:
    """The custodians open the bids; the committee judges them; the first award."""
    agent = story.person("agent")
    story.ahead_to(parse_rfc3339(agent.get(story.api())["deadline"]))
    opening = until(lambda: agent.get(story.api("/opening"))["opening"], "the opening", seconds=90)
    story.ahead_to(parse_rfc3339(opening["window_ends"]))
    until(lambda: play.read_out(agent, story), "the custodians", seconds=90)
    record = agent.get(story.api("/opening/record"))
    agent.post(story.api("/opening/record"), {"cms": agent.sign_b64(record["record"])})
    agent.post(story.api("/panel"), lowest_price.panel_list(story))
    for login in COMMITTEE:
        story.person(login).post(story.api("/panel/sign-in"))
    evaluate(story)
    award(story)


def open_dispute_and_award(story: Story) -> dict[str, Any]:
    """Everything after the bids, to the exported bundles; returns what the hall answered on the way."""
    open_and_award(story)
    return dispute(story) | evaluate_again(story)


def evaluate(story: Story, against: str = "") -> None:
    """All votes of a round and the report; `against` fails the review by everybody."""
    members = [story.person(login) for login in COMMITTEE]
    for step in ("qualification", "conformity"):
        for member in members:
            vote(story, member, step, against if step == "conformity" else "")
    reviewing.answer_questions(story)
    for member in members:
        report = member.get(story.api("/evaluation/report"))
        member.post(story.api("/evaluation/report"), {"cms": member.sign_b64(report["raw"])})
    members[0].post(story.api("/evaluation/report/deliver"))


def vote(story: Story, member: Person, step: str, against: str) -> None:
    seen = member.get(story.api("/evaluation"))
    assert seen["step"] == step, seen
    votes = [
        {"bid": subject, "item": item, "pass": (subject, place) != (against, 0), "reason": "见评审记录"}
        for subject in seen["subjects"]
        for place, item in enumerate(seen["items"])
    ]
    raw = member.post(story.api(f"/evaluation/reviews/{step}/draft"), {"votes": votes})["raw"]
    member.post(story.api(f"/evaluation/reviews/{step}"), {"raw": raw, "cms": member.sign_b64(raw)})


def award(story: Story) -> Any:
    buyer = story.person("buyer")
    documents = buyer.get(story.api("/award"))["documents"]
    signed = {f"{name}_cms": buyer.sign_b64(doc["data"]) for name, doc in documents.items()}
    return buyer.post(story.api("/award"), signed)


def dispute(story: Story) -> dict[str, Any]:
    """Query, answer, complaint; the authority suspends, decides, and orders the bids to be evaluated again."""
    asker, agent, officer = story.person(ASKER), story.person("agent"), story.person("regulator")
    asked = {"stage": "result", "matters": "中标人资质不符", "request": "请重新评审"}
    query = asker.post(story.api("/queries"), asked)["number"]
    agent.post(f"/api/cases/{query}/answer", {"decision": "rejected", "words": "质疑不成立。"})
    complained = {"department": FINANCE, "matters": [1], "request": "请认定中标无效"}
    complaint = asker.post(f"/api/cases/{query}/complaint", complained)["number"]
    officer.post(f"/api/cases/{complaint}/accept")
    order(story, "suspend", case=complaint, article="GPL 57")
    refusal = refused(lambda: contract(story))
    decided = {"decision": "upheld", "words": "投诉成立，责令重新评审。"}
    officer.post(f"/api/cases/{complaint}/decide", decided)
    order(story, "resume", case=complaint)
    order(story, "re-evaluate", case=complaint)
    docket = asker.get("/api/docket")
    return {"query": query, "complaint": complaint, "while_suspended": refusal, "docket": docket}


def refused(act: Any) -> str:
    try:
        act()
    except device.HallRefused as error:
        return str(error)
    raise AssertionError("the hall did what a suspension forbids")


def contract(story: Story) -> None:
    buyer = story.person("buyer")
    play.contract(story, buyer, buyer.get(story.api("/award"))["awards"][-1])


def evaluate_again(story: Story) -> dict[str, Any]:
    """The same committee votes again; the new award is voided too, and the next in rank gets it."""
    evaluate(story, against=people.uscc("b3"))
    second = award(story)
    order(story, "void-award")
    last = award(story)
    export(story, "public", "regulator")
    return {"second": second, "last": last}


# --- the tender that is given up ------------------------------------------------------------------


def give_up(story: Story) -> None:
    """Two bids; the tender is suspended, one bid is withdrawn, one comes too late for it; then it is cancelled."""
    play.publish(story)
    story.policy = device.fetch_policy(device.Hall(story.hall.url), story.code, story.hall.state / "trust")
    for login in ("bidder1", "bidder2"):
        play.hand_in(story, login)
    agent = story.person("agent")
    agent.post(story.api("/interruptions"), {"act": "suspend", "reason": "核查采购需求"})
    story.verdict = refused(lambda: play.hand_in(story, "bidder3"))
    hall, signer = story.own_device("bidder2")
    device.wait_receipt(hall, device.withdraw(hall, signer, story.sealed["bidder2"].sealed).receipt)
    agent.post(story.api("/interruptions"), {"act": "cancel", "reason": "采购任务取消"})
    export(story, "public", "regulator")
