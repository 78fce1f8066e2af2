"""A tender by lowest price whose committee comes as an imported list (演示：最低评标价法、导入专家名单)."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

from bidding.vault.encoding import unb64
from config.demo import people
from config.demo.client import Person
from config.demo.play import (
    OFFERS,
    Story,
    award,
    bid,
    open_bids,
    publish,
    return_securities,
    secure,
    too_late,
    try_unlawful,
    verify,
)

COMMITTEE = ("expert1", "expert2", "expert3", "expert4", "delegate")


def evaluate(story: Story) -> None:
    """The committee signs in, votes, asks; the price code corrects and ranks; all sign the report."""
    agent = story.person("agent")
    members = [story.person(login) for login in COMMITTEE]
    agent.post(story.api("/panel"), panel_list(story))
    for member in members:
        member.post(story.api("/panel/sign-in"))
    for step in ("qualification", "conformity"):
        for member in members:
            vote(story, member, step, dissent=step == "conformity" and member.login == "expert4")
    answer_questions(story)
    for member in members:
        vote(story, member, "abnormal", accepted=False)
    for member in members:
        report = member.get(story.api("/evaluation/report"))
        member.post(story.api("/evaluation/report"), {"cms": member.sign_b64(report["raw"])})
    members[0].post(story.api("/evaluation/report/deliver"))
    for row in json.loads(unb64(members[0].get(story.api("/evaluation/report"))["raw"]))["result"]["ranking"]:
        story.say(
            f"rank {row['rank']}  {row['id']}  bid {row['bid_price']}  evaluated {row['evaluation_price']}"
        )


def panel_list(story: Story) -> dict[str, Any]:
    """The list as a pool would hand it over."""
    roles = {figure.login: figure for figure in people.FIGURES}
    return {
        "v": 1,
        "typ": "ebid.panel-list",
        "tender": story.code,
        "source": "省综合评标专家库（模拟） 抽取单 2026-0001",
        "members": [
            {
                "login": login,
                "name": roles[login].name,
                "employer": people.uscc("school-board") if login == "delegate" else people.uscc("centre"),
                "kind": "purchaser" if login == "delegate" else "expert",
                "head": login == COMMITTEE[0],
            }
            for login in COMMITTEE
        ],
    }


def vote(
    story: Story, member: Person, step: str, *, dissent: bool = False, accepted: bool | None = None
) -> None:
    """One member's signed votes of one step; a dissenter fails the first item of the first bid, in writing."""
    seen = member.get(story.api("/evaluation"))
    if seen["step"] != step:
        raise RuntimeError(f"{member.login} should vote on {step}, the hall asks for {seen['step']}")
    votes: list[dict[str, Any]] = []
    for number, subject in enumerate(seen["subjects"]):
        if step == "abnormal":
            reason = "说明未附成本构成，不能证明其合理性"
            votes.append({"bid": subject, "accepted": bool(accepted), "reason": reason})
            continue
        for place, item in enumerate(seen["items"]):
            against = dissent and number == 0 and place == 0
            votes.append(
                {
                    "bid": subject,
                    "item": item,
                    "pass": not against,
                    "reason": "响应内容不够具体" if against else "符合",
                }
            )
    raw = member.post(story.api(f"/evaluation/reviews/{step}/draft"), {"votes": votes})["raw"]
    member.post(story.api(f"/evaluation/reviews/{step}"), {"raw": raw, "cms": member.sign_b64(raw)})


def answer_questions(story: Story) -> None:
    """Bidder 4 confirms the corrected price; bidder 5 explains its low one."""
    for login in OFFERS:
        who = story.person(login)
        for question in who.get(story.api("/clarifications")):
            if not question["open"]:
                continue  # of an earlier evaluation
            path = story.api(f"/clarifications/{question['ref']}")
            if question["kind"] == "correction":
                who.post(path, {"confirmed": True, "cms": who.sign_b64(question["sign"]["confirm"])})
            else:
                text = "我公司自有工厂，库存充足。"
                who.post(path, {"answer": text, "cms": who.sign(text.encode())})
            story.say(f"{login} answers a question on its {question['kind']}")


STEPS: Sequence[tuple[str, Callable[[Story], None]]] = (
    ("an unlawful deadline is refused", try_unlawful),
    ("draft, custodians' keys, signature, publication", publish),
    ("bid securities, seen by nobody", secure),
    ("five sealed bids, receipts verified, one replaced", bid),
    ("deadline: the hall closes; late acts are refused", too_late),
    ("opening: decryption, custodians' remedy, record", open_bids),
    ("evaluation by lowest price, report", evaluate),
    ("result, award, contract", award),
    ("bid securities go back with interest", return_securities),
    ("audit bundle, offline verifier", verify),
)
