"""Returning securities (保证金退还): ordered once, paid by the worker through the bank, recorded.

An order is a row with a unique item and a promise in the same transaction; the row's id is the bank's
idempotency key. A worker that dies before or after the bank has paid changes nothing: the promise stands,
and the same key pays nothing twice."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from bidding.deposits import service
from bidding.deposits.checking import TRANSFER
from bidding.deposits.models import DepositAccount, DepositEnd, DepositItem, DepositPayment
from bidding.deposits.sealed import Held, Ordered, items_of, ordered, owner_of, seal
from bidding.deposits.standing import Row, Standing, standings
from bidding.tenders.models import Tender
from bidding.tenders.service import locked, must_go_on
from bidding.vault.encoding import unb64
from trading import evidence
from trading.acts import process, record
from trading.banking import Payee
from trading.clock import database_now, rfc3339
from trading.errors import Refused
from trading.events import TenderEnded
from trading.interfaces import IBank
from trading.outbox import outward, promise

PAY = "deposits.pay"
BANK = process("bank")
LONGEST_POLL = timedelta(minutes=5)

log = structlog.get_logger()


# --- the worker's round ---------------------------------------------------------------------------


def round(session: Session, registry: Any, payload: dict[str, Any]) -> None:
    """Keep the promise `deposits.collect`: read the bank's list, lay open what the deadline has freed, return
    what is nearly late. A bank that is down delays the first only; the next round is promised either way."""
    failures = 0
    if registry.queryUtility(IBank) is not None:
        try:
            service.collect(session, registry)
        except Refused as refused:
            failures = int(payload.get("failures", 0)) + 1
            log.warning("the bank's list was not read", error=str(refused))
    now = database_now(session)
    for tender in unsettled(session):
        lay_open(session, registry, tender, now)
        order(session, registry, tender, automatic=True)
    service.forget_kept(session)
    pause = timedelta(seconds=float(registry.settings["bank.poll_seconds"])) * 2 ** min(failures, 10)
    promise(session, service.COLLECT, {"failures": failures}, now + min(pause, LONGEST_POLL))


def unsettled(session: Session, *, closed: bool = False) -> list[Tender]:
    """Tenders of which something is held, or paid and not recorded yet; `closed`: only those whose bids are not
    sealed any more, so that what is read does not tell whether anybody has paid."""
    open_items = (
        select(DepositAccount.tender_id)
        .join(DepositItem, DepositItem.account_id == DepositAccount.id)
        .outerjoin(DepositPayment, DepositPayment.item_id == DepositItem.id)
        .where(DepositPayment.recorded_at.is_(None))
    )
    query = select(Tender).where(Tender.id.in_(open_items)).order_by(Tender.code)
    return list(session.scalars(query.where(Tender.state != "published") if closed else query))


def lay_open(session: Session, registry: Any, tender: Tender, now: datetime) -> None:
    """After the deadline, one entry `deposit.listed` for everything that came in and is not listed yet, and
    the entries of what was returned before it."""
    if tender.state == "published" or now < tender.deadline:
        return
    rows, payments = [], []
    for each in standings(session, registry, tender, now):
        for row in each.rows:
            if row.held.row.listed_at is None:
                row.held.row.listed_at = now
                rows.append(listed(each, row))
                keep_evidence(session, tender, row.held)
            if row.payment is not None and row.payment.row.paid_at and not row.payment.row.recorded_at:
                payments.append(row.payment)
    if rows:
        record(session, BANK, "deposit.listed", tender.code, {"deposits": rows}, now)
    for payment in payments:
        write_entry(session, tender, payment, now)


def keep_evidence(session: Session, tender: Tender, held: Held) -> None:
    """What a signed guarantee was judged by, kept with the tender from the deadline on."""
    if "signed" in held.kept:
        certificates, lists = ([unb64(der) for der in held.kept[name]] for name in ("certificates", "lists"))
        evidence.keep(session, tender.code, certificates, lists)


def listed(each: Standing, row: Row) -> dict[str, Any]:
    """One row of the entry: digest is that of the opened leaf; of a signed guarantee also its file's."""
    signed = {"guarantee": row.held.record["file"]} if "file" in row.held.record else {}
    return signed | {
        "bidder": each.owner.uscc,
        "kind": row.held.item.kind,
        "digest": row.held.digest.hex(),
        "amount": f"{row.held.item.amount:.2f}",
        "at": rfc3339(row.held.item.at),
        "findings": list(row.findings),
    }


# --- ordering -------------------------------------------------------------------------------------


def order(session: Session, registry: Any, tender: Tender, *, automatic: bool = False) -> int:
    """Order every refund that is due; returns how many. `automatic`: only those whose light is no longer
    green, and none while the tender is suspended. Whoever asks for it while bids are sealed orders none: what
    is due by then is returned by itself. Raises Refused `tender.suspended` otherwise."""
    now = database_now(session)
    if not automatic:
        must_go_on(tender)
        if tender.state == "published":  # what it did, and how long it took, would tell who has paid
            return 0
    elif tender.suspended_at is not None or not _ready(session, registry, tender, now, automatic):
        return 0
    tender = locked(session, tender.code)
    ready = _ready(session, registry, tender, now, automatic)
    for each, row in ready:
        _order_refund(session, registry, each, row, now)
    return len(ready)


def _ready(
    session: Session, registry: Any, tender: Tender, now: datetime, automatic: bool
) -> list[tuple[Standing, Row]]:
    return [
        (each, row)
        for each in standings(session, registry, tender, now)
        for row in each.rows
        if row.state == "due" and row.due is not None and (not automatic or now >= row.due.yellow)
    ]


def _order_refund(session: Session, registry: Any, each: Standing, row: Row, now: datetime) -> None:
    assert row.back is not None and row.due is not None, "a refund that is due has a reason and a clock"
    why = {
        "reason": row.back.reason,
        "rule": row.back.rule,
        "last_day": row.due.last_day.isoformat() if row.due.last_day else "",
    }
    if row.held.item.kind != TRANSFER:
        order_payment(session, registry, each, row.held, now, purpose="release", **why)
        return
    pays = row.amounts
    assert pays is not None, "what is paid for a credit is known"
    order_payment(
        session, registry, each, row.held, now, purpose="refund",
        payee=Payee(row.held.item.payer, row.held.item.payer_account), interest=f"{pays.interest:.2f}",
        days=pays.days, charge=f"{pays.charge:.2f}", late_days=pays.late_days, total=f"{pays.total:.2f}", **why,
    )  # fmt: skip


def order_payment(
    session: Session,
    registry: Any,
    each: Standing,
    item: Held,
    now: datetime,
    *,
    purpose: str,
    payee: Payee | None = None,
    **fields: Any,
) -> DepositPayment:
    """One order for one item, with its promise."""
    row = DepositPayment(id=uuid.uuid4(), item_id=item.row.id, ordered_at=now, declined=False)
    told = {
        "purpose": purpose,
        "bidder": each.owner.uscc,
        "digest": item.digest.hex(),
        "principal": f"{item.item.amount:.2f}",
        "payee": payee.name if payee else "",
        "payee_account": payee.account if payee else "",
        **fields,
    }
    row.sealed = seal(registry["keys"], row, told)
    session.add(row)
    session.flush()
    promise(session, PAY, {"payment": str(row.id)})
    return row


# --- paying ---------------------------------------------------------------------------------------


@outward
def pay(session: Session, registry: Any, payload: dict[str, Any]) -> None:
    """Keep the promise `deposits.pay`. Raises Refused `bank.unavailable` to be tried again."""
    query = select(DepositPayment).where(DepositPayment.id == uuid.UUID(payload["payment"]))
    row = session.scalars(query.with_for_update()).one()
    if row.paid_at is not None:
        return
    keys = registry["keys"]
    payment = ordered(keys, row)
    item = session.get_one(DepositItem, row.item_id)
    account = session.get_one(DepositAccount, item.account_id)
    tender = session.get_one(Tender, account.tender_id)
    if payment.purpose in ("release", "claim"):  # of a guarantee: nothing is paid by the bank
        done = {"reference": "", "paid": rfc3339(database_now(session))}
    else:
        try:
            made = registry.getUtility(IBank).pay(
                str(row.id), owner_of(keys, account).number, payment.payee, payment.total,
                f"{payment.purpose} {tender.code}",
            )  # fmt: skip
        except Refused as refused:
            if refused.faults[0].code == "bank.unavailable":
                raise
            row.declined = True
            return
        done = {"reference": made.reference, "paid": rfc3339(made.at)}
    now = database_now(session)
    row.paid_at, row.declined = now, False
    row.sealed = seal(keys, row, payment.fields | done)
    if tender.state != "published" and now >= tender.deadline and item.listed_at is not None:
        write_entry(session, tender, ordered(keys, row), now)


ENTRIES = {
    "refund": "deposit.refunded",
    "release": "deposit.released",
    "forfeit": "deposit.forfeited",
    "claim": "deposit.claimed",
}
RECORDED = (
    "bidder", "digest", "principal", "interest", "days", "charge", "late_days", "total", "reason", "rule", "last_day",
    "decision", "ground", "article", "reference", "paid", "number", "issuer", "guarantee",
)  # fmt: skip


def write_entry(session: Session, tender: Tender, payment: Ordered, now: datetime) -> None:
    """What was paid, as the ledger keeps it: everything but the payee's account."""
    payload = {name: payment.fields[name] for name in RECORDED if name in payment.fields}
    record(session, BANK, ENTRIES[payment.purpose], tender.code, payload, now)
    payment.row.recorded_at = now


def again(session: Session, row: DepositPayment) -> None:
    """Ask the bank once more for a payment that it declined."""
    row.declined = False
    promise(session, PAY, {"payment": str(row.id)})


# --- what other rooms tell -------------------------------------------------------------------------


def tender_ended(event: TenderEnded) -> None:
    """A tender that failed or was cancelled: from now on everything goes back."""
    if event.how == "contracted":
        return
    session = event.session
    tender = session.scalars(select(Tender).where(Tender.code == event.tender)).one()
    if session.get(DepositEnd, tender.id) is None:
        session.add(DepositEnd(tender_id=tender.id, how=event.how, at=event.at))
        session.flush()


def openings(session: Session, registry_keys: Any, tender: Tender) -> list[Held]:
    """The items whose leaves a bundle opens, in the order in which they came."""
    accounts = session.scalars(select(DepositAccount).where(DepositAccount.tender_id == tender.id)).all()
    return items_of(session, registry_keys, accounts)
