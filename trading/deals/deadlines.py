"""The deadlines of contracts (合同时限): to be signed after the award, and published once they are."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from trading.deadlines import Deadline, of_tender
from trading.deals.models import Contract
from trading.deals.service import PUBLISH, SIGN
from trading.interfaces import ITenders
from trading.rulebook import here
from trading.rulebook.calendar import beijing_date
from trading.web import _

STEPS = {SIGN: _("Contract to be signed"), PUBLISH: _("Contract to be published")}


def clocks(session: Session, registry: Any, now: datetime) -> list[Deadline]:
    """Of every contract that is not published."""
    find = registry.getUtility(ITenders).find
    waiting = select(Contract).where(Contract.published_at.is_(None)).order_by(Contract.due_at)
    return [deadline(find(session, each.tender), each) for each in session.scalars(waiting)]


def deadline(tender: Any, contract: Contract) -> Deadline:
    """What the contract waits for: its signatures, then its publication."""
    started = contract.signed_at or contract.awarded_at
    rule = here.rulebook().rule(PUBLISH if contract.signed_at else SIGN, beijing_date(started))
    return of_tender(tender, STEPS[rule.id], started, rule)
