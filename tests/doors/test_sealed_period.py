"""Until the deadline every door says the same, whether there is no bid, three or forty."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator

import pytest
from structlog.testing import capture_logs

from config import audit
from tests.bidding.vault.scene import CODE, Scene
from tests.bidding.vault.scene import scene as scene
from tests.doors import crowd
from tests.doors.finding import may_open, permissions, table
from tests.doors.staging import Doors, Seen, asked_hall, counting, signed_in, stage
from trading.live import LiveEvent

OWN = {"own", "own-act"}
ROLE_OF = {
    "nobody": "",
    "the-agent": "agent",
    "another-agent": "agent",
    "the-tenderer": "tenderer",
    "bidder-0": "bidder",
}
"""of readers who are not called by their role"""
EVERYWHERE = ("nobody", "bidder-0")
"""who is also asked before and after where the door is shut: a refusal must not change either"""
MOST_CURIOUS = ("nobody", "bidder-0", "the-agent", "regulator", "audit-admin")
TOKENS = re.compile(rb"[A-Za-z0-9+/_-]{16,}")


@pytest.fixture
def doors(scene: Scene) -> Iterator[Doors]:
    filled, enterprises, people = stage(scene)
    crowd.demand_security(scene)
    for who in enterprises:
        crowd.take(scene, who)
        crowd.ask(scene, who, crowd.WORDS)
    with asked_hall(scene) as made:
        hall = Doors(scene, made.make_wsgi_app(), signed_in(scene, people), enterprises, filled)
        hall.made = made
        counting(hall, made.registry["sessions"].kw["bind"])
        yield hall


def differing(before: Seen, after: Seen, ours: set[str]) -> list[str]:
    """Where somebody can tell the two apart; what a bidder sees of its own business is no matter."""
    rows = table()["routes"]
    found = []
    for key, was in before.items():
        door, who, query = key
        if who in ours and rows[door] in OWN:
            continue
        now = after[key]
        if rows[door] == "fresh":
            was, now = was[:1], now[:1]
        if was != now:
            found.append(f"{door}{query} as {who}: {was[0]} {was[2:]} / {now[0]} {now[2:]}")
    return found


def test_no_door_tells_whether_there_are_bids_how_many_or_whose(
    doors: Doors, caplog: pytest.LogCaptureFixture
) -> None:
    rows = table()["routes"]
    scene, bidders = doors.scene, {who for who in doors.readers if who.startswith("bidder-")}
    doors.snapshot({door: check for door, check in rows.items() if "act" not in check}, MOST_CURIOUS[:1])
    open_ = open_doors(doors, rows)
    before = doors.snapshot(rows, only=open_)
    channel = scene.registry["queue"].pubsub()
    channel.psubscribe("live:*")
    events = live_events(scene)
    with capture_logs() as said:
        doors.bid()
        doors.download()
        crowd.pay_all(scene, doors.enterprises)
        after = doors.snapshot(rows, only=open_)
        told = differing(before, after, bidders)
        assert not told, "\n".join(told)
        doors.crowd(37)
        scene.sequence()
        asked = {door: check for door, check in rows.items() if "act" not in check}
        crowded = doors.snapshot(asked, MOST_CURIOUS, open_)
        shut_doors(doors, rows, open_)
    told = differing({key: after[key] for key in crowded}, crowded, set())
    assert not told, "\n".join(told)
    assert [key for key, seen in after.items() if seen[0] >= 500] == []
    assert sum(seen[0] == 200 for seen in after.values()) > 500
    assert len(open_) > 1500
    only_own(doors, after)
    assert_unasked(doors, after)
    nothing_pushed(channel)
    assert live_events(scene) == events
    assert_silent(doors, json.dumps(said, default=str) + caplog.text)
    the_log_names_nobody(doors)
    with pytest.raises(audit.NoBundle):
        audit.export(scene.registry, CODE, io.BytesIO(), public=False, seed=bytes(32))


def open_doors(doors: Doors, rows: dict[str, str]) -> set[tuple[str, str]]:
    """Door and reader wherever the reader's role may hold the permission that the door asks for. Elsewhere nothing
    runs but what comes before the permission, and that is the same for everybody: beside those of EVERYWHERE it is
    enough to be turned away there once."""
    config = doors.made
    needed = permissions(config)
    return {
        (door, who)
        for door in rows
        for who in doors.readers
        if who in EVERYWHERE or may_open(config.registry, needed.get(door, ""), ROLE_OF.get(who, who))
    }


def shut_doors(doors: Doors, rows: dict[str, str], open_: set[tuple[str, str]]) -> None:
    """Everybody is turned away at the doors that are not for the role, and reads nobody's name there."""
    shut = {(door, who) for door in rows for who in doors.readers} - open_
    seen = doors.snapshot(rows, only=shut)
    assert len(seen) > 1000
    assert [key for key, answer in seen.items() if answer[0] < 300 or answer[0] >= 500] == []
    texts = "\n".join({answer[1] for answer in seen.values()})
    assert [secret for secret in doors.secrets if secret in texts] == []


def live_events(scene: Scene) -> int:
    with scene.db() as session:
        return session.query(LiveEvent).count()


def nothing_pushed(channel: object) -> None:
    """Nothing was published on any live channel."""
    while (message := channel.get_message(timeout=0.1)) is not None:  # type: ignore[attr-defined]
        assert message["type"] == "psubscribe", message


def only_own(doors: Doors, seen: Seen) -> None:
    """At its own doors a bidder reads its own name only; nobody else reads any."""
    rows = table()["routes"]
    for (door, who, _query), (_status, text, *_work) in seen.items():
        if rows[door] not in OWN:
            continue
        for number, enterprise in enumerate(doors.enterprises):
            if who != f"bidder-{number}":
                assert enterprise.name not in text, (door, who)
                assert enterprise.bidder.uscc not in text, (door, who)


def assert_unasked(doors: Doors, seen: Seen) -> None:
    """Whoever reads the questions reads all of them, and none of their authors."""
    read = {
        who: text for (door, who, _), (_, text, *_) in seen.items() if door == "GET /tenders/{code}/questions"
    }
    assert read["the-agent"].count(crowd.WORDS) >= len(doors.enterprises)
    assert [
        who for who, text in read.items() if who != "bidder-0" and any(s in text for s in doors.secrets)
    ] == []


def assert_silent(doors: Doors, text: str) -> None:
    """No log line names a bidder."""
    assert [secret for secret in doors.secrets if secret in text] == []


def the_log_names_nobody(doors: Doors) -> None:
    """Checkpoint, tiles and entries, as everybody may fetch them."""
    status, note, *_ = doors.ask("GET /checkpoint", "nobody")
    assert status == 200
    size = int(note.split("\n\n")[0].split("\n")[-2]) if "\n\n" in note else int(note.splitlines()[-4])
    assert size > 40
    found = b""
    for kind in ("entries", "0"):
        tile = doors.fetch(f"/tile/{kind}/000.p/{size}")
        assert tile.status_int == 200
        found += tile.body
    text = found.decode("latin-1")
    assert [secret for secret in doors.secrets if secret in text or secret.encode() in found] == []
    assert b"ebid" in found or b"tender.published" in found
