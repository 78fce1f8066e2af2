"""The roster as it is published each quarter (季度公布): a file whose hash stands in the ledger."""

from __future__ import annotations

import hashlib
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from bidding.roster.models import RosterFirm, RosterIssue
from trading.acts import Actor, record
from trading.clock import database_now, rfc3339
from trading.errors import refuse
from trading.ledger import canonical
from trading.rulebook.calendar import beijing_date
from trading.web import _


def quarter_of(day: date) -> str:
    """2026-11-23 is in 2026-Q4."""
    return f"{day.year}-Q{(day.month + 2) // 3}"


def publish(session: Session, actor: Actor) -> RosterIssue:
    """Publish the roster of the running quarter; entry `roster.published`. Raises Refused `roster.published`."""
    at = database_now(session)
    quarter = quarter_of(beijing_date(at))
    if session.get(RosterIssue, quarter) is not None:
        raise refuse("roster.published", _("The roster of this quarter is published already"))
    rows = session.scalars(
        select(RosterFirm).where(RosterFirm.status == "listed").order_by(RosterFirm.number)
    )
    firms = [
        {"firm": row.number, "org": row.party.uscc, "name": row.party.name, "trade": row.trade, "band": row.band,
         "grade": row.grade}
        for row in rows
    ]  # fmt: skip
    body = canonical.dumps(
        {"v": 1, "typ": "ebid.roster", "quarter": quarter, "at": rfc3339(at), "firms": firms}
    )
    issue = RosterIssue(quarter=quarter, body=body, sha256=hashlib.sha256(body).hexdigest(), published_at=at)
    session.add(issue)
    payload = {"quarter": quarter, "roster": issue.sha256, "firms": len(firms)}
    record(session, actor, "roster.published", None, payload, at)
    session.flush()
    return issue


def issued(session: Session) -> list[RosterIssue]:
    """Every publication, the newest first."""
    return list(session.scalars(select(RosterIssue).order_by(RosterIssue.quarter.desc())))
