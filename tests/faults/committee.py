"""The committee of a tender under faults: drawn, called, seated, scoring; its people send again what may have been lost."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from config import bidder as device
from config.demo import pool, reviewing, scored
from config.demo.client import Person, until
from plugins.outbound import fetch
from trading import clock
from trading.clock import rfc3339

if TYPE_CHECKING:
    from tests.faults.story import Played

PATIENCE = 300.0
"""seconds after which an act that gets no answer counts as lost"""


class Stubborn(Person):
    """Somebody who tries again when a page breaks. An act whose answer was lost and that is refused the second time
    was done the first time; the invariants count what is there."""

    def get(self, path: str) -> Any:
        return self.again(lambda: Person.get(self, path))

    def post(self, path: str, body: Any = None) -> Any:
        return self.again(lambda: Person.post(self, path, body))

    def again(self, act: Any) -> Any:
        limit, lost = time.monotonic() + PATIENCE, False
        while True:
            try:
                return act()
            except device.HallRefused as refused:
                if refused.status < 500 and lost:
                    return {}
                if refused.status < 500 or time.monotonic() > limit:
                    raise
                lost = lost or refused.problem.get("code") != "clock.skewed"
            except device.BidError:
                if time.monotonic() > limit:
                    raise
                lost = True
            time.sleep(0.5)


def draw_and_call(story: Played) -> None:
    """Demanded, approved, drawn, called. All but three decline, one answers at the second try, one presses a wrong key
    first: nobody of the speciality is left, and a second draw fills the seat from another one."""
    story.drawn_from = clock.now()
    story.sitting = story.drawn_from + timedelta(hours=2)
    behave(story, "accept 91 decline accept decline")
    letter = {"logins": [scored.DELEGATE], "letter": "授权何平作为采购人代表参加评标"}
    assert draw(story, FEW, scored.EXPERTS, letter) == "short", "more than three have accepted"
    behave(story, "accept")
    assert draw(story, MANY, 1) == "ready"


FEW, MANY = "A04.01.04", "B03.01.01"
"""specialities of the demonstration's pool: eight people have the first, the others have the second"""


def behave(story: Played, words: str) -> None:
    """What telephones do in the order in which they are first called; the last word holds for all others."""
    fetch(scored.voice(story) + "/modes", urlencode({"behaviour": words}).encode())


def draw(story: Played, tag: str, quota: int, letter: dict[str, Any] | None = None) -> str:
    """One draw: asked for, approved, held and called. One that a fault made void is approved again."""
    agent, buyer = story.person("agent"), story.person("buyer")
    assert story.sitting is not None
    session = {"at": rfc3339(story.sitting), "place": "评标室三"}
    asked = {"members": scored.EXPERTS + 1, "experts": scored.EXPERTS, "session": session}
    agent.post(story.api("/panel/demands"), asked | {"strata": [{"quota": quota, "tag": tag}]})
    demand = agent.get(story.api("/panel/demands"))["demands"][-1]["demand"]
    if letter:
        buyer.post(story.api("/panel/representatives"), letter)

    def ended() -> Any:
        said = agent.get(story.api("/panel/draw"))
        return (
            said["state"]
            if said["demand"] == demand and said["state"] in ("ready", "short", "void")
            else None
        )

    state = "void"
    while state == "void":
        story.at("draw.asked")
        buyer.post(story.api("/panel/approval"), {"demand": demand})
        state = until(ended, "the committee", PATIENCE)
    return state


def accepted(story: Played) -> list[pool.Member]:
    """Those whose telephones have got the message with date and place since this draw began."""
    texts = json.loads(fetch(story.hall.environment["TRADEHALL_SMS_URL"] + "/log"))["messages"]
    told = [
        text["number"]
        for text in texts
        if text["at"] >= rfc3339(story.drawn_from) and scored.INVITED in text["text"]
    ]
    return [member for member in pool.members() if member.phone in told]


def seat(story: Played) -> None:
    """Everybody who accepted comes, promises and sits; the experts choose their head."""
    assert story.sitting is not None
    story.ahead_to(story.sitting)
    invited = until(
        lambda: len(found := accepted(story)) >= scored.EXPERTS and found, "the messages", PATIENCE
    )
    seated = [story.person(member.login) for member in invited]
    for expert in seated:
        scored.arrive(story, expert)
        scored.promise(story, expert)
    delegate = story.person(scored.DELEGATE)
    scored.promise(story, delegate)
    number = seated[0].get(story.api("/panel/promise"))["seat"]
    for expert in seated[:3]:
        expert.post(story.api("/panel/head"), {"seat": number})
    story.committee = [*seated, delegate]
    agent = story.person("agent")
    until(lambda: agent.get(story.api())["state"] == "evaluating", "the committee's session", PATIENCE)


def score(story: Played) -> None:
    """Reviews, facts and sheets; all members give all bids the same, so that two with one price are equal."""
    for step in ("qualification", "conformity"):
        for member in story.committee:
            reviewing.vote(story, member, step)
    scored.state_facts(story, story.committee)
    for member in story.committee:
        seen = member.get(story.api("/evaluation/scores"))
        path, marks = story.api("/evaluation/scores"), list(the_same(seen))
        member.post(f"{path}/save", {"base": seen["version"], "scores": marks[: len(marks) // 2]})
        raw = member.post(f"{path}/draft", {"scores": marks})["raw"]
        member.post(path, {"raw": raw, "cms": member.sign_b64(raw)})


def the_same(seen: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Full points for facts, four fifths for everything else."""
    for bid in seen["bids"]:
        for item in scored.judged(seen["criteria"]):
            most = Decimal(item["max"])
            points = most if item["kind"] == "objective" else most * 4 / 5
            yield {"bid": bid["id"], "item": item["id"], "score": f"{points.normalize():f}", "reason": ""}


def break_tie(story: Played) -> None:
    """Two bids are equal: lots are drawn by the same ceremony; one that a fault made void is asked for again."""
    heads = (member for member in story.committee if member.get(story.api("/evaluation"))["head"])
    head = next(heads)

    def left() -> Any:
        return head.get(story.api("/evaluation"))["phase"] != "draw"

    limit = time.monotonic() + PATIENCE
    while not left() and time.monotonic() < limit:
        with contextlib.suppress(device.HallRefused):
            head.post(story.api("/evaluation/tie"))
        with contextlib.suppress(TimeoutError):
            until(left, "the order of the tied bids", 100)


def report(story: Played) -> None:
    """All sign; the head delivers."""
    reviewing.sign_report(story, story.committee)


def calls_of(story: Played) -> list[dict[str, Any]]:
    """Every call that the gateway has made since this draw began, by its own books."""
    records = json.loads(fetch(scored.voice(story) + "/log"))["records"]
    return [record for record in records if record["started"] >= rfc3339(story.drawn_from)]
