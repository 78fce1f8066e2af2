"""A tender with two envelopes whose bidders alone hold the keys, one of whom never decrypts."""

from __future__ import annotations

from typing import Any

import pytest

from config import bidder as device
from config.demo import lowest_price, people, play, reviewing, seed
from config.demo.client import until
from config.demo.lowest_price import COMMITTEE
from config.demo.play import Story
from plugins.recorder import simulator as recorder
from tests.journeys.exporting import export
from trading import clock

FAILS_REVIEW, NEVER_DECRYPTS = "bidder1", "bidder4"
DECRYPT = ("bidder1", "bidder2", "bidder3", "bidder5")


def play_two_envelopes(story: Story) -> None:
    """From the draft to the verifier's verdict; bidder 1 fails the review, its price is never opened."""
    story.code = seed.open_tender(story.person("agent"), vault_mode="bidder", envelopes=2)
    story.policy = device.fetch_policy(device.Hall(story.hall.url), story.code, story.hall.state / "trust")
    for login in (*DECRYPT, NEVER_DECRYPTS):
        play.hand_in(story, login)
    agent = story.person("agent")
    story.ahead_to(clock.parse_rfc3339(agent.get(story.api())["deadline"]))
    open_first(story)
    file_recording(story)
    review(story)
    open_second(story)
    finish(story)


def decrypt(story: Story, *logins: str) -> None:
    for login in logins:
        hall, signer = story.own_device(login)
        device.decrypt(hall, signer, story.code, story.sealed[login].key_file.read_bytes(), people.PASSWORD)


def open_first(story: Story) -> None:
    """Four decrypt; of the fifth the host decides; the record is signed without a price in it."""
    agent = story.person("agent")
    opening = until(lambda: agent.get(story.api("/opening"))["opening"], "the opening")
    decrypt(story, *DECRYPT)
    story.ahead_to(clock.parse_rfc3339(opening["window_ends"]))
    until(lambda: play.read_out(agent, story), "the end of the window", seconds=90)
    (case,) = agent.get(story.api("/opening/cases"))
    assert case["proposed"] == "bidder", case
    reason = "规定时间内未提供密钥，其他投标人均正常解密。"
    agent.post(story.api(f"/opening/cases/{case['manifest']}"), {"fault": "bidder", "reason": reason})
    record = agent.get(story.api("/opening/record"))
    agent.post(story.api("/opening/record"), {"cms": agent.sign_b64(record["record"])})


def file_recording(story: Story) -> None:
    """The recorder of the opening room files its sound by itself; the supervisor plays it."""
    agent = story.person("agent")
    key = story.folder / "recorder.key"
    key.write_text(people.load(story.hall.state)["agent"]["api_key"])
    said = story.run(
        "simulate", "recorder", "--hall", story.hall.url, "--key-file", str(key), "--tender", story.code
    )
    (filed,) = agent.get(story.api("/recordings"))
    assert said.startswith(f"filed {filed['ref']} sha256 {filed['sha256']}"), said
    officer = story.person("regulator").hall
    assert officer.get(f"/tenders/{story.code}/recordings/{filed['ref']}") == recorder.tone()


def review(story: Story) -> None:
    """All members fail bidder 1 on the first item."""
    agent = story.person("agent")
    agent.post(story.api("/panel"), lowest_price.panel_list(story))
    for member in map(story.person, COMMITTEE):
        member.post(story.api("/panel/sign-in"))
    failed = people.uscc("b1")
    for member in map(story.person, COMMITTEE):
        seen = member.get(story.api("/evaluation"))
        votes = [
            {"bid": subject, "item": item, "pass": (subject, place) != (failed, 0), "reason": "见评审记录"}
            for subject in seen["subjects"]
            for place, item in enumerate(seen["items"])
        ]
        raw = member.post(story.api("/evaluation/reviews/qualification/draft"), {"votes": votes})["raw"]
        member.post(story.api("/evaluation/reviews/qualification"), {"raw": raw, "cms": member.sign_b64(raw)})


def open_second(story: Story) -> None:
    """The host signs; those who passed decrypt their prices."""
    agent = story.person("agent")
    act = agent.get(story.api("/opening/second"))
    agent.post(story.api("/opening/second"), {"cms": agent.sign_b64(act["act"])})
    with pytest.raises(device.HallRefused):
        decrypt(story, FAILS_REVIEW)
    decrypt(story, "bidder2", "bidder3", "bidder5")
    until(lambda: agent.get(story.api("/opening/second"))["read_out"], "the prices", seconds=60)


def finish(story: Story) -> None:
    members: list[Any] = [story.person(login) for login in COMMITTEE]
    for member in members:
        reviewing.vote(story, member, "conformity")
    reviewing.answer_questions(story)
    for member in members:
        if member.get(story.api("/evaluation"))["step"] == "abnormal":
            reviewing.vote(story, member, "abnormal", accepted=True)
    for member in members:
        report = member.get(story.api("/evaluation/report"))
        member.post(story.api("/evaluation/report"), {"cms": member.sign_b64(report["raw"])})
    members[0].post(story.api("/evaluation/report/deliver"))
    export(story, "public", "regulator")
