"""A small works whose contractor is drawn by lot, in two steps, before people (演示：小型工程两步摇号)."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from config.bidder import HallRefused
from config.demo import contractors, files, play
from config.demo.client import until
from config.demo.forms import Refusal, fill_in, sign_on
from config.demo.phone import Phone, asking
from config.demo.play import Story
from trading import clock
from trading.clock import parse_rfc3339

PHONES = 4
FINALISTS = 3
DRAFT = {
    "title": "实验小学围墙与门卫室修缮工程", "scope": "围墙翻修、门卫室加固、场地排水", "place": "示例市实验小学",
    "estimate": "1860000.00", "ceiling": "1820000.00", "object": "works", "public_funds": "1860000.00",
    "trade": "building", "method": "two-step", "finalists": str(FINALISTS), "weighted": "true", "days": "60",
    "beacon": "dice/20",
}  # fmt: skip
TAPE = "（演示）掷骰子过程录像".encode()


def works(story: Story, path: str = "") -> str:
    return f"/small-works/{story.code}{path}"


def times() -> dict[str, str]:
    """When firms may decline no more, and when the draw begins, as the form takes it."""
    now = clock.now().astimezone(clock.BEIJING)
    return {
        "declines_until": f"{now + timedelta(days=9):%Y-%m-%dT17:00}",
        "draw_at": f"{now + timedelta(days=10):%Y-%m-%dT10:00}",
    }


def record(story: Story) -> Any:
    """What everybody may read of the draws."""
    return story.person("buyer").get(f"/api{works(story)}/record")


def route(story: Story) -> None:
    """The gates: a mandatory project is refused a lottery; this one is drafted, signed, published."""
    buyer, plan = story.person("buyer"), DRAFT | times()
    story.code = code_in(fill_in(buyer, "/small-works/new", plan | {"estimate": "4000000.00"}))
    page = buyer.hall.get(works(story)).decode()
    told = re.search(r"不得采用[^<]*|winner may not be found by lottery[^<]*|不得以摇号[^<]*", page)
    story.say(f"4,000,000.00: no lottery; {told[0] if told else 'the page says why'}")
    if "data-sign-base64" in page:
        raise RuntimeError("a mandatory project may be published for a lottery")
    fill_in(buyer, works(story, "/edit"), plan)
    fill_in(buyer, works(story, "/publish"), sign_on(buyer, works(story)))
    story.say(f"{story.code}  {DRAFT['title']}  {DRAFT['estimate']}  goes to the roster; notice signed")


def code_in(page: str) -> str:
    """The code of the works that a page is about."""
    found = re.search(r"/small-works/([0-9A-Za-z-]{12,})", page)
    if found is None:
        raise RuntimeError("no works was made")
    return found[1]


def decline(story: Story) -> None:
    """One firm is excluded by a decision, another declines in time; then the hall freezes the list by itself."""
    firms = contractors.contractors()
    today = clock.now().astimezone(clock.BEIJING).date()
    decision = {
        "org": firms[10].uscc, "decision": "示建罚〔2026〕12号", "ground": "出借资质",
        "since": today.isoformat(), "until": (today + timedelta(days=365)).isoformat(),
    }  # fmt: skip
    paper = {"evidence": ("处罚决定书.txt", "（演示）处罚决定书".encode())}
    fill_in(story.person("regulator"), "/roster/office/exclusions", decision, paper)
    story.say(f"{firms[10].name}: excluded by {decision['decision']}")
    leaver = story.person(firms[4].login)
    fill_in(leaver, works(story, "/firm/decline"), {"reason": "近期施工力量不足"})
    story.say(f"{firms[4].name}: declines")
    notice = record(story)["notice"]
    story.ahead_to(parse_rfc3339(notice["declines_until"]))
    balls = until(lambda: record(story)["balls"], "the frozen list")["balls"]
    for row in balls:
        fate = (
            f"left out: {row['excluded']} {row['detail']}" if row["excluded"] else f"chances {row['weight']}"
        )
        story.say(f"ball {row['number']:>2}  {row['name']}  {fate}")
    try:
        fill_in(story.person(firms[0].login), works(story, "/firm/decline"), {"reason": "改变主意"})
    except Refusal as refused:
        story.say(f"after the freeze: {refused}")
    story.ahead_to(parse_rfc3339(notice["draw_at"]))


def draw(story: Story) -> None:
    """One step: announced, contributed to from the floor, frozen, dice, order."""
    number = len(record(story)["draws"]) + 1
    buyer = story.person("buyer")
    until(lambda: announced(story), "the trustees", seconds=60)
    found = record(story)["draws"][number - 1]
    ann, params = found["ann"], found["transcript"]["params"]
    story.say(
        f"draw {number} for {params['strata'][0]['id']}: {params['list_size']} tickets, root {params['list_root'][:16]}…"
    )
    ask = asking(story.hall.url)
    phones = [Phone(ask, ann) for _ in range(PHONES)]
    for phone in phones:
        phone.look()
    until(
        lambda: len(record(story)["draws"][-1]["transcript"]["commits"]) == PHONES + 3,
        "the trustees' chances",
    )
    story.say(f"{PHONES} phones on the floor and 3 trustees have put in secret chances")
    story.ahead_to(datetime.fromtimestamp(params["t_commit"] + 1, UTC))
    here = phones[1:] if number == 1 else phones  # one leaves before it has given its shares
    until(lambda: all(phone.has("deal") for phone in here), "the shares")
    if number == 1:
        story.say(f"{phones[0].name} has left: it is dropped, and nothing waits for it")
        until(lambda: all(phone.papers()["acked"] == 3 for phone in here), "the trustees' acks")
        story.ahead_to(datetime.fromtimestamp(params["t_freeze"], UTC))
    frozen = until(lambda: phones[1].papers()["frozen"], "the witness")
    story.say(f"frozen in the log at entry {frozen['index']}; a witness has signed")
    throw(story, ann)
    until(
        lambda: all(phone.papers()["revealed"] for phone in here if phone.look() is not None), "the chances"
    )
    result = until(lambda: record(story)["draws"][number - 1]["transcript"]["result"], "the order")
    story.say(f"seed {result['seed'][:32]}…")
    names = {row["id"]: row["name"] for row in record(story)["balls"]["balls"]}
    for place, one in enumerate(record(story)["drawn"][params["strata"][0]["id"]], start=1):
        story.say(f"{place}. {names[one]}")
    again(story, buyer)


def announced(story: Story) -> bool:
    """Ask for the next draw; False while the trustees are not there yet, whose clocks have just been moved."""
    try:
        fill_in(story.person("buyer"), works(story, "/draw"), {})
    except Refusal as refused:
        if "见证机构" not in str(refused):
            raise
        return False
    return True


def throw(story: Story, ann: str) -> None:
    """Twenty dice; two people type what everybody has seen, each alone."""
    shown = "".join(secrets.choice("0123456789") for _ in range(20))
    given = {"value": shown, "recording": hashlib.sha256(TAPE).hexdigest()}
    path = f"/api/draws/{ann}/beacon"
    until(lambda: typed(story, path, given), "the freeze")
    counts = story.person("regulator").post(path, given)["counts"]
    story.say(f"dice {shown}, typed by two people: {'counts' if counts else 'DIFFERS'}")


def typed(story: Story, path: str, given: dict[str, str]) -> bool:
    try:
        story.person("buyer").post(path, given)
    except HallRefused as refused:
        if "draw.beacon" not in str(refused):
            raise
        return False
    return True


def again(story: Story, buyer: Any) -> None:
    """Nobody draws a step twice."""
    if len(record(story)["draws"]) < 2:
        return
    try:
        fill_in(buyer, works(story, "/draw"), {})
    except Refusal as refused:
        story.say(f"a second draw of it: {refused}")
    else:
        raise RuntimeError("the hall drew again what had been drawn")


def award(story: Story) -> None:
    """The first in order gives it up, which is counted; the second gets it after its publicity; contract."""
    buyer, drawn = story.person("buyer"), record(story)["drawn"]["order"]
    firms = {firm.uscc: firm for firm in contractors.contractors()}
    first = firms[drawn[0]]
    fill_in(story.person(first.login), works(story, "/firm/refuse"), {"reason": "项目经理另有任务"})
    story.say(f"{first.name} gives it up; the next in the drawn order has its turn")
    story.ahead_to(clock.now() + timedelta(days=8))
    fill_in(buyer, works(story, "/award"), sign_on(buyer, works(story)))
    story.say(f"AWARD: {firms[drawn[1]].name} at {Decimal(DRAFT['ceiling']):,.2f}")
    paper = files.letter(story.folder, "施工合同（演示）", story.code)
    today = clock.now().astimezone(clock.BEIJING).date().isoformat()
    fill_in(
        buyer,
        works(story, "/contract"),
        {"price": DRAFT["ceiling"], "signed_on": today},
        {"file": ("contract.pdf", paper.read_bytes())},
    )
    story.say("contract filed")


STEPS: Sequence[tuple[str, Callable[[Story], None]]] = (
    ("the gates; a works goes to the roster; notice signed", route),
    ("one firm excluded, one declines; the ball list is frozen", decline),
    ("draw 1: the finalists", draw),
    ("draw 2: their order", draw),
    ("the first refuses, the second is awarded; contract", award),
    ("audit bundle, offline verifier", play.verify),
)
