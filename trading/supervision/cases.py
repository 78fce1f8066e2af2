"""Queries and complaints (质疑、异议、投诉) as they are filed: looked up, read by those who may, numbered, watched.

Who filed a case, and what it says, is sealed in the database and told to those who must answer it; while bids
may be handed in the buyers see the words of a query about the documents, never its author. The ledger
names the author only in the regulator's tier.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from trading.accounts.models import RoleGrant, User
from trading.errors import refuse
from trading.ledger import canonical
from trading.parties.models import Party
from trading.permissions import Role
from trading.rulebook.calendar import beijing_date
from trading.secrets import HallKeys
from trading.supervision.models import Case, CasePause
from trading.web import _

NUMBERS = 730418
"""advisory lock: numbers of cases and orders are given out one at a time"""
CLOSED = ("answered", "refused", "decided", "routed", "withdrawn")


@dataclass(frozen=True)
class Letter:
    """What a case says and who says it."""

    party: str
    organisation: str
    person: str
    matters: list[str]
    request: str
    paper: str


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


def pauses_of(session: Session, case: Case) -> list[CasePause]:
    query = select(CasePause).where(CasePause.case_id == case.id).order_by(CasePause.started_at)
    return list(session.scalars(query))


def open_cases(session: Session) -> list[Case]:
    """Every case that waits for somebody, what is due first on top; a clock that stands still last."""
    query = select(Case).where(Case.state.not_in(CLOSED))
    return list(session.scalars(query.order_by(Case.due_at.asc().nulls_last(), Case.filed_at)))


def departments(session: Session) -> list[str]:
    """The authorities that can be addressed: organisations with a regulator's account."""
    query = (
        select(Party.name).join(User, User.party_id == Party.id).join(RoleGrant, RoleGrant.user_id == User.id)
    )
    return sorted(set(session.scalars(query.where(RoleGrant.role == Role.REGULATOR.value))))


def department_of(session: Session, party_id: uuid.UUID | None) -> str:
    party = session.get(Party, party_id) if party_id else None
    return party.name if party else ""


def next_number(session: Session, letter: str, now: datetime) -> str:
    """The year's next number: Q- queries, C- complaints, I- inquiries."""
    session.execute(select(func.pg_advisory_xact_lock(NUMBERS)))
    prefix = f"{letter}-{beijing_date(now).year}-"
    greatest = session.scalar(select(func.max(Case.number)).where(Case.number.startswith(prefix)))
    return f"{prefix}{int(greatest[len(prefix) :]) + 1 if greatest else 1:05}"


def close(case: Case, state: str, decision: str, words: str, document: str, now: datetime) -> None:
    case.state, case.decision, case.words, case.document, case.closed_at = (
        state,
        decision,
        words,
        document,
        now,
    )
