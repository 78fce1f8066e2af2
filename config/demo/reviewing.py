"""What a committee does by whatever method (演示：评审): votes, questions answered, signatures under the report."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from config.demo.client import Person
from config.demo.play import OFFERS, Story


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
    for login in story.suppliers or OFFERS:
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


def sign_report(story: Story, members: Sequence[Person]) -> None:
    """Every member signs the report; the head delivers it."""
    for member in members:
        report = member.get(story.api("/evaluation/report"))
        member.post(story.api("/evaluation/report"), {"cms": member.sign_b64(report["raw"])})
    members[0].post(story.api("/evaluation/report/deliver"))
