"""Filing queries, inquiries and complaints, and taking them back (质疑、询问、投诉的提出与撤回): in time, and published without names."""

from __future__ import annotations

import hashlib
import os
import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from trading.acts import Actor, sealed_person
from trading.clock import database_now
from trading.errors import refuse
from trading.ledger import canonical
from trading.ledger.service import Appended, append
from trading.rulebook.calendar import beijing_date
from trading.secrets import HallKeys
from trading.supervision.case_clocks import (
    complaint_limit,
    due_limit,
    query_limit,
    refuse_late,
    shown_day,
    step_began,
    the_limits,
    track_of,
)
from trading.supervision.cases import close, departments, find, letter_of, next_number, owner_key, pauses_of
from trading.supervision.limits import Limit, Stage
from trading.supervision.models import Case
from trading.web import _


@dataclass(frozen=True)
class Paper:
    """The hash of an attached paper and its name, "" for none."""

    sha256: str = ""
    name: str = ""


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

    Raises Refused `query.late` with its article, `query.too-early`, `query.on-the-spot`, `query.once`."""
    now = now or database_now(session)
    known, limit = query_limit(session, tender, stage)
    must_be_first(session, keys, filer, tender.code, stage, now)
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


def must_be_first(
    session: Session, keys: HallKeys, filer: Filer, tender: str, stage: Stage, now: datetime
) -> None:
    """Everything against one step is queried at once, as the documents of government procurement here ask (M94 10):
    raises Refused `query.once` for a second query about what has not changed since. One taken back does not count."""
    rule = the_limits().book.find("P18.once", beijing_date(now))
    if rule is None or track_of(session, tender) != "procurement":
        return
    mine = select(Case.number).where(
        Case.tender == tender, Case.kind == "query", Case.stage == stage, Case.state != "withdrawn",
        Case.owner == owner_key(keys, filer.party_id), Case.filed_at >= step_began(session, tender, stage),
    )  # fmt: skip
    if (number := session.scalars(mine.limit(1)).first()) is not None:
        raise refuse(
            "query.once",
            _("Your enterprise has queried this step already (${number}): all matters are raised at once.", mapping={"number": number}),
            field="stage", rule=f"{rule.instrument} {rule.article}",
            remedy=_("Ask the rest as an inquiry, or take the query back and file it anew while its time runs."),
        )  # fmt: skip


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


def seal(keys: HallKeys, case: Case, filer: Filer, matters: list[str], request: str, paper: Paper) -> str:
    """Seals the letter into its case; returns the hash that the ledger gets."""
    content = canonical.dumps(
        {"party": str(filer.party_id), "organisation": filer.organisation, "person": filer.name, "matters": matters,
         "request": request, "paper": paper.sha256, "nonce": os.urandom(16).hex()}
    )  # fmt: skip
    case.sealed = keys.seal(content, f"case/{case.id}")
    return hashlib.sha256(content).hexdigest()


def unnamed(
    session: Session, keys: HallKeys, actor: Actor, type: str, tender: str | None, payload: dict[str, Any], at: datetime
) -> Appended:  # fmt: skip
    """An entry whose actor is only "participant": a pseudonym would tie the query to what the same person
    does as a bidder later. The person stands sealed in the second payload, for the authority."""
    person = sealed_person(keys, actor)
    return append(
        session, type, tender=tender, actor="participant", payload=payload, payloads=[person], at=at
    )
