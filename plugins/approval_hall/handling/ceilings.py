"""Ceilings beside the promised working days (双限时、不计时上限): natural days of the whole and of each stage, working days that
are not counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from plugins.approval_hall.catalogue.item import Item, Stage, Words
from plugins.approval_hall.models import HallCase, HallStep
from trading.periods import Calendar, Clock, beijing_date, due, light

OPEN = ("running", "paused")


@dataclass(frozen=True)
class Budget:
    """So many natural days from `started`, `used` of them so far; `ended` when the stage or the case did. Nothing stops them."""

    key: str
    name: Words
    lead: str
    days: int
    used: int
    started: datetime
    ended: datetime | None
    last_day: str
    light: str

    @property
    def clock(self) -> Clock:
        return Clock(self.started, self.days, "day")


def whole(case: HallCase, item: Item, calendar: Calendar, now: datetime) -> Budget | None:
    """The natural days of the case; None before it is accepted and where the item has no ceiling."""
    if not item.natural or case.accepted_at is None:
        return None
    ended = case.decided_at or case.closed_at
    return budget("natural", item.name, item.lead, item.natural, case.accepted_at, ended, calendar, now)


def stages(
    case: HallCase, item: Item, steps: Sequence[HallStep], calendar: Calendar, now: datetime
) -> list[Budget]:
    """The budgets of the stages that have begun."""
    found = []
    for stage in item.stages:
        mine = [step for step in steps if step.stage == stage.key]
        if stage.natural and mine:
            begun = min(step.started_at for step in mine)
            found.append(
                budget(f"phase-{stage.key}", stage.name, stage.lead, stage.natural, begun, end_of(stage, mine, case), calendar, now)
            )  # fmt: skip
    return found


def end_of(stage: Stage, mine: Sequence[HallStep], case: HallCase) -> datetime | None:
    """When every step of a stage had ended; a case that is over ends its stages."""
    ended = {step.key: step.ended_at for step in mine if step.state not in OPEN}
    ends = [at for at in ended.values() if at is not None]
    if ends and {step.key for step in stage.steps} <= ended.keys():
        return max(ends)
    return case.decided_at or case.closed_at


def budget(
    key: str, name: Words, lead: str, days: int, started: datetime, ended: datetime | None, calendar: Calendar, now: datetime,
) -> Budget:  # fmt: skip
    clock = Clock(started, days, "day")
    found = due(clock, calendar)
    assert found is not None, "nothing stops natural days"
    used = beijing_date(ended or now) - beijing_date(started)
    last = beijing_date(found.red - timedelta(milliseconds=1)).isoformat()
    return Budget(key, name, lead, days, used.days, started, ended, last, light(clock, calendar, now, ended))
