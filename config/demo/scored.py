"""A tender by comprehensive scoring whose committee is drawn, called and seated unseen (演示：综合评分法、随机抽取专家)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from bidding.vault.encoding import unb64
from config.bidder import HallRefused
from config.demo import play, pool, seed
from config.demo.client import Person, until
from config.demo.play import Story
from config.demo.reviewing import answer_questions, sign_report, vote
from plugins.outbound import fetch
from trading import clock
from trading.clock import rfc3339

TEMPLATE = "office-air-conditioning"
EXPERTS = 4
DELEGATE = "delegate"
INVITED = "您已确认参加评审"
"""how the message begins that only those get who accepted"""
ANSWERS = "decline no-answer 91 accept"
"""what telephones do in the order in which they are first called; the last word holds for all others"""


def publish(story: Story) -> None:
    """The agent drafts with criteria and weights; signed and published."""
    story.code = seed.open_tender(story.person("agent"), template=TEMPLATE)
    facts = story.person("agent").get(story.api())
    story.say(f"{story.code}  {facts['title']}  deadline {facts['deadline']}")
    for item in leaves(facts["criteria"]):
        story.say(f"{item['weight']:>4}  {item['name']}  {item['kind']}")


def draw_committee(story: Story) -> None:
    """One click demands, one approves; unattended services draw, and a machine calls. Nobody sees a name."""
    agent, buyer = story.person("agent"), story.person("buyer")
    fetch(voice(story) + "/modes", urlencode({"behaviour": ANSWERS}).encode())
    story.sitting = clock.now() + timedelta(hours=2)
    demanded = agent.post(
        story.api("/panel/demands"),
        {
            "members": EXPERTS + 1,
            "experts": EXPERTS,
            "strata": [{"quota": EXPERTS, "tag": pool.SPECIALITY}],
            "avoid": [],
            "session": {"at": rfc3339(story.sitting), "place": "评标室三"},
        },
    )
    story.say(f"demand {demanded['demand'][:16]}…  {sum(demanded['eligible'].values())} or more can be drawn")
    buyer.post(
        story.api("/panel/representatives"),
        {"logins": [DELEGATE], "letter": "授权何平作为采购人代表参加评标"},
    )
    asked = clock.now()
    draw = buyer.post(story.api("/panel/approval"), {"demand": demanded["demand"]})["draw"]
    until(lambda: state_of(story) in ("calling", "ready"), "the order", seconds=120)
    story.say(
        f"draw {draw[:16]}…  order fixed {(clock.now() - asked).total_seconds():.0f} s after the request"
    )
    until(lambda: state_of(story) == "ready", "the committee", seconds=240)
    tell_calls(story)


def state_of(story: Story) -> Any:
    return story.person("agent").get(story.api("/panel/draw"))["state"]


def voice(story: Story) -> str:
    """The gateway for calls."""
    return story.hall.environment["TRADEHALL_VOICE_URL"]


def tell_calls(story: Story) -> None:
    """What the gateway's own records say; the hall shows counts to nobody before the result."""
    records = json.loads(fetch(voice(story) + "/log"))["records"]
    outcomes = [record["outcome"] for record in records]
    story.say(
        f"{len(outcomes)} calls: " + ", ".join(f"{outcomes.count(o)} {o}" for o in sorted(set(outcomes)))
    )


def seat_committee(story: Story) -> None:
    """Whoever accepted comes; one has an interest and is replaced from the same order; all promise and sit."""
    story.ahead_to(story.sitting)
    committee = [story.person(member.login) for member in accepted(story)]
    aside = committee[0]
    arrive(story, aside)
    word = aside.get(story.api("/panel/promise"))["aside"]
    said = {"interest": "配偶在投标人青禾数码科技有限公司任职", "promise": word, "p7s": aside.sign_b64(word)}
    aside.post(story.api("/panel/sign-in"), said)
    story.say("one expert steps aside for an interest; the next in the frozen order is called")
    until(lambda: len(accepted(story)) > EXPERTS, "the replacement", seconds=120)
    seated = [story.person(member.login) for member in accepted(story) if member.login != aside.login]
    for expert in seated:
        arrive(story, expert)
        promise(story, expert)
    promise(story, story.person(DELEGATE))
    seat = seated[0].get(story.api("/panel/promise"))["seat"]
    for expert in seated:
        if expert.post(story.api("/panel/head"), {"seat": seat})["chosen"]:
            break
    story.committee = [*seated, story.person(DELEGATE)]
    story.say(f"{len(story.committee)} members have signed in and chosen their head: {seated[0].name}")


def accepted(story: Story) -> list[pool.Member]:
    """Those whose telephones have the message with date and place: each knows it of himself, and nobody else."""
    texts = json.loads(fetch(story.hall.environment["TRADEHALL_SMS_URL"] + "/log"))["messages"]
    invited = [text["number"] for text in texts if INVITED in text["text"]]
    return [member for member in pool.members() if member.phone in invited]


def arrive(story: Story, expert: Person) -> None:
    """An expert stands in the evaluation room and says so; the device there knows whether this one was drawn."""
    visit = expert.post("/api/panel/here")["visit"]
    until(lambda: expert.get(f"/api/panel/here/{visit}")["state"] == "known", "the device in the room")


def promise(story: Story, member: Person) -> None:
    """The promise of integrity, signed; the phone handed in."""
    document = member.get(story.api("/panel/promise"))["document"]
    body = {"promise": document, "p7s": member.sign_b64(document), "phone": True}
    member.post(story.api("/panel/sign-in"), body)


def evaluate(story: Story) -> None:
    """Reviews, questions, sealed score sheets, a written reason, one lawful correction, the signed report."""
    members = story.committee
    for step in ("qualification", "conformity"):
        for member in members:
            vote(story, member, step, dissent=step == "conformity" and member is members[-2])
    answer_questions(story)
    for member in members:
        vote(story, member, "abnormal", accepted=False)
    state_facts(story, members)
    for place, member in enumerate(members):
        score(story, member, place)
    settle(story)
    sign_report(story, members)
    report = json.loads(unb64(members[0].get(story.api("/evaluation/report"))["raw"]))
    for row in report["result"]["ranking"]:
        points = row["total"]["points"]
        story.say(f"rank {row['rank']}  {row['id']}  {points} points  bid {row['bid_price']}")
    for entry in report["result"]["sensitivity"]:
        story.say(f"without one member: first place {'CHANGES' if entry['changes_first'] else 'stays'}")


def state_facts(story: Story, members: Sequence[Person]) -> None:
    """The head states the objective items' facts once; they stand prefilled on every sheet."""
    seats = {member.login: member.get(story.api("/evaluation"))["head"] for member in members}
    head = next(member for member in members if seats[member.login])
    seen = head.get(story.api("/evaluation/scores"))
    facts = [
        {
            "bid": bid["id"],
            "item": item["id"],
            "fact": "投标文件第三册：证书均在有效期内",
            "points": item["max"],
        }
        for bid in seen["bids"]
        for item in judged(seen["criteria"])
        if item["kind"] == "objective"
    ]
    hand_in(story, head, "score-facts", {"facts": facts})
    story.say(f"{head.login} states {len(facts)} facts of objective items, prefilled on every sheet")


def score(story: Story, member: Person, place: int) -> None:
    """Saved as it goes, then signed and locked; nobody sees another's sheet before all have locked."""
    seen = member.get(story.api("/evaluation/scores"))
    if seen["sheets"] is not None:
        raise RuntimeError("sheets are shown before all have locked")
    scores = list(marks(seen, place))
    path = story.api("/evaluation/scores")
    member.post(f"{path}/save", {"base": seen["version"], "scores": scores[: len(scores) // 2]})
    raw = member.post(f"{path}/draft", {"scores": scores})["raw"]
    member.post(path, {"raw": raw, "cms": member.sign_b64(raw)})
    story.say(f"{member.login} has locked a sheet of {len(scores)} scores")


def marks(seen: dict[str, Any], place: int) -> Iterator[dict[str, Any]]:
    """One member's scores: near the others', but one outlier (member 2) and one slip on a fact (member 4)."""
    for number, bid in enumerate(seen["bids"]):
        for item in judged(seen["criteria"]):
            most = Decimal(item["max"])
            if item["kind"] == "objective":
                points = most - 1 if (number, place) == (0, 3) else most
            else:
                points = most * (90 - 6 * number) / 100 - Decimal(place) / 4
                if (number, place) == (1, 1) and item["max"] == "25":
                    points = Decimal(9)
            reason = "环境标志产品认证证书已过期" if item["kind"] == "objective" and points != most else ""
            yield {"bid": bid["id"], "item": item["id"], "score": f"{points.normalize():f}", "reason": reason}


def leaves(criteria: Sequence[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The criteria without their groups."""
    for node in criteria:
        yield from leaves(node["items"]) if "items" in node else (node,)


def judged(criteria: Sequence[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Those that members score."""
    return (item for item in leaves(criteria) if item["kind"] != "price")


def settle(story: Story) -> None:
    """Who is far from the others gives a written reason; who erred on a fact corrects it, and it is recorded."""
    for member in story.committee:
        seen = member.get(story.api("/evaluation/scores"))
        for owed in seen["owed"]:
            body = {
                "bid": owed["bid"],
                "item": owed["item"],
                "reason": "该投标人未提供该机型的第三方检测报告",
            }
            hand_in(story, member, "score-reasons", body)
            story.say(f"{member.login} explains a score far from the others': {', '.join(owed['rules'])}")
    member = story.committee[3]
    for differing in member.get(story.api("/evaluation/scores"))["disagreements"]:
        most = next(
            item["max"]
            for item in judged(member.get(story.api("/evaluation/scores"))["criteria"])
            if item["id"] == differing["item"]
        )
        body = {**differing, "ground": "objective", "after": most, "reason": "漏看环境标志产品认证证书"}
        hand_in(story, member, "score-corrections", body)
        story.say(f"{member.login} corrects an objective item (Order 87 art. 64)")


def hand_in(story: Story, member: Person, what: str, body: dict[str, Any]) -> None:
    path = story.api(f"/evaluation/{what}")
    raw = member.post(f"{path}/draft", body)["raw"]
    member.post(path, {"raw": raw, "cms": member.sign_b64(raw)})


def open_names(story: Story) -> None:
    """After the result the room's device hands over whom the draw was among; the seats' openings are public then."""
    agent = story.person("agent")
    address = f"/api/draws/{agent.get(story.api('/panel/draw'))['draw']}/transcript"

    def openings() -> Any:
        try:
            return agent.get(address)["openings"]
        except HallRefused:  # nobody sees anything of the draw yet
            return None

    opened = until(openings, "the names")
    names = agent.get(story.api("/panel/names"))["names"]
    story.say(f"{len(opened)} seats opened: {'、'.join(names)}")


STEPS: Sequence[tuple[str, Callable[[Story], None]]] = (
    ("an unlawful deadline is refused", play.try_unlawful),
    ("draft with criteria and weights, signature, publication", publish),
    ("bid securities, seen by nobody", play.secure),
    ("five sealed bids, receipts verified, one replaced", play.bid),
    ("deadline: the hall closes; late acts are refused", play.too_late),
    ("opening: decryption, custodians' remedy, record", play.open_bids),
    ("the committee: demanded, drawn, called by a machine", draw_committee),
    ("sign-in, second check, replacement, head", seat_committee),
    ("evaluation by comprehensive scoring, report", evaluate),
    ("result, award, contract", play.award),
    ("bid securities go back with interest", play.return_securities),
    ("the device hands the names over, the draw can be checked to the last row", open_names),
    ("audit bundle, offline verifier", play.verify),
)
