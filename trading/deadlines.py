"""Deadlines that run (运行中的时限), as every room tells them to whoever watches over time, and their lights. Pure.

A room offers its own through the port IClockSource; the desk of the regulator shows them, and whatever a city
adds (electronic supervision) follows the same list.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from fractions import Fraction
from typing import Any, Literal

from trading.interfaces import IClockSource
from trading.rulebook.book import Rule
from trading.rulebook.calendar import ONE_DAY, Calendar, at_beijing, beijing_date
from trading.rulebook.clocks import YELLOW, Clock, Due, Light, due

Kind = Literal["act", "period"]
MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True)
class Threshold:
    """When the warning begins: at this share of the time, or when no more working days than `left` are left,
    the last one included; whichever comes first."""

    ratio: Fraction = YELLOW
    left: int = 1


@dataclass(frozen=True)
class Deadline:
    """One running deadline.

    `key` names it for good, `subject` is what it is about (a tender's code, a case's number) and `title` its
    words; `step` is a msgid, or words of its own with `step_en` beside them. `kind` act: somebody owes an act, and is late after it; period: it runs and ends by itself. It is
    counted by `clock`, or ends at the instant `due`. `department` is the organisation that has to act, "" for a
    period nobody has to act in: the party `party_id`, or `unit` by a key of the room's own; `person` is who is in
    charge there. `tender` is the tender whose trail it belongs to, "" for none; `stopped` is when the act was
    done, of one that no longer runs. `discreet` ones are shown to the authority only. Its page is the `route`
    with the parts `where`.
    """

    key: str
    subject: str
    title: str
    step: str
    department: str
    started: datetime
    clock: Clock | None = None
    due: datetime | None = None
    kind: Kind = "act"
    title_en: str = ""
    step_en: str = ""
    route: str = ""
    where: Mapping[str, str] = field(default_factory=dict)
    tender: str = ""
    party_id: uuid.UUID | None = None
    unit: str = ""
    person: str = ""
    rule: str = ""
    certainty: str = "V"
    item: str = ""
    threshold: Threshold | None = None
    stopped: datetime | None = None
    discreet: bool = False


def of_tender(tender: Any, step: str, started: datetime, rule: Rule | None = None, **other: Any) -> Deadline:
    """A deadline in a tender's procedure, by a rule of the rulebook or by an instant `due` that was published;
    the tenderer has to act unless `other` names somebody else. `tender` has code, title, title_en, tenderer."""
    facts: dict[str, Any] = {
        "key": f"tender/{tender.code}/{rule.id if rule else other['item']}",
        "subject": tender.code,
        "title": tender.title,
        "title_en": tender.title_en,
        "step": step,
        "department": tender.tenderer.name,
        "party_id": tender.tenderer_id,
        "started": started,
        "route": "tender",
        "where": {"code": tender.code},
        "tender": tender.code,
        "discreet": getattr(tender, "limited", False),
    }
    if rule is not None:
        cited = f"{rule.instrument} {rule.article}".strip()
        facts |= {"clock": Clock.of(rule, started, other.pop("pauses", ())), "item": rule.id, "rule": cited}
        facts |= {"certainty": rule.certainty}
    return Deadline(**(facts | other))


def everything(session: Any, registry: Any, now: datetime) -> list[Deadline]:
    """What runs in all rooms, by their ports."""
    sources = sorted(registry.getUtilitiesFor(IClockSource), key=lambda named: str(named[0]))
    return [each for _, source in sources for each in source.clocks(session, registry, now)]


def instants(deadline: Deadline, calendar: Calendar, threshold: Threshold) -> Due | None:
    """From when it is yellow and red; None while it stands still. Its own threshold comes before `threshold`."""
    chosen = deadline.threshold or threshold
    if deadline.clock is None:
        if deadline.due is None:
            return None
        seconds = int((deadline.due - deadline.started).total_seconds())
        counted = deadline.started + timedelta(seconds=int(seconds * chosen.ratio))
        last = beijing_date(deadline.due - MILLISECOND)
        return Due(min(counted, warned_days_before(last, chosen.left, calendar)), deadline.due, last)
    found = due(replace(deadline.clock, yellow=chosen.ratio, left=chosen.left), calendar)
    if found is None or found.last_day is None:
        return found
    return replace(found, yellow=min(found.yellow, warned_days_before(found.last_day, chosen.left, calendar)))


def warned_days_before(last: date, left: int, calendar: Calendar) -> datetime:
    """The first instant of the day from which on no more than `left` working days are left until `last` ends;
    for none the end of `last`."""
    day = last + ONE_DAY
    while left > 0:
        day -= ONE_DAY
        left -= calendar.is_working(day)
    return at_beijing(day, time())


def light(deadline: Deadline, calendar: Calendar, now: datetime, threshold: Threshold | None = None) -> Light:
    """The light at `now`. A period is never red: it is done when it is over."""
    found = instants(deadline, calendar, threshold or Threshold())
    if deadline.stopped is not None:
        late = found is not None and deadline.stopped >= found.red and deadline.kind == "act"
        return "red" if late else "done"
    if found is None:
        return "paused"
    if now >= found.red:
        return "red" if deadline.kind == "act" else "done"
    return "yellow" if now >= found.yellow else "green"
