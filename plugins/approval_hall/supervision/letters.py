"""Supervision letters (督查通知): asked by the supervision, answered by the department, each with a due date that is
watched like any other."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from plugins.approval_hall.supervision import telling
from plugins.approval_hall.supervision.models import HallLetter, HallLight
from plugins.approval_hall.supervision.numbering import next_number
from plugins.approval_hall.texts import send
from trading.acts import Actor, record
from trading.clock import database_now, rfc3339
from trading.deadlines import Deadline
from trading.errors import refuse
from trading.outbox import outward, promise
from trading.periods import Clock, due, the_calendar
from trading.web import _

TELL = "hall.letter-told"


def issue(
    session: Session, actor: Actor, officer: uuid.UUID, light: HallLight, words: str, days: int
) -> HallLetter:
    """A letter about a light to whoever has to act; entry `letter.issued`. Raises Refused `letter.nobody` when
    nobody has to act, or an authority that is neither of this hall nor a party."""
    if not answerable(light):
        raise refuse(
            "letter.nobody", _("Nobody who could answer here has to act: there is no one to write to.")
        )
    now = database_now(session)
    letter = HallLetter(
        number=next_number(session, HallLetter.number, "D", now), light_id=light.id, subject=light.subject,
        department=light.department, unit=light.unit, party_id=light.party_id, words=words, days=days,
        issued_by=officer, issued_at=now,
    )  # fmt: skip
    session.add(letter)
    session.flush()
    payload = {
        "number": letter.number, "subject": letter.subject, "department": letter.department, "words": words,
        "answer_by": rfc3339(answer_by(letter)), "key": light.key,
    }  # fmt: skip
    record(session, actor, "letter.issued", light.tender or None, payload, now)
    promise(session, TELL, {"letter": letter.number})
    return letter


def answerable(light: HallLight) -> bool:
    """Whether there is anybody who could answer: a department of this hall or a party."""
    return bool(light.unit or light.party_id)


def about(session: Session, letter: HallLetter) -> HallLight | None:
    """The light it was written about."""
    return session.get(HallLight, letter.light_id) if letter.light_id else None


def clock_of(letter: HallLetter) -> Clock:
    return Clock(letter.issued_at, letter.days, "working_day")


def answer_by(letter: HallLetter) -> datetime:
    """The first instant too late."""
    found = due(clock_of(letter), the_calendar())
    assert found is not None, "a clock without pauses ends"
    return found.red


def find(session: Session, number: str) -> HallLetter:
    """The letter of a number, locked. Raises Refused `letter.unknown`."""
    found = session.scalars(select(HallLetter).where(HallLetter.number == number).with_for_update()).first()
    if found is None:
        raise refuse("letter.unknown", _("There is no such letter."))
    return found


def answer(session: Session, actor: Actor, user: uuid.UUID, letter: HallLetter, words: str) -> HallLetter:
    """The department's answer, once; entry `letter.answered`. Raises Refused `letter.answered`."""
    if letter.answered_at is not None:
        raise refuse("letter.answered", _("This letter is answered already."))
    now = database_now(session)
    letter.answer, letter.answered_by, letter.answered_at = words, user, now
    light = about(session, letter)
    payload = {
        "number": letter.number,
        "subject": letter.subject,
        "department": letter.department,
        "words": words,
    }
    record(session, actor, "letter.answered", light.tender or None if light else None, payload, now)
    session.flush()
    return letter


def unanswered(session: Session) -> list[HallLetter]:
    """The oldest first."""
    query = select(HallLetter).where(HallLetter.answered_at.is_(None)).order_by(HallLetter.issued_at)
    return list(session.scalars(query))


def clocks(session: Session, registry: Any, now: datetime) -> list[Deadline]:
    """The port IClockSource: answers that are owed."""
    return [deadline(letter, about(session, letter)) for letter in unanswered(session)]


def deadline(letter: HallLetter, light: HallLight | None) -> Deadline:
    """The answer that is owed; what is written about a discreet light is as discreet."""
    return Deadline(
        key=f"letter/{letter.number}", subject=letter.number, title=letter.subject, step=_("Answer to a supervision letter"),
        department=letter.department, unit=letter.unit, party_id=letter.party_id, started=letter.issued_at,
        clock=clock_of(letter), route="hall-letter", where={"number": letter.number}, item="letter",
        discreet=light is not None and light.discreet,
    )  # fmt: skip


@outward
def tell(session: Session, registry: Any, payload: dict[str, Any]) -> None:
    """Keep the promise: a text to the department that a letter has come; it says nothing of what is in it."""
    letter = find(session, payload["letter"])
    light = about(session, letter)
    if light is None:
        return
    day = answer_day(letter).isoformat()
    for number in telling.numbers(session, registry, light, red=False):
        send(registry, letter.number, number, telling.LETTER.format(number=letter.number, day=day))


def answer_day(letter: HallLetter) -> Any:
    found = due(clock_of(letter), the_calendar())
    assert found is not None, "a clock without pauses ends"
    return found.last_day
