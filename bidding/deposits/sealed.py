"""The room's rows, opened (开启的记录): who owns an account, what an item is, what was paid."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bidding.deposits import guarantee_file
from bidding.deposits.checking import TRANSFER, Item, Payer
from bidding.deposits.guarantee_file import SignedGuarantee
from bidding.deposits.models import BaseAccount, DepositAccount, DepositItem, DepositPayment
from bidding.tenders.models import Tender
from bidding.vault.encoding import sha256, unb64
from trading.banking import Payee
from trading.clock import parse_rfc3339
from trading.ledger import canonical
from trading.secrets import HallKeys


@dataclass(frozen=True)
class Owner:
    """Whose sub-account it is, and its number at the bank."""

    uscc: str
    name: str
    party_id: uuid.UUID
    number: str


@dataclass(frozen=True)
class Held:
    """One item with its row; `record` is what its ledger leaf commits to, `salt` opens the leaf."""

    row: DepositItem
    record: dict[str, Any]
    salt: bytes
    leaf_at: str
    item: Item
    kept: dict[str, Any]
    """of a signed guarantee: its file, and the certificates and lists it was judged by"""

    @property
    def digest(self) -> bytes:
        return sha256(canonical.dumps(self.record))

    @property
    def number(self) -> str:
        """A guarantee's number, "" for a credit."""
        return str(self.record.get("number", ""))

    @property
    def issuer(self) -> str:
        """A guarantee's issuer by name, "" for a credit."""
        return str(self.record.get("issuer", ""))

    @property
    def signed(self) -> SignedGuarantee | None:
        """The guarantor's signed file, where one was handed in."""
        return guarantee_file.read(unb64(self.kept["signed"])) if "signed" in self.kept else None


@dataclass(frozen=True)
class Ordered:
    """One payment with its row. `purpose` is refund | forfeit | release; amounts as text of yuan."""

    row: DepositPayment
    fields: dict[str, Any]

    @property
    def payee(self) -> Payee:
        return Payee(self.fields["payee"], self.fields["payee_account"])

    @property
    def total(self) -> Decimal:
        return Decimal(self.fields["total"])

    @property
    def purpose(self) -> str:
        return str(self.fields["purpose"])


def owner_key(keys: HallKeys, tender: Tender, uscc: str) -> bytes:
    return keys.keyed("deposit-owner", tender.code, tender.lot.code, uscc)


def number_key(keys: HallKeys, number: str) -> bytes:
    return keys.keyed("deposit-number", number)


def seal(keys: HallKeys, row: Any, fields: dict[str, Any]) -> bytes:
    """Bound to the row, so that it cannot be moved to another."""
    return keys.seal(canonical.dumps(fields), f"{row.__tablename__}/{row.id}")


def unseal(keys: HallKeys, row: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(keys.unseal(row.sealed, f"{row.__tablename__}/{row.id}"))
    return found


def owner_of(keys: HallKeys, account: DepositAccount) -> Owner:
    found = unseal(keys, account)
    return Owner(found["uscc"], found["name"], uuid.UUID(found["party"]), found["number"])


def held(keys: HallKeys, row: DepositItem) -> Held:
    found = unseal(keys, row)
    record = found["record"]
    item = Item(
        record["kind"],
        Decimal(record["amount"]),
        record.get("payer", ""),
        record.get("payer_account", ""),
        parse_rfc3339(record["at"]),
        date.fromisoformat(record["until"]) if record["kind"] != TRANSFER else None,
    )
    return Held(row, record, bytes.fromhex(found["salt"]), found["leaf_at"], item, found)


def ordered(keys: HallKeys, row: DepositPayment) -> Ordered:
    return Ordered(row, unseal(keys, row))


def account_of(session: Session, keys: HallKeys, tender: Tender, uscc: str) -> DepositAccount | None:
    """The bidder's own sub-account in this tender, or None."""
    key = owner_key(keys, tender, uscc)
    return session.scalars(select(DepositAccount).where(DepositAccount.owner_key == key)).first()


def accounts_of(session: Session, tender: Tender) -> Sequence[DepositAccount]:
    return session.scalars(select(DepositAccount).where(DepositAccount.tender_id == tender.id)).all()


def items_of(session: Session, keys: HallKeys, accounts: Iterable[DepositAccount]) -> list[Held]:
    """Every item of the accounts, in the order in which they came."""
    wanted = [account.id for account in accounts]
    query = select(DepositItem).where(DepositItem.account_id.in_(wanted)).order_by(DepositItem.entry_id)
    return [held(keys, row) for row in session.scalars(query)]


def payment_of(session: Session, keys: HallKeys, item: DepositItem) -> Ordered | None:
    row = session.scalars(select(DepositPayment).where(DepositPayment.item_id == item.id)).first()
    return ordered(keys, row) if row else None


def payer_of(session: Session, owner: Owner) -> Payer:
    """Who should have paid: the enterprise, from the base account it has registered."""
    found = session.get(BaseAccount, owner.party_id)
    return Payer(owner.name, found.number if found else "")
