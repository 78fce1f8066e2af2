"""What a supervisor reads (监督): every tender's stage and due date, and the trail of each act with its proof.

Everything comes from the ledger, the notice board and the contracts: this room knows nothing of bidding.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, DateTime, Select, case, cast, func, or_, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from trading.acts import Actor, opened_person, record
from trading.clock import database_now, parse_rfc3339
from trading.deals.models import Contract
from trading.errors import refuse
from trading.ledger import merkle
from trading.ledger.checkpoint import parse_checkpoint, tlog_proof
from trading.ledger.models import LedgerEntry
from trading.ledger.service import TrailEntry, entries_of, latest_checkpoint, tree_reader
from trading.notices.models import Notice
from trading.notices.search import grams
from trading.secrets import HallKeys
from trading.stages import TenderStage
from trading.supervision.words import BEFORE_CLOSE, ENDED, EVALUATION, NOTEWORTHY, OPEN_TO_ALL, STATE_AFTER
from trading.web import _

PAGE = 30
MOST = 1000
"""Tenders that the desk counts and pages through; who wants older ones looks for them."""
PERSONS = "persons"
"""The object of a look at everybody who acted in a trail, and from where."""


# --- all tenders ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Row:
    """A tender on the desk: its stage by the ledger, and what is due when (None: nothing)."""

    tender: str
    title: str
    title_en: str
    buyer: str
    state: str
    due: datetime | None
    overrides: int


@dataclass(frozen=True)
class Desk:
    """One page of all published tenders."""

    rows: list[Row]
    total: int
    page: int
    pages: int


def tenders(session: Session, *, text: str = "", state: str = "", page: int = 1) -> Desk:
    """All published tenders, what is due first on top, those that have ended last. `text` is looked for in
    title, code and buyer. No more than MOST are counted."""
    types = [type for type, after in STATE_AFTER.items() if after == state or not state]
    over = {type for type in types if STATE_AFTER[type] in ENDED}
    pending = session.scalars(
        select(Contract.tender).where(Contract.published_at.is_(None)).limit(MOST)
    ).all()
    due = _due()
    query = _published(text.strip(), due)
    live = query.where(
        TenderStage.type.in_([type for type in types if type not in over])
        | (TenderStage.type.in_(over) & TenderStage.tender.in_(pending))
    ).order_by(due.asc().nulls_last(), Notice.published_at.desc(), Notice.tender)
    ended = query.where(TenderStage.type.in_(over), TenderStage.tender.not_in(pending)).order_by(
        Notice.published_at.desc(), Notice.tender
    )
    running = _count(session, live, MOST)
    total = running + _count(session, ended, MOST - running)
    pages = max(1, -(-total // PAGE))
    page = min(max(1, page), pages)
    start = (page - 1) * PAGE
    found = session.execute(live.offset(start).limit(PAGE)).all() if start < running else []
    if len(found) < PAGE:
        rest = ended.offset(max(0, start - running)).limit(PAGE - len(found))
        found = [*found, *session.execute(rest)]
    rows = [
        Row(
            each.tender, each.title, each.shown.get("title_en", ""), each.shown.get("buyer", ""),
            STATE_AFTER[each.type], each.due, each.overrides,
        )
        for each in found
    ]  # fmt: skip
    return Desk(rows, total, page, pages)


def _due() -> ColumnElement[Any]:
    """What is due of a tender: its deadline, and later what its contract waits for."""
    deadline = cast(Notice.shown["deadline"].astext, DateTime(timezone=True))
    return case(
        (TenderStage.type == "tender.published", deadline),
        (Contract.published_at.is_(None), func.coalesce(Contract.publish_by, Contract.due_at)),
    )


def _published(text: str, due: ColumnElement[Any]) -> Select[Any]:
    """Tender notices with the tender's stage, due date and number of rules set aside."""
    kind = func.convert_from(LedgerEntry.body, "UTF8").cast(JSONB)["type"].astext
    overrides = (
        select(func.count())
        .where(LedgerEntry.tender == Notice.tender, kind == "rule.overridden")
        .correlate(Notice)
        .scalar_subquery()
    )
    query = (
        select(
            Notice.tender, Notice.title, Notice.shown, TenderStage.type, due.label("due"),
            overrides.label("overrides"),
        )
        .join(TenderStage, TenderStage.tender == Notice.tender)
        .outerjoin(Contract, Contract.tender == Notice.tender)
        .where(Notice.kind == "tender")
    )  # fmt: skip
    if not text:
        return query
    places = (Notice.title, Notice.tender, func.coalesce(Notice.shown["buyer"].astext, ""))
    found = or_(*(place.icontains(text, autoescape=True) for place in places))
    return query.where(Notice.grams.contains(sorted(grams(text))), found)


def _count(session: Session, query: Select[Any], most: int) -> int:
    counted = query.with_only_columns(Notice.id).order_by(None).limit(most).subquery()
    return session.execute(select(func.count()).select_from(counted)).scalar_one()


def notice_of(session: Session, tender: str) -> Notice | None:
    """The notice with which a tender was published, or None."""
    return session.scalars(select(Notice).where(Notice.tender == tender, Notice.kind == "tender")).first()


# --- a trail --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Line:
    """One act of a trail: when, what, by whom. `payload` is None where this reader does not see it
    (`hidden`) or it was redacted; `person` (name, organisation, address) only after a look."""

    id: int
    index: int | None
    at: datetime
    type: str
    actor: str
    payload: dict[str, Any] | None
    hidden: bool
    redacted: bool
    person: dict[str, Any] | None
    has_person: bool
    noteworthy: bool


def trail(session: Session, tender: str) -> list[TrailEntry]:
    """A tender's plain entries, oldest first. Raises Refused `trail.unknown` when there are none."""
    found = entries_of(session, tender)
    if not found:
        raise refuse("trail.unknown", _("There is no tender of this code."))
    return found


def public_lines(entries: Sequence[TrailEntry]) -> list[Line]:
    """What everybody may read: before the close nothing that a bidder does, and what belongs to the
    evaluation once it is over."""
    types = {entry.entry.type for entry in entries}
    over = bool(types & {"result.published", "tender.failed"})
    seen = [entry for entry in entries if "tender.closed" in types or entry.entry.type in BEFORE_CLOSE]
    return [
        line_of(
            entry, payload=entry.entry.type in OPEN_TO_ALL and (over or entry.entry.type not in EVALUATION)
        )
        for entry in seen
    ]


def regulator_lines(
    entries: Sequence[TrailEntry], looked_at: str = "", keys: HallKeys | None = None
) -> list[Line]:
    """The whole trail. Persons, and payloads that are not public, only when the reader has just looked:
    `looked_at` is PERSONS or an entry's id. Who queried stays sealed without `keys`."""
    return [
        line_of(
            entry,
            payload=entry.entry.type in OPEN_TO_ALL or looked_at == str(entry.id),
            person=looked_at in (PERSONS, str(entry.id)),
            keys=keys,
        )
        for entry in entries
    ]


def line_of(entry: TrailEntry, *, payload: bool, person: bool = False, keys: HallKeys | None = None) -> Line:
    first, second = (*entry.payloads, None, None)[:2]
    document = first.document if first is not None else None
    return Line(
        id=entry.id,
        index=entry.index,
        at=parse_rfc3339(entry.entry.at),
        type=entry.entry.type,
        actor=entry.entry.actor,
        payload=document if payload else None,
        hidden=not payload and bool(entry.payloads),
        redacted=first is not None and first.raw is None,
        person=person_shown(second.document, keys) if person and second is not None else None,
        has_person=len(entry.payloads) > 1,
        noteworthy=entry.entry.type in NOTEWORTHY,
    )


def person_shown(document: dict[str, Any] | None, keys: HallKeys | None) -> dict[str, Any] | None:
    """Who acted; None for a sealed person without the keys."""
    if document is None or ("sealed" in document and keys is None):
        return None
    return opened_person(keys, document) if keys is not None else document


def state_of(entries: Sequence[TrailEntry]) -> str:
    """The stage that the ledger tells; "" before publication."""
    return next((STATE_AFTER[e.entry.type] for e in reversed(entries) if e.entry.type in STATE_AFTER), "")


def look(
    session: Session, actor: Actor, tender: str, wanted: str, keys: HallKeys | None = None
) -> list[Line]:
    """Open what is confidential in a trail; the look itself is an entry, `confidential.viewed`. `keys` open
    who queried or complained: not while bids may be handed in.

    `wanted` is PERSONS or an entry's id. Raises Refused `trail.unknown`."""
    entries = trail(session, tender)
    if wanted != PERSONS and wanted not in {str(entry.id) for entry in entries}:
        raise refuse("trail.unknown", _("There is no such entry in this trail."))
    named = next((e for e in entries if str(e.id) == wanted), None)
    about = PERSONS if named is None else f"{named.entry.type} {named.entry.ref}"
    payload = {"object": about, "viewer": actor.within(tender)}
    record(session, actor, "confidential.viewed", tender, payload, database_now(session))
    return regulator_lines(trail(session, tender), wanted, keys)


# --- proofs ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Head:
    """The newest checkpoint that a witness has cosigned."""

    size: int
    root: str
    note: str


def head(session: Session) -> Head | None:
    """The tree head that proofs lead to; None before a witness has seen one."""
    note = latest_checkpoint(session, witnessed=True)
    if note is None:
        return None
    checkpoint = parse_checkpoint(note)
    return Head(checkpoint.size, checkpoint.root.hex(), note)


def proof(session: Session, entry: TrailEntry) -> str | None:
    """A `.tlog-proof` of an entry (c2sp.org/tlog-proof@v1) up to the newest cosigned checkpoint; None
    while no such checkpoint holds it."""
    newest = head(session)
    if newest is None or entry.index is None or entry.index >= newest.size:
        return None
    path = merkle.inclusion_proof(tree_reader(session, newest.size), entry.index, newest.size)
    return tlog_proof(entry.index, path, newest.note)
