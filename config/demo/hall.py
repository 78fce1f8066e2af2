"""A project through the approval hall into a tender (演示：审批大厅): filed with a gap, accepted against a promise, approved by
five departments in parallel under yellow and red lights, sealed, and tendered under its code."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import date, time
from typing import Any

from config.demo import approvals, lowest_price, play, seed
from config.demo.client import until
from config.demo.forms import Refusal, fill_in, sign_on
from config.demo.play import Story
from trading import clock
from trading.periods import add_days, at_beijing, beijing_date, the_calendar

PAPER = b"%PDF-1.7 (demonstration)\n"
FORM = {
    "title": "示例市实验小学信息化改造项目",
    "place": "示例市人民路1号",
    "estimate": "2400000.00",
    "scale": "改造教学楼计算机教室六间",
}
CASE = re.compile(r"SP[0-9]{12}")


def open_hall(story: Story) -> None:
    """An item is published, posts are given, the head of the department signs a letter of authority."""
    approvals.prepare(story.hall.url, story.hall.state)
    item = story.person("owner").get(f"/api/hall/items/{approvals.ITEM}")
    steps = [step for stage in item["flow"] for step in stage["steps"]]
    story.say(
        f"{item['name']}: {len(steps)} departments, {sum(step['days'] for step in steps)} working days in series, {item['promised']} promised"
    )


def file_with_gap(story: Story) -> None:
    """Two of four papers are handed in; the others are promised, with a certificate; the clerk accepts."""
    owner = story.person("owner")
    files = {f"material-{key}": (f"{key}.pdf", PAPER + key.encode()) for key in ("application", "land")}
    page = fill_in(owner, f"/hall/items/{approvals.ITEM}/apply", FORM | {"act": "submit"}, files)
    found = CASE.search(page)
    if found is None:
        raise RuntimeError("the application has no number")
    story.case = found[0]
    refused = not_accepted(story)
    do(story, "owner", "promise", sign_on(owner, f"/hall/cases/{story.case}"))
    do(story, "clerk", "accept")
    story.accepted = beijing_date(clock.now())
    story.say(f"case {story.case}; without the promise: {refused}")
    story.say(
        f"accepted {story.accepted}, promised by {day(story, 14)}; the code of the project: {code_of(story)}"
    )


def not_accepted(story: Story) -> str:
    """What the clerk is told while the gap is not promised."""
    try:
        do(story, "clerk", "accept")
    except Refusal as refused:
        return str(refused)
    raise RuntimeError("the hall has accepted an application with a gap")


def do(
    story: Story, login: str, act: str, fields: dict[str, Any] | None = None, **files: tuple[str, bytes]
) -> str:
    """An act on the case's page. Raises Refusal with what the page says against it."""
    return fill_in(story.person(login), f"/hall/cases/{story.case}/{act}", fields or {}, files)


def code_of(story: Story) -> str:
    """The code that the project got, as its page says."""
    found = re.search(
        r"[0-9]{4}-[0-9]{6}-[0-9]{2}-[0-9]{2}-[0-9]{6}",
        story.person("owner").hall.get(f"/hall/cases/{story.case}").decode(),
    )
    if found is None:
        raise RuntimeError("the case names no project code")
    return found[0]


def day(story: Story, working_days: int) -> date:
    """The working day so many after the acceptance."""
    return add_days("working_day", working_days, story.accepted, the_calendar())


def ahead_to_day(story: Story, working_days: int) -> None:
    """Let the clock run to the afternoon of a working day."""
    story.ahead_to(at_beijing(day(story, working_days), time(15)))


def lights(story: Story) -> dict[str, str]:
    """Department → light of the case's steps that run."""
    found = story.person("supervisor").get("/api/hall/lights")["lights"]
    return {
        light["department"]: light["light"]
        for light in found
        if "/step/" in light["key"] and light["subject"] == story.case
    }


def approve(story: Story) -> None:
    """Three departments agree in time; one light turns yellow, one red: agreement by silence, with its entry."""
    until(lambda: len(lights(story)) == len(approvals.OFFICERS), "five lights")
    story.say(f"five steps at the same time: {' '.join(sorted(set(lights(story).values())))}")
    ahead_to_day(story, 3)
    agree(story, "development", "planning")
    ahead_to_day(story, 5)
    until(lambda: "yellow" in lights(story).values(), "the yellow light")
    shown = next(name for name, light in lights(story).items() if light == "yellow")
    story.say(f"day 5: YELLOW {shown}; its officer and the board know")
    agree(story, "defence", "environment")
    ahead_to_day(story, 7)
    until(lambda: reds(story), "the red light")
    red = reds(story)[0]
    story.say(f"day 7: RED {red['department']}; by silence it counts as agreed")
    letter = story.person("supervisor").post(
        f"/api/hall/lights/{red['id']}", {"words": "请说明逾期原因", "days": 5}
    )
    officer = story.person(approvals.OFFICERS["water"][0])
    officer.post(f"/api/hall/letters/{letter['letter']}", {"words": "经办人外出踏勘，已调整岗位"})
    story.say(f"supervision letter {letter['letter']}, answered")


def reds(story: Story) -> list[dict[str, Any]]:
    """Red lights of the case, gone out or not."""
    page = story.person("supervisor").get(f"/api/hall/cases/{story.case}/lights")["lights"]
    return [light for light in page if light["light"] == "red"]


def agree(story: Story, *departments: str) -> None:
    for department in departments:
        login, _ = approvals.OFFICERS[department]
        do(story, login, "step", {"step": department, "outcome": "passed", "opinion": "同意"})


def decide(story: Story) -> None:
    """Looked into by the chief representative, decided by the head, sealed; the missing papers come; closed and rated."""
    do(story, "representative", "prereview", {"opinion": "材料齐全，建议批准"})
    do(story, "head", "decide", {"outcome": "approved"})
    missing = {f"material-{key}": (f"{key}.pdf", PAPER + key.encode()) for key in ("environment", "water")}
    do(story, "owner", "save", None, **missing)
    do(story, "clerk", "close", None, file=("result.pdf", PAPER + b"result"))
    rated = story.person("owner").post(
        f"/api/hall/cases/{story.case}/rating", {"grade": "satisfied", "words": ""}
    )
    project = story.person("owner").get(f"/api/hall/projects/{code_of(story)}")
    for each in project["approvals"]:
        story.say(f"{each['department']}  {each['item']}  {each['number']}")
    papers = {each["sha256"] for each in project["approvals"]}
    story.say(f"sealed decision {papers.pop()[:16]}…  rated {rated['grade']}")


def tender(story: Story) -> None:
    """An unknown code is refused; under its own code the project is tendered."""
    from config.bidder import HallRefused

    agent, code = story.person("agent"), code_of(story)
    try:
        seed.open_tender(agent, investment_code=code[:-1] + str((int(code[-1]) + 1) % 10))
    except HallRefused as refused:
        story.say(f"refused: {refused}")
    else:
        raise RuntimeError("the hall has taken a code that nobody gave out")
    story.code = seed.open_tender(agent, investment_code=code)
    facts = agent.get(story.api())
    story.say(f"{story.code}  {facts['title']}  deadline {facts['deadline']}  project {code}")


def verify(story: Story) -> None:
    """As every tender; its notice names the project and its approvals."""
    play.verify(story)
    story.say(f"project {code_of(story)}: its approvals stand in the tender's signed notice")


STEPS: Sequence[tuple[str, Callable[[Story], None]]] = (
    ("the approval hall: item, posts, letter of authority", open_hall),
    ("a project is filed with a gap and accepted against a promise", file_with_gap),
    ("five departments in parallel: one yellow light, one red", approve),
    ("decision under seal, result, rating", decide),
    ("the project is tendered under its code", tender),
    *lowest_price.STEPS[2:-1],
    ("audit bundle, offline verifier", verify),
)
