"""Statements of fees (评审费结算单): who is owed what for one evaluation. No bank data is read here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from expert_pool.conduct import record
from expert_pool.conduct.fees import Fee, Line, fee, rates_of
from expert_pool.conduct.models import Sitting
from trading.accounts.models import User
from trading.permissions import Identity
from trading.rulebook.calendar import beijing_date
from trading.supervision.case_clocks import the_limits


@dataclass(frozen=True)
class Statement:
    """One member's statement. `name` is "" for readers who may not know it yet; they read the total only, since a line
    for travel says which member is from another city."""

    sitting: Sitting
    name: str
    fee: Fee

    @property
    def lines(self) -> tuple[Line, ...]:
        """What the total is made of, for readers who know the name."""
        return self.fee.lines if self.name else ()


def of_tender(session: Session, identity: Identity, tender: Any) -> list[Statement]:
    """The statements that somebody may read: the buyers and the regulator all of them, a member its own."""
    rows = record.of_tender(session, tender.code)
    if not sees_all(identity, tender):
        rows = [row for row in rows if row.user_id == identity.user_id]
    return [statement(session, row, identity) for row in rows]


def sees_all(identity: Identity, tender: Any) -> bool:
    """Whether somebody is no member but buys here or supervises."""
    if "regulator" in identity.roles:
        return True
    return identity.party_id is not None and identity.party_id in (tender.tenderer_id, tender.agency_id)


def statement(session: Session, row: Sitting, identity: Identity) -> Statement:
    """One member's statement, by the rates in force on the day of delivery."""
    rates = rates_of(the_limits().book, beijing_date(row.delivered_at))
    owed = fee(row.kind, row.signed_in_at, row.delivered_at, rates, row.away)
    return Statement(row, name_for(session, row, identity), owed)


def name_for(session: Session, row: Sitting, identity: Identity) -> str:
    """The member's name, for the member, and for others once it has been published (M87 47)."""
    known = row.named_at is not None or row.user_id == identity.user_id
    return session.get_one(User, row.user_id).name if known else ""
