"""The deadlines of returning bid securities (保证金退还时限), from the close on. Who paid, and how many did, is not told:
one deadline stands for all that are due by the same rule since the same day."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any

from sqlalchemy.orm import Session

from bidding.deposits.returns import unsettled
from bidding.deposits.standing import SEALED, Row, standings
from bidding.tenders.models import Tender
from trading.deadlines import Deadline, of_tender
from trading.rulebook import here
from trading.rulebook.calendar import at_beijing, beijing_date
from trading.web import _


def clocks(session: Session, registry: Any, now: datetime) -> list[Deadline]:
    """Of every tender whose bids lie open and of which something is due back."""
    found = (tender for tender in unsettled(session, closed=True) if tender.state not in SEALED)
    return [each for tender in found for each in of(session, registry, tender, now)]


def of(session: Session, registry: Any, tender: Tender, now: datetime) -> list[Deadline]:
    rows = [row for each in standings(session, registry, tender, now) for row in each.rows]
    found = {(row.back.rule, beijing_date(row.back.started)) for row in rows if due(row) and row.back}
    return [owed(tender, rule, since) for rule, since in sorted(found)]


def due(row: Row) -> bool:
    """Whether it is owed and not paid yet."""
    return row.state in ("due", "ordered")


def owed(tender: Tender, name: str, since: date) -> Deadline:
    """By a rule, counted in days, from a day on: the instant would tell when somebody withdrew."""
    rule = here.rulebook().rule(name, since)
    return of_tender(
        tender, _("Bid securities to be returned"), at_beijing(since, time()), rule,
        key=f"tender/{tender.code}/{name}/{since.isoformat()}", department=tender.agency.name,
        party_id=tender.agency_id, route="deposits",
    )  # fmt: skip
