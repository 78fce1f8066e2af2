"""A hall with its draw services in this process: real signatures, a real log, a witness that may be away."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pyramid.config import Configurator
from webtest import TestApp

from config import installation
from config.trustee import Service
from plugins.outbound import Unreachable
from tests.bidding.vault.scene import Scene
from trading import clock
from trading.acts import Actor, process
from trading.draws import service
from trading.draws.candidates import Candidate
from trading.draws.models import Draw
from trading.ledger.service import entries_of

TENDER = "T-7"
AGENT = process("agent")


class WiredService(Service):
    """A service that reaches the hall without a network; `altered` changes what the hall answers."""

    def __init__(self, state: Path, name: str, app: TestApp) -> None:
        super().__init__(installation.outside(state) / name, "http://hall")
        self.app = app
        self.altered: Callable[[str, Any], Any] = lambda path, answer: answer
        self.silent: set[str] = set()
        """what it does not do, whatever is wanted"""

    def post(self, path: str, body: Any) -> Any:
        answer = self.app.post_json(path, body, expect_errors=True)
        if answer.status_int >= 300:
            raise Unreachable(answer.text, answer.status_int)
        return self.altered(path, answer.json)

    def attempt(self, draw: str, wanted: Any) -> None:
        super().attempt(draw, [what for what in wanted if what not in self.silent])

    def lines(self) -> list[dict[str, Any]]:
        path = self.folder / "log.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


class DrawHall(Scene):
    """A hall that holds draws for one tender."""

    services: dict[str, WiredService]

    def start(self, present: int = 4) -> None:
        """The services show their cards; those after `present` are away."""
        app = TestApp(self.config.make_wsgi_app())
        rows = json.loads(self.registry.settings["draws.trustees"])
        self.services = {row["name"]: WiredService(self.state, row["name"], app) for row in rows[:present]}
        for one in self.services.values():
            one.show_card()

    def announce(self, demand: service.Demand | None = None, number: int = 5, actor: Actor = AGENT) -> str:
        """Announce a draw among so many; returns its name."""
        people = [lot(n) for n in range(number)]
        with self.db() as session:
            drawn = service.announce(
                session, self.registry, actor, TENDER, demand or service.lots("lot", number), people
            )
            return drawn.ann

    def work(self, *names: str) -> None:
        """Every service, or those named, looks once."""
        for name in names or self.services:
            self.services[name].work()

    def to_the_freeze(self) -> None:
        """Commitments, deals, acks; then the log and its witness."""
        for _ in range(3):
            self.work()
        self.sequence()

    def draw(self, ann: str) -> Draw:
        with self.db() as session:
            found = service.draw_named(session, ann)
            session.expunge(found)
            return found

    def entries(self, kind: str) -> list[dict[str, Any]]:
        """The payloads of a type of entry."""
        with self.db() as session:
            found = [row for row in entries_of(session, TENDER) if row.entry.type == f"draw.{kind}"]
            return [row.payloads[0].document for row in found if row.payloads[0]]

    def pass_time(self, instant: int) -> None:
        """It is this instant (Unix seconds), and what is due is done."""
        self.run_until(datetime.fromtimestamp(instant, UTC))
        self.keep_promises()


def lot(number: int) -> Candidate:
    name = f"bid {number}"
    return Candidate({"id": name, "name": name, "org": name, "cats": ["lot"]}, (name,), ("lot",))


def make_hall(config: Configurator, state: Path, monkeypatch: Any) -> DrawHall:
    """A hall of this test's own with its services."""
    monkeypatch.setenv(clock.CLOCK_FILE, str(state / "clock"))
    settings = config.registry.settings
    witness = json.loads(settings["ledger.witnesses"])[0][2]
    settings["draws.trustees"] = json.dumps(installation.trustees(state, witness))
    hall = DrawHall(config, state, clock.now(), None)  # type: ignore[arg-type]
    hall.sequence()
    return hall
