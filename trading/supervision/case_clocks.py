"""The clocks of queries and complaints (质疑投诉期限): from which day a time runs, until when one may file, answer or decide."""

from __future__ import annotations

from datetime import UTC, date, datetime
from functools import cache
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from trading.clock import parse_rfc3339
from trading.deals.days import last_day_before
from trading.errors import refuse
from trading.ledger.service import entries_of
from trading.notices.models import Notice
from trading.rulebook.book import Rulebook
from trading.rulebook.calendar import Calendar, beijing_date
from trading.rulebook.clocks import Clock, Light, Pause, due
from trading.supervision.cases import pauses_of
from trading.supervision.limits import Limit, Limits, Stage, Track
from trading.supervision.models import Case
from trading.web import _

NOTICE_PERIOD, RESULT_PERIOD, PUBLICITY = "P4.notice", "P10.period", "T13.publicity"
STEPS = ("tender.closed", "opening.recorded")
"""Ends of steps of the procedure that bidders know of."""


@cache
def the_limits() -> Limits:
    """Rulebook and calendar in force here, read once a process."""
    return Limits(Rulebook.load(), Calendar.load())


def track_of(session: Session, tender: str) -> Track:
    """By which law a tender's cases run: what kind it was drafted as."""
    for entry in entries_of(session, tender):
        if entry.entry.type == "tender.drafted" and entry.payloads and entry.payloads[0].document:
            return "procurement" if entry.payloads[0].document["kind"] == "procurement" else "bidding_law"
    return "procurement"


def known_day(session: Session, tender: str, track: Track, stage: Stage) -> date:
    """The day from which a query's time runs (GPR 53); by the bidding law the last day of the result's
    publicity (TBR 54). Raises Refused `query.too-early` while there is nothing to query."""
    if stage == "process":
        ends = [entry.entry.at for entry in entries_of(session, tender) if entry.entry.type in STEPS]
        if ends:
            return beijing_date(parse_rfc3339(ends[-1]))
        raise refuse(
            "query.too-early", _("No step of the procedure has ended yet."), field="stage", rule="GPR 53"
        )
    kinds = ("tender",) if stage == "documents" else ("result", "award")
    query = select(Notice).where(Notice.tender == tender, Notice.kind.in_(kinds))
    notice = session.scalars(query.order_by(Notice.published_at.desc())).first()
    if notice is None:
        raise refuse("query.too-early", _("No result is published yet."), field="stage", rule="GPR 53")
    rule = NOTICE_PERIOD if stage == "documents" else RESULT_PERIOD if track == "procurement" else PUBLICITY
    limits = the_limits()
    clock = Clock.of(limits.book.rule(rule, beijing_date(notice.published_at)), notice.published_at)
    end = due(clock, limits.calendar)
    assert end is not None and end.last_day is not None, "a period of days without a pause ends on a day"
    return end.last_day


def step_began(session: Session, tender: str, stage: Stage) -> datetime:
    """Since when what a query of this stage is about stands as it is: the documents since they were published or last
    amended, the procedure since its last step, the result since its notice."""
    if stage == "process":
        return max(
            parse_rfc3339(entry.entry.at)
            for entry in entries_of(session, tender)
            if entry.entry.type in STEPS
        )
    kinds = ("tender", "amendment") if stage == "documents" else ("result", "award")
    query = select(Notice.published_at).where(Notice.tender == tender, Notice.kind.in_(kinds))
    return session.scalars(query.order_by(Notice.published_at.desc())).first() or datetime.min.replace(
        tzinfo=UTC
    )


def query_limit(session: Session, tender: Any, stage: Stage) -> tuple[date, Limit]:
    """The day of knowing and until when a query may be filed. Raises Refused `query.too-early`, and
    `query.on-the-spot` where the law wants it spoken out at the opening."""
    track = track_of(session, tender.code)
    known = known_day(session, tender.code, track, stage)
    try:
        return known, the_limits().query(track, stage, known, tender.deadline)
    except KeyError:
        raise refuse(
            "query.on-the-spot", _("An objection to the opening is made on the spot, in the opening hall."),
            field="stage", rule="TBR 44",
        ) from None  # fmt: skip


def running(session: Session, case: Case) -> tuple[str, datetime, list[Pause]] | None:
    """The step whose clock a case runs to, since when, and its pauses; None for one that was routed elsewhere."""
    if case.state == "routed":
        return None
    if case.kind in ("query", "inquiry"):
        return ("answer" if case.kind == "query" else "inquiry"), case.filed_at, []
    if case.track == "bidding_law" and case.accepted_at is None:
        return "accept", case.filed_at, []
    pauses = [Pause(p.started_at, p.ended_at, p.reason) for p in pauses_of(session, case)]
    started = case.accepted_at if case.track == "bidding_law" and case.accepted_at else case.filed_at
    return "decide", started, pauses


def due_limit(session: Session, case: Case, now: datetime) -> Limit | None:
    """The limit that a case's clock runs to, with its light; None for one that was routed elsewhere."""
    found = running(session, case)
    if found is None:
        return None
    step, started, pauses = found
    track: Track = case.track  # type: ignore[assignment]
    return the_limits().limit(track, step, started, pauses, now, case.closed_at)


def complaint_limit(case: Case) -> Limit:
    """Until when a complaint may follow this query."""
    assert case.answered_by is not None, "every query has a time for its answer"
    track: Track = case.track  # type: ignore[assignment]
    until = last_day_before(case.answered_by)
    return the_limits().complaint(track, case.filed_at, case.closed_at, until)


def reconsideration_limit(case: Case) -> Limit | None:
    """Until when reconsideration of the authority's decision may be applied for (REC 20); None before it."""
    if case.kind != "complaint" or case.state not in ("decided", "refused") or case.closed_at is None:
        return None
    track: Track = case.track  # type: ignore[assignment]
    return the_limits().limit(track, "reconsider", case.closed_at)


def refuse_late(limit: Limit, now: datetime, code: str, message: Any) -> str:
    """The note of a late filing: "" in time. Raises Refused when the limit is certain."""
    if limit.red is None or now < limit.red:
        return ""
    if limit.certain:
        day = limit.last_day.isoformat() if limit.last_day else ""
        article = f"{limit.rule.instrument} {limit.rule.article}"
        raise refuse(
            code, _("The time for this ended on ${day}.", mapping={"day": day}), rule=article, remedy=message
        )
    return "late-uncertain"


def shown_day(limit: Limit) -> str:
    return limit.last_day.isoformat() if limit.last_day else ""


def light_of(session: Session, case: Case, now: datetime) -> Light:
    """Green, yellow from four fifths of the time on, red when overdue; paused; done."""
    limit = due_limit(session, case, now)
    return limit.light if limit else "done"
