"""Answering and deciding (答复、受理、处理决定): the buyers answer queries, the authority takes complaints up and decides them."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from trading.acts import Actor, record
from trading.clock import database_now
from trading.errors import refuse
from trading.rulebook.book import Rule
from trading.rulebook.calendar import beijing_date
from trading.supervision.case_clocks import due_limit, shown_day, the_limits
from trading.supervision.cases import close, find, pauses_of
from trading.supervision.models import Case, CasePause
from trading.supervision.telling import tell_later
from trading.web import _

YEAR = timedelta(days=365)


def answer(
    session: Session, actor: Actor, number: str, decision: str, words: str, document: str = "",
    now: datetime | None = None,
) -> Case:  # fmt: skip
    """The buyers answer a query or an inquiry; entry `query.answered`, `inquiry.answered`. Late is red, but
    answered. Raises Refused `case.closed`, `case.decision` (a query is upheld or rejected)."""
    case, now = find(session, number, lock=True), now or database_now(session)
    if case.kind == "complaint" or case.state != "open":
        raise refuse("case.closed", _("This case is closed."))
    if case.kind == "query" and not decision:
        raise refuse("case.decision", _("Choose one of the list"), field="decision")
    decision = decision if case.kind == "query" else ""
    close(case, "answered", decision, words, document, now)
    payload = {"case": number, "decision": decision, "words": words, "document": document}
    record(session, actor, f"{case.kind}.answered", case.tender, payload, now)
    tell_later(session, case)
    session.flush()
    return case


def before(session: Session, number: str, department: str, *states: str) -> Case:
    """A complaint before this authority in one of the states, locked. Raises Refused `case.not-yours`,
    `case.closed`."""
    case = find(session, number, lock=True)
    if case.kind != "complaint" or case.department != department:
        raise refuse("case.not-yours", _("This complaint is before another authority."), rule="TBR 61")
    if case.state not in states:
        raise refuse("case.closed", _("This is not possible at the present stage."))
    return case


def accept(session: Session, actor: Actor, number: str, department: str, now: datetime | None = None) -> Case:
    """The authority takes the complaint up (受理); entry `complaint.accepted`."""
    case, now = before(session, number, department, "received"), now or database_now(session)
    case.state, case.accepted_at = "accepted", now
    limit = due_limit(session, case, now)
    case.due_at = limit.red if limit else None
    payload = {"case": number, "decide_by": shown_day(limit) if limit else ""}
    record(session, actor, "complaint.accepted", case.tender, payload, now)
    tell_later(session, case)
    session.flush()
    return case


def turn_away(
    session: Session, actor: Actor, number: str, department: str, words: str, now: datetime | None = None
) -> Case:
    """The authority does not take it up (不予受理), with the reason; entry `complaint.refused`."""
    case, now = before(session, number, department, "received"), now or database_now(session)
    close(case, "refused", "refused", words, "", now)
    record(session, actor, "complaint.refused", case.tender, {"case": number, "words": words}, now)
    tell_later(session, case)
    session.flush()
    return case


def pause(
    session: Session, actor: Actor, number: str, department: str, ground: str, reason: str, document: str,
    now: datetime | None = None,
) -> CasePause:  # fmt: skip
    """The clock stands still for an inspection, test, appraisal or expert review, with reason and paper
    (GPR 58, TBR 61); entry `complaint.paused`. Raises Refused `case.paused`, `case.paper`."""
    case, now = before(session, number, department, "accepted"), now or database_now(session)
    if any(each.ended_at is None for each in pauses_of(session, case)):
        raise refuse("case.paused", _("The clock stands still already."))
    if not document:
        raise refuse("case.paper", _("Add the paper that orders it."), field="document", rule="GPR 58")
    made = CasePause(case_id=case.id, ground=ground, reason=reason, document=document, started_at=now)
    session.add(made)
    case.due_at = None
    payload = {"case": number, "ground": ground, "reason": reason, "document": document}
    record(session, actor, "complaint.paused", case.tender, payload, now)
    session.flush()
    return made


def unpause(
    session: Session, actor: Actor, number: str, department: str, now: datetime | None = None
) -> Case:
    """The clock runs again; entry `complaint.resumed`. Raises Refused `case.not-paused`."""
    case, now = before(session, number, department, "accepted"), now or database_now(session)
    standing = next((each for each in pauses_of(session, case) if each.ended_at is None), None)
    if standing is None:
        raise refuse("case.not-paused", _("The clock does not stand still."))
    standing.ended_at = now
    session.flush()
    limit = due_limit(session, case, now)
    case.due_at = limit.red if limit else None
    payload = {"case": number, "decide_by": shown_day(limit) if limit else ""}
    record(session, actor, "complaint.resumed", case.tender, payload, now)
    session.flush()
    return case


def decide(
    session: Session, actor: Actor, number: str, department: str, decision: str, words: str, document: str = "",
    now: datetime | None = None,
) -> Case:  # fmt: skip
    """The authority decides (处理决定), in words to publish; entry `complaint.decided`. A pause ends with it."""
    case, now = before(session, number, department, "accepted"), now or database_now(session)
    for standing in pauses_of(session, case):
        standing.ended_at = standing.ended_at or now
    close(case, "decided", decision, words, document, now)
    payload = {"case": number, "decision": decision, "words": words, "document": document}
    record(session, actor, "complaint.decided", case.tender, payload, now)
    tell_later(session, case)
    session.flush()
    return case


def unfounded(session: Session, case: Case, now: datetime) -> Rule | None:
    """The rule on complaints without ground (MOF Order 94) once whoever filed this one has as many rejected
    within a year. A fact for the authority; nothing follows by itself."""
    rejected = select(func.count()).where(
        Case.owner == case.owner,
        Case.kind == "complaint",
        Case.decision == "rejected",
        Case.closed_at > now - YEAR,
    )
    rule = the_limits().book.rule("P18.unfounded", beijing_date(now))
    return rule if session.execute(rejected).scalar_one() >= rule.integer else None
