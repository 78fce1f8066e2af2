"""Where every security of a tender stands (保证金台账), from the deadline on: who paid, what is wrong with it,
what becomes of it, what a refund today would pay."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bidding.awards.models import Award, Candidate
from bidding.deposits import checking, fate
from bidding.deposits.checking import TRANSFER
from bidding.deposits.fate import Return, Situation
from bidding.deposits.models import DepositAccount, DepositDecision, DepositEnd
from bidding.deposits.refunding import Amounts, Terms, amounts
from bidding.deposits.sealed import (
    Held,
    Ordered,
    Owner,
    accounts_of,
    items_of,
    owner_of,
    payer_of,
    payment_of,
)
from bidding.deposits.service import regime, valid_until
from bidding.opening.models import EnvelopeOutcome, FaultDecision
from bidding.opening.standing import UNOPENED
from bidding.tenders.models import Tender
from bidding.tenders.service import the_calendar, the_rulebook
from bidding.vault.envelopes import SECOND
from bidding.vault.models import Bid, Outcome
from bidding.vault.service import acts_of
from trading.deals import service as deals
from trading.interfaces import IBank
from trading.rulebook.calendar import beijing_date
from trading.rulebook.clocks import Clock, Due, due, light

SEALED = ("published", "closed")
"""states in which the closing list is not, or not surely, laid open"""


@dataclass(frozen=True)
class Row:
    """One item. `state` is waiting | decide | due | ordered | paid | declined | kept | released | claimed."""

    held: Held
    findings: tuple[str, ...]
    back: Return | None
    due: Due | None
    light: str
    amounts: Amounts | None
    payment: Ordered | None
    state: str


@dataclass(frozen=True)
class Standing:
    """One bidder. `verdict` says what is wrong with the security as a whole (empty: in order), `sharers` are
    the names of other bidders for whom the same account paid."""

    account: DepositAccount
    owner: Owner
    situation: Situation
    counted: Decimal
    verdict: tuple[str, ...]
    sharers: tuple[str, ...]
    rows: tuple[Row, ...]
    decisions: tuple[DepositDecision, ...]

    @property
    def grounds(self) -> tuple[str, ...]:
        """The listed cases in which it may be kept now."""
        left = any(row.payment is None for row in self.rows)
        return fate.grounds(self.situation) if left else ()

    @property
    def claimed(self) -> bool:
        """Whether a guarantee of theirs is claimed."""
        return any(row.payment is not None and row.payment.purpose == "claim" for row in self.rows)

    @property
    def decide(self) -> bool:
        return bool(self.grounds) and fate.to_decide(self.situation)

    @property
    def draft(self) -> DepositDecision | None:
        """A decision that is made but not signed."""
        return next((each for each in self.decisions if each.decided_at is None), None)


def standings(session: Session, registry: Any, tender: Tender, now: datetime) -> list[Standing]:
    """Every bidder with a sub-account and something in it, or a bid. Only for use after the deadline, and
    by the worker, which shows it to nobody."""
    keys = registry["keys"]
    accounts = accounts_of(session, tender)
    owners = {account.id: owner_of(keys, account) for account in accounts}
    items: dict[uuid.UUID, list[Held]] = {account.id: [] for account in accounts}
    for each in items_of(session, keys, accounts):
        items[each.row.account_id].append(each)
    shared = checking.shared_payers(
        {owners[account].uscc: [each.item for each in found] for account, found in items.items()}
    )
    names = {owner.uscc: owner.name for owner in owners.values()}
    found = []
    for account in accounts:
        owner = owners[account.id]
        others = {uscc for together in shared.values() if owner.uscc in together for uscc in together}
        sharers = tuple(sorted(names[uscc] for uscc in others - {owner.uscc}))
        found.append(_standing(session, registry, tender, account, owner, items[account.id], sharers, now))
    return sorted(found, key=lambda each: each.owner.name)


def _standing(
    session: Session,
    registry: Any,
    tender: Tender,
    account: DepositAccount,
    owner: Owner,
    items: Sequence[Held],
    sharers: tuple[str, ...],
    now: datetime,
) -> Standing:
    payer, last_day = payer_of(session, owner), valid_until(tender)
    decisions = session.scalars(
        select(DepositDecision)
        .where(DepositDecision.account_id == account.id)
        .order_by(DepositDecision.number)
    ).all()
    case = situation(session, registry, tender, owner, decisions)
    plain = [each.item for each in items]
    rows = []
    for each in items:
        findings = checking.findings(each.item, payer, tender.deadline, last_day)
        payment = payment_of(session, registry["keys"], each.row)
        rows.append(_row(each, findings, payment, case, now))
    return Standing(
        account,
        owner,
        case,
        checking.counted(plain, payer, tender.deadline, last_day),
        checking.verdict(plain, payer, tender.security, tender.deadline, last_day),
        sharers,
        tuple(rows),
        tuple(decisions),
    )


def _row(
    each: Held, findings: tuple[str, ...], payment: Ordered | None, case: Situation, now: datetime
) -> Row:
    back = fate.return_of(case, each.item.at)
    instants, colour = None, "neutral"
    if back is not None:
        clock = Clock.of(the_rulebook().rule(back.rule, beijing_date(back.started)), back.started)
        instants = due(clock, the_calendar())
        colour = light(clock, the_calendar(), now, payment.row.paid_at if payment else None)
    pays = None
    if back is not None and payment is None and each.item.kind == TRANSFER:
        pays = refund_amounts(each, case.regime, instants, now)
    late = back is not None and back.reason == fate.LATE
    if payment is not None:
        state = _paid_state(payment)
    elif fate.to_decide(case) and not late:
        state = "decide"
    else:
        state = "waiting" if back is None else "due"
    return Row(each, findings, back, instants, colour, pays, payment, state)


def _paid_state(payment: Ordered) -> str:
    if payment.row.declined:
        return "declined"
    if payment.purpose == "claim":
        return "claimed"  # the demand is signed; no bank of ours is asked
    if payment.row.paid_at is None:
        return "ordered"
    return {"refund": "paid", "forfeit": "kept", "release": "released"}[payment.purpose]


def refund_amounts(each: Held, law: str, instants: Due | None, now: datetime) -> Amounts:
    """What returning a credit today pays."""
    today = beijing_date(now)
    credited = min(beijing_date(each.item.at), today)
    last_day = instants.last_day if instants else None
    return amounts(each.item.amount, credited, today, last_day, terms(law, now))


def terms(law: str, now: datetime) -> Terms:
    """The rates in force today, from the rulebook."""
    book, today = the_rulebook(), beijing_date(now)
    year = book.rule("P6.year", today).integer
    factor = book.rule("P6.late_factor", today).decimal
    if law == "procurement":
        loan = book.rule("P6.loan_rate", today).decimal
        return Terms(book.rule("P6.deposit_rate", today).decimal, loan, factor, year)
    return Terms(book.rule("T16.deposit_rate", today).decimal, None, factor, year)


def situation(
    session: Session, registry: Any, tender: Tender, owner: Owner, decisions: Sequence[DepositDecision] = ()
) -> Situation:
    """What has happened to this bidder in the tender so far."""
    withdrawn_at, valid, judged = _bids(session, registry, tender, owner.uscc)
    outcome = _unopened(session, valid)
    ended = session.get(DepositEnd, tender.id)
    contract = deals.of_tender(session, tender.code)
    returned = [each.decided_at for each in decisions if each.decided_at and not each.keep]
    awarded_at, won, gave_up = _award(session, tender, valid)
    return Situation(
        regime=regime(registry, tender),
        deadline=tender.deadline,
        withdrawn_at=withdrawn_at,
        bids=valid is not None or not judged,
        fault=outcome.fault if outcome else "",
        outcome_at=outcome.decided_at if outcome else None,
        awarded_at=awarded_at,
        won=won,
        gave_up=gave_up,
        contract_at=contract.signed_at if contract else None,
        ended_at=ended.at if ended else None,
        returned_by=returned[-1] if returned else None,
        kept=any(each.decided_at and each.keep for each in decisions),
    )


def _bids(
    session: Session, registry: Any, tender: Tender, uscc: str
) -> tuple[datetime | None, uuid.UUID | None, bool]:
    """(when the bidder withdrew its bid, its bid in the closing list, whether that list is laid open)."""
    if tender.state in SEALED:
        acts = acts_of(session, registry["keys"], tender, uscc)
        withdrawn = bool(acts) and acts[-1].kind == "withdraw"
        return (acts[-1].at if withdrawn else None), None, False
    query = select(Bid).where(Bid.tender_id == tender.id, Bid.bidder_uscc == uscc)
    rows = session.scalars(query.order_by(Bid.leaf_index)).all()
    valid = next((row.id for row in rows if row.kind == "bid" and row.status == "valid"), None)
    withdrawn = bool(rows) and rows[-1].kind == "withdraw"
    return (rows[-1].received_at if withdrawn else None), valid, True


def _unopened(session: Session, bid_id: uuid.UUID | None) -> Outcome | EnvelopeOutcome | None:
    """The envelope of a bid that was not opened: the first; or the second, once the host has decided on it."""
    first = select(Outcome).where(Outcome.bid_id == bid_id, Outcome.outcome.in_(UNOPENED))
    later = (
        select(EnvelopeOutcome)
        .join(FaultDecision, FaultDecision.bid_id == EnvelopeOutcome.bid_id)
        .where(FaultDecision.stage == SECOND)
        .where(EnvelopeOutcome.bid_id == bid_id, EnvelopeOutcome.outcome.in_(UNOPENED))
    )
    return session.scalars(first).first() or session.scalars(later).first()


def _award(session: Session, tender: Tender, bid_id: uuid.UUID | None) -> tuple[datetime | None, bool, bool]:
    """(when the first award went out, whether it stands for this bid, whether this bidder gave it up)."""
    rows = session.execute(
        select(Award, Candidate)
        .join(Candidate, Candidate.id == Award.candidate_id)
        .where(Award.tender_id == tender.id, Award.issued_at.is_not(None))
        .order_by(Award.issued_at)
    ).all()
    if not rows:
        return None, False, False
    last, candidate = rows[-1]
    gave_up = any(
        row.Candidate.bid_id == bid_id and row.Candidate.declined_at and not row.Candidate.voided_by
        for row in rows
    )
    return rows[0].Award.issued_at, last.withdrawn_at is None and candidate.bid_id == bid_id, gave_up


@dataclass(frozen=True)
class Fact:
    """What the committee is told about one bidder's security: `codes` with their articles."""

    counted: Decimal
    codes: tuple[tuple[str, str], ...]
    sharers: tuple[str, ...]


def facts(session: Session, registry: Any, tender: Tender, now: datetime) -> dict[str, Fact] | None:
    """By unified social credit code, for the review; None where the hall does not keep securities.
    A fact each, never a rejection: the committee decides. Whoever is not in it has paid nothing."""
    if tender.security <= 0 or registry.queryUtility(IBank) is None or now < tender.deadline:
        return None
    rules = checking.RULES[regime(registry, tender)]
    found = {}
    for each in standings(session, registry, tender, now):
        codes = each.verdict + ((checking.SHARED,) if each.sharers else ())
        found[each.owner.uscc] = Fact(
            each.counted, tuple((code, rules[code]) for code in codes), each.sharers
        )
    return found
