"""Runs: halls, tenders, blows, losses, and the table of what was tried."""

from __future__ import annotations

import itertools
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

import psycopg

from config.demo import seed
from config.supervisor import Hall, running, wait_for_parties
from tests.faults import invariants
from tests.faults.hurts import HURTS, Patient
from tests.faults.invariants import Onlooker
from tests.faults.points import POINTS, Point
from tests.faults.proxy import Line
from tests.faults.story import PATIENCE, Played
from tests.faults.striking import Blow, Striker
from trading import clock

TENDERS_A_HALL = 5
"""tenders that are played on one hall one after the other, each with its own deadline"""
HOUR = timedelta(hours=2)


@dataclass
class Report:
    """What was tried and what was lost."""

    tried: Counter[tuple[str, str]] = field(default_factory=Counter)
    missed: Counter[tuple[str, str]] = field(default_factory=Counter)
    losses: list[str] = field(default_factory=list)
    seconds: list[dict[str, float]] = field(default_factory=list)

    def add(self, blows: Sequence[Blow], losses: Sequence[str]) -> None:
        for blow in blows:
            (self.tried if blow.done else self.missed)[str(blow.point), blow.hurt] += 1
        self.losses += [
            f"[{', '.join(f'{b.point} {b.hurt}: {b.done}' for b in blows)}] {loss}" for loss in losses
        ]

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
        told = f"{sum(self.tried.values())} faults at {len(POINTS)} points, {sum(self.missed.values())} points missed"
        return "\n".join([*lines, f"{told}, {len(self.losses)} losses"])


def plan(number: int, master: int, only: Sequence[str] = ()) -> list[Blow]:
    """The blows of tender `number`: one at a point of each phase. Points and hurts are walked through in a
    fixed order shuffled by the seed, so that n tenders cover as many pairs as they can."""
    blows = []
    phases = list(dict.fromkeys(point.phase for point in POINTS))
    for place, phase in enumerate(phases):
        pairs = [(p, h) for p, h in itertools.product(POINTS, only or HURTS) if p.phase == phase]
        random.Random(f"{master}/{place}").shuffle(pairs)
        point, hurt = pairs[number % len(pairs)]
        rng = random.Random(f"{master}/{place}/{number}")
        delay = rng.choice((0.0, rng.random() * 0.06, rng.random() * 0.4))
        blows.append(Blow(point, hurt, delay, rng.getrandbits(32)))
    return blows


@contextmanager
def hurt_hall() -> Iterator[tuple[Hall, Patient, Onlooker]]:
    """A hall with the demonstration's people, watched from the outside."""
    with tempfile.TemporaryDirectory(prefix="tf-") as short, running(Path(short), 0) as hall:
        before = os.environ.get(clock.CLOCK_FILE)
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
            os.environ.pop(clock.CLOCK_FILE)
            if before is not None:
                os.environ[clock.CLOCK_FILE] = before


def publish(hall: Hall, patient: Patient, count: int) -> list[str]:
    """Tenders whose deadlines come one after the other."""
    from config.demo.client import Person

    agent = Person(hall.url, hall.state, "agent")
    first = seed.open_tender(agent)
    codes, deadline = [first], clock.parse_rfc3339(agent.get(f"/api/tenders/{first}")["deadline"])
    for number in range(1, count):
        at = (deadline + number * HOUR).astimezone(clock.BEIJING).strftime("%Y-%m-%dT%H:%M")
        codes.append(seed.open_tender(agent, deadline=at))
    return codes


def play_one(
    hall: Hall, patient: Patient, onlooker: Onlooker, code: str, folder: Path, blows: list[Blow], report: Report,
    verify: bool = True,
) -> list[str]:  # fmt: skip
    """One tender under its blows; returns (and reports) its losses."""
    folder.mkdir()
    url = hall.environment["DATABASE_URL"]
    story = Played(hall, folder, patient.line.url, lambda blow: Striker(blow, patient, code, url), blows)
    story.code = code
    losses: list[str] = []
    try:
        story.play()
        limit = time.monotonic() + PATIENCE
        with psycopg.connect(url, autocommit=True) as connection:
            while invariants.unkept(connection) and time.monotonic() < limit:
                time.sleep(0.2)
            losses += invariants.unkept(connection)
            losses += invariants.witness_losses(hall, connection)
            losses += invariants.losses_of_tender(story, connection)
            losses += invariants.losses_of_ledger(hall, onlooker, connection)
        if verify:
            losses += invariants.verdict_losses(story)
    except Exception as error:  # a story that cannot go on is a loss too, whatever stopped it
        where = traceback.extract_tb(error.__traceback__)[-3:]
        losses.append(
            f"the story stopped: {error!r} at {' < '.join(f'{f.name}:{f.lineno}' for f in reversed(where))}"
        )
    report.add(blows, losses)
    report.seconds.append(story.seconds)
    return losses


def long_form(
    runs: int, master: int, minutes: float, say: Callable[[str], None], only: Sequence[str] = (),
    keep: Path | None = None,
) -> Report:  # fmt: skip
    """`runs` tenders under blows, or as many as the minutes allow (0: all of them)."""
    report, number, began = Report(), 0, time.monotonic()

    def over() -> bool:
        return number >= runs or bool(minutes and time.monotonic() - began > minutes * 60)

    while not over():
        with hurt_hall() as (hall, patient, onlooker), tempfile.TemporaryDirectory() as papers:
            for code in publish(hall, patient, min(TENDERS_A_HALL, runs - number)):
                if over():
                    break
                blows = plan(number, master, only)
                losses = play_one(hall, patient, onlooker, code, Path(papers) / str(number), blows, report)
                told = "; ".join(
                    f"{b.point} {b.hurt} +{b.delay * 1000:.0f} ms: {b.done or 'missed'}" for b in blows
                )
                took = " ".join(f"{name} {s:.1f}" for name, s in report.seconds[-1].items())
                say(f"{number}: {told}\n    {took}")
                for loss in losses:
                    say(f"    LOSS {loss}")
                number += 1
                if losses and keep:
                    logs(hall, keep / str(number - 1))
                if losses:
                    break
    return report


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
