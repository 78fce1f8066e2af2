"""Runs: halls, tenders, blows, losses, and the table of what was tried."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg

from config.bidder import hall as asking
from config.demo import scored, seed
from config.supervisor import Hall, running, wait_for_parties
from tests.faults import invariants
from tests.faults.hurts import HURTS, Patient
from tests.faults.invariants import Onlooker
from tests.faults.points import POINTS, Point
from tests.faults.proxy import Line
from tests.faults.story import LONGEST_PAUSE, PATIENCE, Played
from tests.faults.striking import Blow, Striker
from trading import clock

TENDERS_A_HALL = 2
"""tenders that are played on one hall one after the other, each with its own deadline; who sat for the purchaser lately
is not drawn again, so more would use up the pool"""
HOUR = timedelta(hours=2)


@dataclass
class Report:
    """What was tried and what was lost."""

    tried: Counter[tuple[str, str]] = field(default_factory=Counter)
    missed: Counter[tuple[str, str]] = field(default_factory=Counter)
    losses: list[str] = field(default_factory=list)

    def add(self, blows: Sequence[Blow], losses: Sequence[str]) -> None:
        for blow in blows:
            (self.tried if blow.done else self.missed)[str(blow.point), blow.hurt] += 1
        self.losses += losses

    def table(self) -> str:
        """Points down, hurts across: how often each was tried."""
        width = max(len(str(point)) for point in POINTS)
        heads = [f"{name:>{max(4, len(name))}}" for name in HURTS]
        lines = [" " * width + "  " + "  ".join(heads)]
        for point in POINTS:
            cells = [
                f"{self.tried[str(point), name] or '·':>{len(head)}}"
                for name, head in zip(HURTS, heads, strict=True)
            ]
            lines.append(f"{point!s:<{width}}  " + "  ".join(cells))
        told = f"{self.tried.total()} faults, {len(self.tried)} of {len(POINTS) * len(HURTS)} pairs"
        return "\n".join([*lines, f"{told}, {self.missed.total()} missed, {len(self.losses)} losses"])


def plan(number: int, master: int, only: Sequence[str] = ()) -> list[Blow]:
    """The blows of tender `number`: one at every point. Each point walks through all hurts in an order of its
    own, shuffled by the seed, so that as many tenders as there are hurts try every pair once."""
    blows = []
    for point in POINTS:
        hurts = list(only or HURTS)
        random.Random(f"{master}/{point}").shuffle(hurts)
        rng = random.Random(f"{master}/{point}/{number}")
        delay = rng.choice((0.0, rng.random() * 0.06, rng.random() * 0.4))
        blows.append(Blow(point, hurts[number % len(hurts)], delay, rng.getrandbits(32)))
    return blows


@contextmanager
def hurt_hall() -> Iterator[tuple[Hall, Patient, Onlooker]]:
    """A hall with the demonstration's people, watched from the outside."""
    with tempfile.TemporaryDirectory(prefix="tf-") as short, running(Path(short), 0) as hall:
        before, pause = os.environ.get(clock.CLOCK_FILE), asking.LONGEST_PAUSE
        asking.LONGEST_PAUSE = LONGEST_PAUSE
        os.environ[clock.CLOCK_FILE] = hall.environment[clock.CLOCK_FILE]
        wait_for_parties(hall)
        command = [sys.executable, "-m", "config.cli", "seed", "--hall", hall.url, "--people-only"]
        subprocess.run(command, env=hall.environment, check=True)
        line = Line(int(hall.url.rsplit(":", 1)[1]))
        onlooker = Onlooker(hall)
        onlooker.start()
        try:
            yield hall, Patient(hall, line), onlooker
        finally:
            onlooker.end()
            line.close()
            asking.LONGEST_PAUSE = pause
            os.environ.pop(clock.CLOCK_FILE)
            if before is not None:
                os.environ[clock.CLOCK_FILE] = before


def publish(hall: Hall, patient: Patient, count: int) -> list[str]:
    """Tenders whose deadlines come one after the other."""
    from config.demo.client import Person

    agent = Person(hall.url, hall.state, "agent")
    first = seed.open_tender(agent, template=scored.TEMPLATE)
    codes, deadline = [first], clock.parse_rfc3339(agent.get(f"/api/tenders/{first}")["deadline"])
    for number in range(1, count):
        at = (deadline + number * HOUR).astimezone(clock.BEIJING).strftime("%Y-%m-%dT%H:%M")
        codes.append(seed.open_tender(agent, template=scored.TEMPLATE, deadline=at))
    return codes


def play_one(
    hall: Hall, patient: Patient, onlooker: Onlooker, code: str, folder: Path, blows: list[Blow]
) -> tuple[Played, list[str]]:
    """One tender under its blows, and what was lost by it."""
    folder.mkdir()
    url = hall.environment["DATABASE_URL"]
    story = Played(hall, folder, patient.line.url, lambda blow: Striker(blow, patient, code, url), blows)
    story.code = code
    try:
        story.play()
        return story, losses_after(story, onlooker)
    except Exception as error:  # a story that cannot go on is a loss too, whatever stopped it
        where = traceback.extract_tb(error.__traceback__)[-3:]
        places = " < ".join(f"{f.name}:{f.lineno}" for f in reversed(where))
        return story, [f"the story stopped: {error!r} at {places}"]


def losses_after(story: Played, onlooker: Onlooker) -> list[str]:
    """Everything that must hold once the faults are over."""
    hall, began = story.hall, time.monotonic()
    with psycopg.connect(hall.environment["DATABASE_URL"], autocommit=True) as connection:
        losses = wait_until_kept(story, connection)
        story.seconds["promises"] = time.monotonic() - began
        losses += invariants.witness_losses(hall, connection)
        losses += invariants.losses_of_tender(story, connection)
        losses += invariants.losses_of_ledger(hall, onlooker, connection)
    return losses + invariants.verdict_losses(story)


def wait_until_kept(story: Played, connection: psycopg.Connection[Any]) -> list[str]:
    """Promises that are still not kept after a long time; the clock runs ahead to those that were put off."""
    limit = time.monotonic() + PATIENCE
    while (left := invariants.unkept(connection)) and time.monotonic() < limit:
        soonest = min(due for due, _ in left)
        if soonest > clock.now():
            story.ahead_to(soonest)
        time.sleep(0.2)
    return [words for _, words in left]


def long_form(
    numbers: Sequence[int], master: int, minutes: float, say: Callable[[str], None],
    only: Sequence[str] = (), keep: Path | None = None,
) -> Report:  # fmt: skip
    """The tenders of these numbers under blows, or as many as the minutes allow (0: all of them)."""
    report, left, began = Report(), list(numbers), time.monotonic()

    def go_on() -> bool:
        return bool(left) and not (minutes and time.monotonic() - began > minutes * 60)

    while go_on():
        with hurt_hall() as (hall, patient, onlooker), tempfile.TemporaryDirectory() as papers:
            losses: list[str] = []
            for code in publish(hall, patient, min(TENDERS_A_HALL, len(left))):
                if losses or not go_on():
                    break
                number = left.pop(0)
                blows = plan(number, master, only)
                story, losses = play_one(hall, patient, onlooker, code, Path(papers) / str(number), blows)
                report.add(blows, losses)
                say(told(number, story, blows, losses))
                if losses and keep:
                    logs(hall, keep / str(number))
    return report


def told(number: int, story: Played, blows: Sequence[Blow], losses: Sequence[str]) -> str:
    """What happened to one tender, in lines."""
    took = " ".join(f"{name} {seconds:.1f}" for name, seconds in story.seconds.items())
    lines = [f"{number}: seconds: {took}", *map(str, blows), *(f"LOSS {loss}" for loss in losses)]
    return "\n    ".join(lines)


def logs(hall: Hall, folder: Path) -> None:
    """Keep what the processes said."""
    folder.mkdir(parents=True, exist_ok=True)
    for log in (hall.state / "log").glob("*.log"):
        (folder / log.name).write_bytes(log.read_bytes())
    (folder / "postgres.log").write_bytes((hall.state / "postgres" / "log").read_bytes())
    for log in (hall.state / "outside").glob("*/log.jsonl"):
        (folder / f"{log.parent.name}.jsonl").write_bytes(log.read_bytes())


def point_named(name: str) -> Point:
    return next(point for point in POINTS if str(point) == name)
