"""Queries and complaints (质疑、异议、投诉): filed in time, answered or decided in time, published without names.

Who filed a case, and what it says, is sealed in the database and told to those who must answer it; while bids
may be handed in the buyers see the words of a query about the documents, never its author. The ledger
names the author only in the regulator's tier.
"""

from __future__ import annotations

import hashlib
import os
import uuid
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from trading.accounts.models import RoleGrant, User
from trading.acts import Actor, record, sealed_person
from trading.clock import database_now, parse_rfc3339
from trading.deals.days import last_day_before
from trading.errors import refuse
from trading.ledger import canonical
from trading.ledger.service import append, entries_of
from trading.notices.models import Notice
from trading.parties.models import Party
from trading.permissions import Role
from trading.rulebook.book import Rulebook
from trading.rulebook.calendar import Calendar, beijing_date
from trading.rulebook.clocks import Clock, Light, Pause, due
from trading.secrets import HallKeys
from trading.supervision.limits import Limit, Limits, Stage, Track
from trading.supervision.models import Case, CasePause
from trading.web import _

NUMBERS = 730418
"""advisory lock: numbers of cases and orders are given out one at a time"""
NOTICE_PERIOD, RESULT_PERIOD, PUBLICITY = "P4.notice", "P10.period", "T13.publicity"
STEPS = ("tender.closed", "opening.recorded")
"""Ends of steps of the procedure that bidders know of."""
CLOSED = ("answered", "refused", "decided", "routed", "withdrawn")


@cache
def the_limits() -> Limits:
    """Rulebook and calendar in force here, read once a process."""
    return Limits(Rulebook.load(), Calendar.load())


@dataclass(frozen=True)
class Paper:
    """The hash of an attached paper and its name, "" for none."""

    sha256: str = ""
    name: str = ""


@dataclass(frozen=True)
class Letter:
    """What a case says and who says it."""

    party: str
    organisation: str
    person: str
    matters: list[str]
    request: str
    paper: str


# --- looking up -----------------------------------------------------------------------------------


def find(session: Session, number: str, *, lock: bool = False) -> Case:
    """The case of a number. Raises Refused `case.unknown`."""
    query = select(Case).where(Case.number == number)
    found = session.scalars(query.with_for_update() if lock else query).first()
    if found is None:
        raise refuse("case.unknown", _("There is no case of this number."))
    return found


def of_tender(session: Session, tender: str) -> list[Case]:
    """A tender's cases, oldest first."""
    query = select(Case).where(Case.tender == tender).order_by(Case.filed_at, Case.number)
    return list(session.scalars(query))


def owner_key(keys: HallKeys, party_id: uuid.UUID) -> bytes:
    """The keyed hash that finds an enterprise's cases."""
    return keys.keyed("case-owner", str(party_id))


def own(session: Session, keys: HallKeys, party_id: uuid.UUID | None) -> list[Case]:
    """An enterprise's own cases, newest first."""
    if party_id is None:
        return []
    query = select(Case).where(Case.owner == owner_key(keys, party_id)).order_by(Case.filed_at.desc())
    return list(session.scalars(query))


def letter_of(keys: HallKeys, case: Case) -> Letter:
    """The sealed words; whoever calls has checked who reads."""
    found = canonical.loads(keys.unseal(case.sealed, f"case/{case.id}"))
    found.pop("nonce")
    return Letter(**found)


def departments(session: Session) -> list[str]:
    """The authorities that can be addressed: organisations with a regulator's account."""
    query = (
        select(Party.name).join(User, User.party_id == Party.id).join(RoleGrant, RoleGrant.user_id == User.id)
    )
    return sorted(set(session.scalars(query.where(RoleGrant.role == Role.REGULATOR.value))))


def department_of(session: Session, party_id: uuid.UUID | None) -> str:
    party = session.get(Party, party_id) if party_id else None
    return party.name if party else ""


# --- clocks ---------------------------------------------------------------------------------------


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


def pauses_of(session: Session, case: Case) -> list[CasePause]:
    query = select(CasePause).where(CasePause.case_id == case.id).order_by(CasePause.started_at)
    return list(session.scalars(query))


def due_limit(session: Session, case: Case, now: datetime) -> Limit | None:
    """The limit that a case's clock runs to, with its light; None for one that was routed elsewhere."""
    if case.state == "routed":
        return None
    track: Track = case.track  # type: ignore[assignment]
    limits, pauses = (
        the_limits(),
        [Pause(p.started_at, p.ended_at, p.reason) for p in pauses_of(session, case)],
    )
    if case.kind in ("query", "inquiry"):
        step = "answer" if case.kind == "query" else "inquiry"
        return limits.limit(track, step, case.filed_at, (), now, case.closed_at)
    if track == "bidding_law" and case.accepted_at is None:
        return limits.limit(track, "accept", case.filed_at, (), now, case.closed_at)
    started = case.accepted_at if track == "bidding_law" and case.accepted_at else case.filed_at
    return limits.limit(track, "decide", started, pauses, now, case.closed_at)


def complaint_limit(case: Case) -> Limit:
    """Until when a complaint may follow this query."""
    assert case.answered_by is not None, "every query has a time for its answer"
    track: Track = case.track  # type: ignore[assignment]
    until = last_day_before(case.answered_by)
    return the_limits().complaint(track, case.filed_at, case.closed_at, until)


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


# --- filing ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Filer:
    """Who files: a person of an enterprise."""

    user_id: uuid.UUID
    name: str
    party_id: uuid.UUID
    organisation: str


def file_query(
    session: Session, keys: HallKeys, actor: Actor, filer: Filer, tender: Any, stage: Stage, matters: list[str],
    request: str, paper: Paper = Paper(), now: datetime | None = None,  # noqa: B008 - frozen
) -> Case:  # fmt: skip
    """A query (质疑) or objection (异议) of an enterprise about one stage; entry `query.filed`.

    Raises Refused `query.late` with its article, `query.too-early`, `query.on-the-spot`."""
    now = now or database_now(session)
    known, limit = query_limit(session, tender, stage)
    note = refuse_late(
        limit, now, "query.late", _("A complaint needs a query in time; the court is still open.")
    )
    track = track_of(session, tender.code)
    answer = the_limits().limit(track, "answer", now)
    case = Case(
        id=uuid.uuid4(), number=next_number(session, "Q", now), tender=tender.code, kind="query", track=track,
        stage=stage, state="open", owner=owner_key(keys, filer.party_id), matters=len(matters), known_on=known,
        file_until=limit.last_day, note=note, filed_at=now, due_at=answer.red, answered_by=answer.red,
    )  # fmt: skip
    letter = seal(keys, case, filer, matters, request, paper)
    session.add(case)
    session.flush()
    payload = {"case": case.number, "track": track, "stage": stage, "matters": len(matters), "letter": letter,
               "known": known.isoformat(), "until": limit.last_day.isoformat() if limit.last_day else "",
               "article": f"{limit.rule.instrument} {limit.rule.article}", "answer_by": shown_day(answer)}  # fmt: skip
    unnamed(session, keys, actor, "query.filed", tender.code, payload, now)
    return case


def seal(keys: HallKeys, case: Case, filer: Filer, matters: list[str], request: str, paper: Paper) -> str:
    """Seals the letter into its case; returns the hash that the ledger gets."""
    content = canonical.dumps(
        {"party": str(filer.party_id), "organisation": filer.organisation, "person": filer.name, "matters": matters,
         "request": request, "paper": paper.sha256, "nonce": os.urandom(16).hex()}
    )  # fmt: skip
    case.sealed = keys.seal(content, f"case/{case.id}")
    return hashlib.sha256(content).hexdigest()


def unnamed(
    session: Session, keys: HallKeys, actor: Actor, type: str, tender: str, payload: dict[str, Any], at: datetime
) -> None:  # fmt: skip
    """An entry whose actor is only "participant": a pseudonym would tie the query to what the same person
    does as a bidder later. The person stands sealed in the second payload, for the authority."""
    person = sealed_person(keys, actor)
    append(session, type, tender=tender, actor="participant", payload=payload, payloads=[person], at=at)


def shown_day(limit: Limit) -> str:
    return limit.last_day.isoformat() if limit.last_day else ""


def next_number(session: Session, letter: str, now: datetime) -> str:
    """The year's next number: Q- queries, C- complaints, I- inquiries."""
    session.execute(select(func.pg_advisory_xact_lock(NUMBERS)))
    prefix = f"{letter}-{beijing_date(now).year}-"
    greatest = session.scalar(select(func.max(Case.number)).where(Case.number.startswith(prefix)))
    return f"{prefix}{int(greatest[len(prefix) :]) + 1 if greatest else 1:05}"


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
    session.flush()
    return case


def close(case: Case, state: str, decision: str, words: str, document: str, now: datetime) -> None:
    case.state, case.decision, case.words, case.document, case.closed_at = (
        state,
        decision,
        words,
        document,
        now,
    )


def file_inquiry(
    session: Session, keys: HallKeys, actor: Actor, filer: Filer, tender: Any, stage: Stage, matters: list[str],
    request: str, paper: Paper = Paper(), now: datetime | None = None,  # noqa: B008 - frozen
) -> Case:  # fmt: skip
    """An inquiry (询问, GPL 51): a question at any time, answered within three working days; no complaint
    follows from it. Entry `inquiry.filed`. Raises Refused `inquiry.track` under the bidding law."""
    now, track = now or database_now(session), track_of(session, tender.code)
    if track != "procurement":
        raise refuse(
            "inquiry.track", _("Only government procurement knows inquiries: file an objection."), field="kind",
            rule="GPL 51",
        )  # fmt: skip
    limit, today = the_limits().limit(track, "inquiry", now), beijing_date(now)
    case = Case(
        id=uuid.uuid4(), number=next_number(session, "I", now), tender=tender.code, kind="inquiry", track=track,
        stage=stage, state="open", owner=owner_key(keys, filer.party_id), matters=len(matters), known_on=today,
        file_until=today, filed_at=now, due_at=limit.red, answered_by=limit.red,
    )  # fmt: skip
    letter = seal(keys, case, filer, matters, request, paper)
    session.add(case)
    session.flush()
    payload = {"case": case.number, "stage": stage, "letter": letter, "answer_by": shown_day(limit),
               "article": f"{limit.rule.instrument} {limit.rule.article}"}  # fmt: skip
    unnamed(session, keys, actor, "inquiry.filed", tender.code, payload, now)
    return case


def withdraw(
    session: Session, keys: HallKeys, actor: Actor, filer: Filer, number: str, now: datetime | None = None
) -> Case:
    """Whoever filed a case takes it back (撤回); the matter ends there. Entry `case.withdrawn`. Raises Refused
    `case.unknown` (another's), `case.closed`."""
    case, now = find(session, number, lock=True), now or database_now(session)
    if case.owner != owner_key(keys, filer.party_id):
        raise refuse("case.unknown", _("There is no case of this number."))
    if case.closed_at is not None:
        raise refuse("case.closed", _("This case is closed."))
    for standing in pauses_of(session, case):
        standing.ended_at = standing.ended_at or now
    close(case, "withdrawn", "", "", "", now)
    unnamed(session, keys, actor, "case.withdrawn", case.tender, {"case": number}, now)
    session.flush()
    return case


# --- complaints -----------------------------------------------------------------------------------


def file_complaint(
    session: Session, keys: HallKeys, actor: Actor, filer: Filer, number: str, department: str, matters: list[int],
    request: str, paper: Paper = Paper(), now: datetime | None = None,  # noqa: B008 - frozen
) -> Case:  # fmt: skip
    """A complaint (投诉) about queried matters; entry `complaint.filed`, or `complaint.routed` when another
    authority has received the same matter first (TBR 61).

    `matters` are the query's numbers, from 1. Raises Refused `case.unknown` (another's query),
    `complaint.early`, `complaint.late`, `complaint.matters` (GPR 55), `complaint.twice`."""
    query, now = find(session, number, lock=True), now or database_now(session)
    if query.kind != "query" or query.owner != owner_key(keys, filer.party_id):
        raise refuse("case.unknown", _("There is no case of this number."))
    if query.state == "withdrawn":
        raise refuse("case.closed", _("This case is closed."))
    if query.state == "open" and query.answered_by is not None and now < query.answered_by:
        raise refuse(
            "complaint.early", _("The time for the answer is not over yet."), rule="GPL 55",
            remedy=_("Wait for the answer, or for the end of its time."),
        )  # fmt: skip
    if not matters or not set(matters) <= set(range(1, query.matters + 1)):
        raise refuse(
            "complaint.matters", _("A complaint is limited to the matters that were queried."), field="matters",
            rule="GPR 55",
        )  # fmt: skip
    if department not in departments(session):
        raise refuse("complaint.department", _("Choose one of the list"), field="department")
    limit = complaint_limit(query)
    note = refuse_late(limit, now, "complaint.late", _("The court is still open."))
    first = first_receiver(session, query)
    if first is not None and first.department == department:
        raise refuse("complaint.twice", _("This complaint is before that authority already."), rule="TBR 61")
    case = complaint(
        session, keys, filer, query, department, matters, request, paper, limit, note, first, now
    )
    payload = {"case": case.number, "query": number, "department": department, "matters": sorted(matters),
               "until": shown_day(limit), "article": f"{limit.rule.instrument} {limit.rule.article}",
               "kept_by": case.kept_by}  # fmt: skip
    type = "complaint.routed" if first else "complaint.filed"
    unnamed(session, keys, actor, type, case.tender, payload, now)
    return case


def first_receiver(session: Session, query: Case) -> Case | None:
    """The complaint about this query that an authority has received and not refused."""
    taken = select(Case).where(
        Case.parent_id == query.id, Case.state.not_in(("refused", "routed", "withdrawn"))
    )
    return session.scalars(taken.order_by(Case.filed_at)).first()


def complaint(
    session: Session, keys: HallKeys, filer: Filer, query: Case, department: str, matters: list[int], request: str,
    paper: Paper, limit: Limit, note: str, first: Case | None, now: datetime,
) -> Case:  # fmt: skip
    queried = letter_of(keys, query).matters
    case = Case(
        id=uuid.uuid4(), number=next_number(session, "C", now), tender=query.tender, kind="complaint",
        track=query.track, stage=query.stage, state="routed" if first else "received", parent_id=query.id,
        department=department, kept_by=first.number if first else "", owner=query.owner, matters=len(matters),
        known_on=query.known_on, file_until=limit.last_day, note=note, filed_at=now,
        closed_at=now if first else None,
    )  # fmt: skip
    seal(keys, case, filer, [queried[n - 1] for n in sorted(set(matters))], request, paper)
    found = due_limit(session, case, now) if first is None else None
    case.due_at = found.red if found else None
    session.add(case)
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
    session.flush()
    return case


def turn_away(
    session: Session, actor: Actor, number: str, department: str, words: str, now: datetime | None = None
) -> Case:
    """The authority does not take it up (不予受理), with the reason; entry `complaint.refused`."""
    case, now = before(session, number, department, "received"), now or database_now(session)
    close(case, "refused", "refused", words, "", now)
    record(session, actor, "complaint.refused", case.tender, {"case": number, "words": words}, now)
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
    session.flush()
    return case


# --- what is watched ------------------------------------------------------------------------------


def open_cases(session: Session) -> list[Case]:
    """Every case that waits for somebody, what is due first on top; a clock that stands still last."""
    query = select(Case).where(Case.state.not_in(CLOSED))
    return list(session.scalars(query.order_by(Case.due_at.asc().nulls_last(), Case.filed_at)))


def light_of(session: Session, case: Case, now: datetime) -> Light:
    """Green, yellow from four fifths of the time on, red when overdue; paused; done."""
    limit = due_limit(session, case, now)
    return limit.light if limit else "done"
