"""A tender by lowest price whose committee comes as an imported list (演示：最低评标价法、导入专家名单)."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

from bidding.vault.encoding import unb64
from config.demo import people
from config.demo.play import (
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
from config.demo.reviewing import answer_questions, sign_report, vote

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
    sign_report(story, members)
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
