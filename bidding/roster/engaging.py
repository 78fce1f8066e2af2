"""What awards do to the roster (中标与履约): who won rests, who refuses is counted, a score feeds the grade."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from bidding.roster import drawable, grades
from bidding.roster.models import RosterEngagement, RosterManager
from bidding.roster.reading import scores_of
from bidding.roster.service import note, of_party
from bidding.roster.terms import Terms
from trading.acts import Actor
from trading.clock import database_now
from trading.errors import refuse
from trading.parties.models import Party
from trading.web import _


def won(
    session: Session, *, works: str, title: str, party: Party, trade: str, band: str, price: Decimal,
    manager_id: uuid.UUID | None, day: date,
) -> RosterEngagement:  # fmt: skip
    """An award: the cool-down begins, the project manager is taken. The caller writes the entry."""
    row = RosterEngagement(
        works=works, title=title, party_id=party.id, trade=trade, band=band, price=price,
        manager_id=manager_id, won_on=day,
    )  # fmt: skip
    session.add(row)
    session.flush()
    return row


def refused(session: Session, works: str, party: Party, day: date) -> None:
    """The firm refused the award after the draw: it is counted for a year. The caller writes the entry."""
    of_works(session, works, party).refused_on = day
    session.flush()


def completed(
    session: Session, actor: Actor, works: str, party: Party, day: date, score: Decimal, terms: Terms,
    reason: str,
) -> str:  # fmt: skip
    """The works are done and rated: cool-down and lock of the project manager end, the grade follows. Returns the
    grade; a change of it is an entry `roster.regraded`, and so many years of C the exit. Raises Refused
    `engagement.*`."""
    row = of_works(session, works, party)
    if row.completed_on is not None or row.refused_on is not None:
        raise refuse("engagement.over", _("These works are rated already, or were refused"))
    if day < row.won_on:
        raise refuse("engagement.day", _("The works end after the award"), field="completed_on")
    row.completed_on, row.score = day, score
    session.flush()
    years = grades.by_year(scores_of(session, [party.id])[party.id], terms)
    regrade(session, actor, party, years, terms, reason)
    return grades.now(years)


def regrade(
    session: Session, actor: Actor, party: Party, years: Sequence[tuple[int, str]], terms: Terms, reason: str
) -> None:
    at, grade = database_now(session), grades.now(list(years))
    leaves = drawable.keeps_failing(years, terms.exit_years)
    for firm in of_party(session, party.id):
        if firm.status != "listed":
            continue
        if firm.grade != grade:
            facts = {"was": firm.grade, "grade": grade, "year": years[-1][0]}
            firm.grade = grade
            note(session, actor, party, firm.number, "regraded", reason, "", facts, at)
        if leaves:
            firm.status = "left"
            facts = {"years": [year for year, _grade in years[-terms.exit_years :]], "grade": grade}
            note(session, actor, party, firm.number, "removed", reason, "", facts, at)


def of_works(session: Session, works: str, party: Party) -> RosterEngagement:
    """Raises Refused `engagement.unknown`."""
    query = select(RosterEngagement).where(
        RosterEngagement.works == works, RosterEngagement.party_id == party.id
    )
    found = session.scalars(query.with_for_update()).first()
    if found is None:
        raise refuse("engagement.unknown", _("The firm has no award for these works"))
    return found


def of_party_all(session: Session, party: Party) -> list[RosterEngagement]:
    """Every award of a firm by the roster, the newest first."""
    query = select(RosterEngagement).where(RosterEngagement.party_id == party.id)
    return list(session.scalars(query.order_by(RosterEngagement.won_on.desc())))


def manager_names(session: Session, rows: Sequence[RosterEngagement]) -> dict[uuid.UUID, str]:
    ids = {row.manager_id for row in rows if row.manager_id}
    found = session.scalars(select(RosterManager).where(RosterManager.id.in_(ids)))
    return {manager.id: manager.name for manager in found}
