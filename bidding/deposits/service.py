"""Bid security until the deadline (投标保证金缴纳): registered base account, sub-account, credits, guarantees.

Nobody but the bidder itself learns of any of it before the deadline: rows are encrypted, the bank is told
an opaque reference instead of tender and bidder, and what comes in is a blinded leaf of the ledger that
cannot be told from a bid's (Order 20 art. 21, 27)."""

from __future__ import annotations

import os
import uuid
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bidding.deposits.checking import TRANSFER
from bidding.deposits.models import BankCursor, BaseAccount, DepositAccount, DepositItem
from bidding.deposits.sealed import account_of, number_key, owner_key, seal
from bidding.tenders.drafts import kind_of
from bidding.tenders.models import Tender
from bidding.vault.encoding import sha256
from trading.acts import Actor, record
from trading.banking import Credit
from trading.clock import database_now, rfc3339
from trading.errors import refuse
from trading.interfaces import IBank
from trading.ledger import canonical
from trading.ledger.service import append_blinded
from trading.outbox import Promise, promise
from trading.parties.models import Party
from trading.rulebook.calendar import beijing_date
from trading.secrets import HallKeys
from trading.web import _

COLLECT = "deposits.collect"
"""Promise: read what came in at the bank, return what is due, and look again a little later."""


def regime(registry: Any, tender: Tender) -> str:
    """Which law's clocks apply: `procurement` or `bidding_law`."""
    found: str = kind_of(registry, tender.kind).regime
    return found


def valid_until(tender: Tender) -> date:
    """The last day of the bids' validity: a guarantee must last as long (TBR 26)."""
    days = int(tender.form.get("bid_validity_days", 0))
    return beijing_date(tender.deadline) + timedelta(days=days)


# --- the base account -----------------------------------------------------------------------------


def register_base_account(
    session: Session, actor: Actor, party: Party, bank: str, number: str
) -> BaseAccount:
    """The account that the enterprise's securities come from; entry `party.base-account`, which shows the
    last four digits only."""
    now = database_now(session)
    found = session.get(BaseAccount, party.id) or BaseAccount(party_id=party.id)
    found.bank, found.number, found.filed_at = bank, number, now
    session.add(found)
    session.flush()
    payload = {"uscc": party.uscc, "bank": bank, "ending": number[-4:]}
    record(session, actor, "party.base-account", None, payload, now)
    return found


# --- the sub-account ------------------------------------------------------------------------------


def open_account(session: Session, registry: Any, tender: Tender, party: Party) -> DepositAccount:
    """The bidder's own sub-account in this tender, opened at the bank at the first asking.

    Raises Refused `deposit.none`, `deposit.closed`, `deposit.no-bank`, `bank.unavailable`."""
    keys: HallKeys = registry["keys"]
    if tender.security <= 0:
        raise refuse("deposit.none", _("This tender asks for no bid security."))
    before_deadline(session, tender)
    found = account_of(session, keys, tender, party.uscc)
    if found is not None:
        return found
    bank = registry.queryUtility(IBank)
    if bank is None:
        raise refuse(
            "deposit.no-bank", _("This hall has no bank for bid securities: see the tender document.")
        )
    owner = owner_key(keys, tender, party.uscc)
    number = bank.open_account(owner.hex())
    account = DepositAccount(
        id=uuid.uuid4(), tender_id=tender.id, owner_key=owner, number_key=number_key(keys, number)
    )
    fields = {"uscc": party.uscc, "name": party.name, "party": str(party.id), "number": number}
    account.sealed = seal(keys, account, fields)
    session.add(account)
    session.flush()
    start_collecting(session)
    return account


def before_deadline(session: Session, tender: Tender) -> datetime:
    now = database_now(session)
    if tender.state != "published" or now >= tender.deadline:
        raise refuse(
            "deposit.closed",
            _("The deadline has passed: nothing can secure a bid any more."),
            rule="M87 63(1)",
        )
    return now


# --- credits --------------------------------------------------------------------------------------


def start_collecting(session: Session) -> None:
    """Promise to read the bank's list, unless that is promised already."""
    waiting = select(Promise.id).where(Promise.topic == COLLECT, Promise.kept_at.is_(None)).limit(1)
    if session.execute(waiting).first() is None:
        promise(session, COLLECT, {})


def collect(session: Session, registry: Any) -> list[DepositItem]:
    """Read what came in since the last time; returns the new items. Each credit counts once, however
    often the bank names it. Raises Refused `bank.unavailable`."""
    bank, keys = registry.getUtility(IBank), registry["keys"]
    session.execute(insert(BankCursor).values(id=1, cursor="").on_conflict_do_nothing())
    place = session.scalars(select(BankCursor).with_for_update()).one()
    credits, place.cursor = bank.credits(place.cursor)
    found = [_take_credit(session, keys, credit) for credit in credits]
    return [item for item in found if item is not None]


def _take_credit(session: Session, keys: HallKeys, credit: Credit) -> DepositItem | None:
    key = number_key(keys, credit.account)
    account = session.scalars(select(DepositAccount).where(DepositAccount.number_key == key)).first()
    if account is None:
        return None
    facts = {
        "kind": TRANSFER,
        "amount": f"{credit.amount:.2f}",
        "payer": credit.payer,
        "payer_account": credit.payer_account,
        "at": rfc3339(credit.at),
        "id": credit.id,
    }
    return take(session, keys, account, keys.keyed("credit", credit.id), facts)


def take(
    session: Session,
    keys: HallKeys,
    account: DepositAccount,
    source: bytes,
    facts: dict[str, Any],
    kept: dict[str, Any] | None = None,
) -> DepositItem | None:
    """A new item with its blinded leaf; None when it is known. `kept` is sealed beside what the leaf commits to.
    A nonce keeps the leaf's digest, which
    bundles publish, from being tried with every amount and payer there is."""
    if session.scalars(select(DepositItem.id).where(DepositItem.source_key == source)).first():
        return None
    tender = session.get_one(Tender, account.tender_id)
    facts = facts | {"nonce": os.urandom(16).hex()}
    now = database_now(session)
    entry, salt = append_blinded(
        session, "deposit", tender=tender.code, lot=tender.lot.code, seq=0,
        digest=sha256(canonical.dumps(facts)), at=now,
    )  # fmt: skip
    item = DepositItem(id=uuid.uuid4(), account_id=account.id, source_key=source, entry_id=entry)
    item.sealed = seal(
        keys, item, {"record": facts, "salt": salt.hex(), "leaf_at": rfc3339(now)} | (kept or {})
    )
    session.add(item)
    session.flush()
    return item


def forget_kept(session: Session) -> None:
    """Rows of promises to collect that were kept: the next one says all there is to say."""
    session.execute(delete(Promise).where(Promise.topic == COLLECT, Promise.kept_at.is_not(None)))
