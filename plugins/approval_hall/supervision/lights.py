"""Lights over deadlines (红黄灯): yellow and red come by promise, at their very instants, and each change is one entry.

What is watched comes through the port IClockSource, from the rooms of trading as from this hall, looked at again
and again; acts of this hall tell at once (`follow`). A light that turned red stays written, however soon the act
is done after it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from plugins.approval_hall.supervision import accountability, telling
from plugins.approval_hall.supervision.models import HallLight, HallLightChange
from plugins.approval_hall.supervision.thresholds import Thresholds, thresholds
from trading.acts import process, record
from trading.clock import database_now, rfc3339
from trading.deadlines import Deadline, everything, instants
from trading.outbox import promise
from trading.periods import the_calendar

LOOK, TURN = "hall.look", "hall.light"
SCHEDULER = "scheduler"
PLAIN = ("subject", "tender", "title", "title_en", "step", "step_en", "item", "kind", "department", "unit", "party_id", "person",
         "rule", "certainty", "route", "discreet")  # fmt: skip


def look(session: Session, registry: Any, payload: dict[str, Any]) -> None:
    """The regular promise: whatever runs in any room is watched, and what no longer runs is let go."""
    # Locked before anything is read: an act that is under way is waited for, not undone by what it was before.
    known = lights(session, HallLight.ended_at.is_(None))
    now = database_now(session)
    found = {each.key: each for each in everything(session, registry, now)}
    known |= lights(session, HallLight.key.in_(found.keys() - known.keys()))
    for each in found.values():
        watch(session, registry, each, known.get(each.key), now)
    for key in known.keys() - found.keys():
        end(session, known[key], now)


def lights(session: Session, which: Any) -> dict[str, HallLight]:
    """Lights by key, locked."""
    query = select(HallLight).where(which).order_by(HallLight.key).with_for_update()
    return {light.key: light for light in session.scalars(query)}


def follow(
    session: Session, registry: Any, deadlines: Iterable[Deadline], prefix: str, now: datetime
) -> None:
    """In the transaction of an act of this hall: what runs now among the keys that begin with `prefix`, and what was
    done in it (`stopped`), with when; what is not among them any more was done by the act."""
    found = {each.key: each for each in deadlines}
    known = lights(session, HallLight.key.startswith(prefix, autoescape=True))
    for each in found.values():
        light = known.get(each.key)
        if each.stopped is None:
            watch(session, registry, each, light, now)
        elif light is None or light.ended_at is None:
            done(session, registry, watch(session, registry, each, light, each.stopped), each.stopped)
    for key in known.keys() - found.keys():
        if known[key].ended_at is None:
            done(session, registry, known[key], now)


def watch(
    session: Session, registry: Any, deadline: Deadline, light: HallLight | None, now: datetime
) -> HallLight:
    """Begin to watch a deadline, or move what is watched to where it is now."""
    due = instants(deadline, the_calendar(), settings(registry).of(deadline.item))
    yellow, red = (due.yellow, due.red) if due else (None, None)
    if light is None:
        light = HallLight(key=deadline.key, light="green", light_since=deadline.started)
        session.add(light)
    moved = (light.yellow_at, light.red_at, light.started_at) != (yellow, red, deadline.started)
    for name in PLAIN:
        value = getattr(deadline, name)
        setattr(light, name, str(value) if isinstance(value, str) else value)  # a msgid without its domain
    light.where, light.ended_at = dict(deadline.where), None
    light.started_at, light.yellow_at, light.red_at = deadline.started, yellow, red
    light.last_day = due.last_day if due else None
    session.flush()
    if moved:
        for instant in {yellow, red} - {None}:
            promise(session, TURN, {"key": light.key}, max(instant, now))
    turn_to(session, registry, light, colour(light, now), now)
    return light


def settings(registry: Any) -> Thresholds:
    return thresholds(registry.settings["approval_hall.lights"])


def colour(light: HallLight, now: datetime) -> str:
    """The light at an instant."""
    if light.red_at is None or light.yellow_at is None:
        return "paused"
    if now >= light.red_at and light.kind == "act":
        return "red"
    return "yellow" if now >= light.yellow_at else "green"


def turn(session: Session, registry: Any, payload: dict[str, Any]) -> None:
    """The promise for an instant at which a light may change; what has changed already is left alone."""
    light = session.scalars(
        select(HallLight)
        .where(HallLight.key == payload["key"], HallLight.ended_at.is_(None))
        .with_for_update()
    ).first()
    if light is None:
        return
    now = database_now(session)
    running = {each.key: each for each in everything(session, registry, now)}
    if light.key in running:
        watch(session, registry, running[light.key], light, now)
    else:  # done meanwhile, or over: the light goes out as it is
        end(session, light, now)


def turn_to(session: Session, registry: Any, light: HallLight, shown: str, now: datetime) -> None:
    """The change, its entry, whoever is told of it, and what follows from a red one. A light that missed its yellow
    (a machine that stood still) goes through it."""
    if shown == light.light:
        return
    if shown == "red" and light.light == "green":
        turn_to(session, registry, light, "yellow", now)
    light.light, light.light_since = shown, now
    change = HallLightChange(
        light_id=light.id, light=shown, department=light.department, person=light.person, at=now
    )
    session.add(change)
    session.flush()
    payload = {
        "key": light.key, "subject": light.subject, "step": light.step, "department": light.department, "light": shown,
        "started": rfc3339(light.started_at), "due": rfc3339(light.red_at) if light.red_at else None,
    }  # fmt: skip
    record(session, process(SCHEDULER), "light.changed", light.tender or None, payload, now)
    if shown in ("yellow", "red"):
        telling.tell_later(session, change)
    if shown == "red" and light.department:
        accountability.count(session, registry, light, change, now)


def done(session: Session, registry: Any, light: HallLight, at: datetime) -> None:
    """The act was done at that instant: too late, the light turns red before it goes out."""
    if light.kind == "act" and light.red_at is not None and at >= light.red_at:
        turn_to(session, registry, light, "red", at)
    end(session, light, at)


def end(session: Session, light: HallLight, at: datetime) -> None:
    """Nobody waits for it any more."""
    light.ended_at = at
    session.flush()
