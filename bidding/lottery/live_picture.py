"""What the hall screen and every phone show of a lottery (摇号现场): how far the draw has come, and what it gave.

One picture serves everybody: it is made anew when something happens, and kept until then."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bidding.lottery import ceremony
from bidding.lottery.models import SmallWorks
from trading.draws import roster, service, showing
from trading.draws.announcement import Params
from trading.draws.beacon import form_of
from trading.draws.ceremony import Facts, closed, next_step
from trading.draws.entering import differs
from trading.draws.floor import is_floor
from trading.draws.models import Draw
from trading.ledger import canonical
from trading.live import LiveEvent
from trading.web import _

STEPS = {
    "finalists": _("Draw of the finalists"),
    "order": _("Draw of the order among the finalists"),
    "winner": _("Draw of the winner"),
    "k": _("Draw of the value K"),
}
STAGES = {
    "waiting": _("Waiting for the draw"),
    "commit": _("Everybody puts in a secret chance"),
    "deal": _("Shares of the chances are handed over"),
    "frozen": _("Frozen; a witness signs"),
    "beacon": _("Dice are thrown now"),
    "reveal": _("Chances are shown"),
    "done": _("Drawn"),
    "void": _("void"),
}
RAIL = (_("List fixed"), _("Chances put in"), _("Frozen"), _("Dice"), _("Shown"), _("Result"))
PLACES = {"waiting": 0, "commit": 1, "deal": 1, "frozen": 2, "beacon": 3, "reveal": 4, "done": 6, "void": 2}
STOPPED = {
    "no commitments": _("By the announced time these had not put a chance in"),
    "no acks": _("By the announced time these had not done their part in keeping the shares"),
}
"""why a draw is void, by the word in its entry"""
SAMPLE = 12
"""parties from the floor that the screen names, for all of them"""


@dataclass(frozen=True)
class Party:
    """Somebody who put a chance in: an organisation or a phone from the floor."""

    name: str
    label: str
    state: str
    """awaited | committed | held | shown"""


@dataclass(frozen=True)
class Seat:
    """A ball that came out: its place, number and firm (or value)."""

    place: int
    ball: int
    name: str
    id: str


@dataclass
class Shown:
    """One draw as it is shown."""

    draw: Draw
    step: str
    stage: str
    params: Params
    until: datetime | None = None
    organisations: list[Party] = field(default_factory=list)
    floor: list[Party] = field(default_factory=list)
    floor_count: int = 0
    dropped: list[str] = field(default_factory=list)
    excluded: int = 0
    typed: bool = False
    differs: bool = False
    seats: list[Seat] = field(default_factory=list)
    reason: str = ""
    """why it is void, one of STOPPED"""
    missing: list[str] = field(default_factory=list)
    """who was awaited then"""

    @property
    def dice(self) -> Sequence[str]:
        """The public value, die by die or ball by ball."""
        form, value = form_of((self.params.beacon or {"rule": ""})["rule"]), self.draw.beacon or ""
        return value.split("-") if form is not None and form.of else list(value)


@dataclass
class Picture:
    """The lottery of a works: the draw that is under way or came last, and those before it."""

    small: SmallWorks
    now: Shown | None
    before: list[Shown]
    next_step: str

    def voided(self, step: str) -> list[int]:
        """The numbers of the void draws of a step that came before the one that is shown, first to last."""
        return [each.draw.number for each in self.before[::-1] if each.step == step and each.draw.voided]

    @property
    def stage(self) -> str:
        return self.now.stage if self.now else "waiting"


def stage_of(draw: Draw, facts: Facts, now: int) -> str:
    """How far a draw has come, in the words of the screen."""
    if draw.voided:
        return "void"
    if draw.result is not None:
        return "done"
    if facts.frozen is None:
        return "deal" if closed(facts, now) else "commit"
    missing = next_step(facts, now).missing
    return {("witness",): "frozen", ("beacon",): "beacon"}.get(missing, "reveal")


def picture(session: Session, registry: Any, small: SmallWorks, now: datetime) -> Picture:
    """The picture at this instant."""
    draws = ceremony.draws_of(session, small.code)
    shown = [show(session, registry, draw, int(now.timestamp())) for draw in draws]
    return Picture(small, shown[-1] if shown else None, shown[:-1][::-1], small.next_step)


def show(session: Session, registry: Any, draw: Draw, now: int) -> Shown:
    facts = service.facts_of(session, draw)
    params = facts.params
    stage = stage_of(draw, facts, now)
    ends = {"commit": params.t_commit, "deal": params.t_freeze, "reveal": params.t_reveal}
    known = roster.trustees(registry.settings)
    found = Shown(draw, params.strata[0].id, stage, params, typed=bool(draw.typed), differs=differs(draw))
    found.until = datetime.fromtimestamp(ends[stage], UTC) if stage in ends else None
    found.organisations = [
        Party(name, known[name].org if name in known else name, state_of(facts, name))
        for name in sorted(draw.certificates)
    ]
    floor = [name for name in facts.commits if is_floor(name)]
    found.floor_count = len(floor)
    found.floor = [Party(name, name.removeprefix("floor-"), state_of(facts, name)) for name in floor[:SAMPLE]]
    found.dropped = [] if facts.frozen is None else [name for name in floor if name not in facts.frozen]
    rows = canonical.loads(draw.rows)
    found.excluded = sum("x" in row for row in rows)
    if draw.result is not None:
        found.seats = seats_of(registry["keys"], draw)
    entry = showing.said(session, draw) if draw.voided else None
    if entry is not None:
        found.reason = entry["reason"]
        found.missing = [known[name].org if name in known else name for name in entry["missing"]]
    return found


def state_of(facts: Facts, name: str) -> str:
    if name in facts.revealed:
        return "shown"
    if facts.frozen is not None and name in facts.frozen:
        return "held"
    return "committed" if name in facts.commits else "awaited"


def seats_of(keys: Any, draw: Draw) -> list[Seat]:
    """The balls in the order in which they were drawn."""
    names = service.opened_of(keys, draw)
    records = [names[handle][1] for handle in service.seated(draw)]
    return [Seat(place, r["ball"], r["name"], r["id"]) for place, r in enumerate(records, 1)]


def version_of(session: Session, small: SmallWorks, now: datetime) -> tuple[Any, ...]:
    """Changes whenever the picture does: every act of a draw announces an event of its channel, and two instants
    pass by themselves."""
    newest = select(func.max(LiveEvent.id)).where(LiveEvent.channel == f"draw:{small.code}")
    draws = ceremony.draws_of(session, small.code)
    passed: tuple[bool, ...] = ()
    if draws and not draws[-1].ended:
        params, at = service.params_of(draws[-1]), int(now.timestamp())
        passed = (at > params.t_commit, at >= params.t_freeze, at >= params.t_reveal)
    return (small.state, session.scalar(newest) or 0, len(draws), *passed)


class Pictures:
    """What was made of the last versions, by works, language and version: a thousand watchers cost one rendering."""

    def __init__(self, most: int = 64) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._kept: dict[Any, Any] = {}

    def get(self, key: Any, make: Callable[[], Any]) -> Any:
        """What was kept under `key`, else made now; whoever comes meanwhile waits for it."""
        with self._lock:
            if key not in self._kept:
                self._kept[key] = make()
                while len(self._kept) > self._most:
                    del self._kept[next(iter(self._kept))]
            return self._kept[key]
