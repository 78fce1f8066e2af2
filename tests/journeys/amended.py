"""A tender that is amended while bids stand: three bidders seal again with one command, one never does."""

from __future__ import annotations

import json
import os
from datetime import timedelta
from typing import Any

from config import bidder as device
from config.demo import people, play
from config.demo.client import Person, until
from config.demo.play import Story
from tests.journeys.exporting import export
from trading.clock import BEIJING, parse_rfc3339

BIDDERS = ("bidder1", "bidder2", "bidder3", "bidder4")
LEFT_BEHIND = "bidder2"


def put(who: Person, path: str, document: dict[str, Any]) -> Any:
    body = json.dumps(document).encode()
    return json.loads(who.hall.send("PUT", path, body, {"Content-Type": "application/json"})[1])


def bid_and_amend(story: Story) -> None:
    """Publish, bid, ask and answer, amend with a later deadline, seal again."""
    play.publish(story)
    read_policy(story)
    for login in BIDDERS:
        play.hand_in(story, login)
    clarify(story)
    amend(story)
    read_policy(story)
    for login in BIDDERS:
        if login != LEFT_BEHIND:
            reseal(story, login)


def read_policy(story: Story) -> None:
    hall = device.Hall(story.hall.url)
    story.policy = device.fetch_policy(hall, story.code, story.hall.state / "trust")


def clarify(story: Story) -> None:
    """A bidder takes the documents and asks; the agent answers everybody."""
    asker, agent = story.person("bidder3"), story.person("agent")
    asker.hall.get(f"/tenders/{story.code}/documents/tender-document.pdf")
    asker.post(story.api("/questions"), {"text": "交货期可否为 45 天？"})
    (question,) = agent.get(story.api("/questions"))["waiting"]
    answer = {"number": question["number"], "text": question["text"], "answer": "可以，见修改公告。"}
    raw = put(agent, story.api("/answers"), answer)["data"]
    agent.post(
        story.api("/answers"), {"number": question["number"], "clarification_cms": agent.sign_b64(raw)}
    )


def amend(story: Story) -> None:
    agent = story.person("agent")
    later = parse_rfc3339(agent.get(story.api())["deadline"]) + timedelta(days=5)
    changes = {
        "delivery_days": 45,
        "deadline": later.astimezone(BEIJING).isoformat(),
        "reason": "按疑问延长交货期",
    }
    put(agent, story.api("/amendment"), changes)
    publish_amendment(story)


def publish_amendment(story: Story) -> None:
    """Wait for the custodians' statements where the deadline moves; sign and publish."""
    agent = story.person("agent")

    def ready() -> Any:
        answer = agent.get(story.api("/amendment"))
        return answer["documents"] if answer["ready"] else None

    documents = until(ready, "the custodians' statements for the new deadline")
    agent.post(
        story.api("/amendment"), {f"{name}_cms": agent.sign_b64(d["data"]) for name, d in documents.items()}
    )


def reseal(story: Story, login: str) -> None:
    hall, signer = story.own_device(login)
    folder = story.folder / f"{login}-resealed"
    folder.mkdir()
    sealed = device.reseal(
        hall, signer, story.code, story.sealed[login].key_file.read_bytes(), folder, people.PASSWORD, rng=os.urandom
    )  # fmt: skip
    device.wait_receipt(hall, device.submit(hall, sealed.sealed).receipt)
    story.sealed[login] = sealed


def open_and_export(story: Story) -> None:
    """At the new deadline: nobody decrypts, the custodians open what counts; both tiers are exported."""
    agent = story.person("agent")
    story.ahead_to(parse_rfc3339(agent.get(story.api())["deadline"]))
    opening = until(lambda: agent.get(story.api("/opening"))["opening"], "the opening", seconds=90)
    story.ahead_to(parse_rfc3339(opening["window_ends"]))
    until(lambda: play.read_out(agent, story), "the custodians", seconds=90)
    record = agent.get(story.api("/opening/record"))
    agent.post(story.api("/opening/record"), {"cms": agent.sign_b64(record["record"])})
    export(story, "public", "regulator")
