"""The contract's services (合同备案): expected from the award on, recorded when signed, published in time.

This room knows nothing of tenders: a caller gives the tender's code, the awarded supplier and the price.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from trading.acts import Actor, record
from trading.deals.models import Contract
from trading.errors import Fault, Refused, refuse
from trading.interfaces import IFileStore
from trading.rulebook.book import Rulebook
from trading.rulebook.calendar import Calendar, at_beijing, beijing_date
from trading.rulebook.clocks import Clock, Light, due, light
from trading.web import _

SIGN, PUBLISH = "P11.contract", "P11.publish"


def of_tender(session: Session, tender: str) -> Contract | None:
    """The contract that a tender's award calls for, signed or not; None before an award."""
    return session.scalars(select(Contract).where(Contract.tender == tender)).first()


def expect(
    session: Session,
    book: Rulebook,
    calendar: Calendar,
    *,
    tender: str,
    supplier_id: uuid.UUID,
    manifest: str,
    price: Decimal,
    awarded_at: datetime,
) -> Contract:
    """The award notice is out: the contract with this supplier at this price is due (P11)."""
    clock = Clock.of(book.rule(SIGN, beijing_date(awarded_at)), awarded_at)
    instants = due(clock, calendar)
    assert instants is not None, "a clock without pauses is due some time"
    contract = Contract(
        tender=tender, supplier_id=supplier_id, manifest=manifest, price=price, awarded_at=awarded_at,
        due_at=instants.red,
    )  # fmt: skip
    session.add(contract)
    session.flush()
    return contract


def no_longer_expected(session: Session, tender: str) -> None:
    """The supplier gave the award up. Raises Refused `contract.signed` when the contract is signed."""
    found = of_tender(session, tender)
    if found is not None and found.signed_at is not None:
        raise refuse("contract.signed", _("The contract is signed: the award can no longer be given up."))
    session.execute(delete(Contract).where(Contract.tender == tender))


def record_signed(
    session: Session,
    registry: Any,
    actor: Actor,
    book: Rulebook,
    calendar: Calendar,
    tender: str,
    *,
    price: Decimal,
    signed_on: date,
    file_name: str,
    file: bytes,
    at: datetime,
) -> Contract:
    """The contract as both parties signed it is filed; entry `contract.signed`.

    Its price must be the awarded one (M87 71: no other terms than those of the bid). Raises Refused
    `contract.*` with every fault."""
    contract = of_tender(session, tender)
    if contract is None:
        raise refuse("contract.none", _("There is no award that a contract could follow."))
    if contract.signed_at is not None:
        raise refuse("contract.signed", _("This contract is already on record."))
    if faults := _faults(contract, price, signed_on, file, at):
        raise Refused(faults)
    digest = hashlib.sha256(file).hexdigest()
    registry.getUtility(IFileStore).put(file_key(digest), file)
    contract.signed_at = at_beijing(signed_on, time())
    contract.recorded_at, contract.file_name, contract.file_sha256 = at, file_name, digest
    clock = Clock.of(book.rule(PUBLISH, signed_on), contract.signed_at)
    instants = due(clock, calendar)
    assert instants is not None, "a clock without pauses is due some time"
    contract.publish_by = instants.red
    payload = {"manifest": contract.manifest, "price": f"{contract.price:.2f}", "contract": digest}
    record(session, actor, "contract.signed", tender, payload, at)
    session.flush()
    return contract


def _faults(contract: Contract, price: Decimal, signed_on: date, file: bytes, at: datetime) -> list[Fault]:
    faults = []
    if price != contract.price:
        message = _(
            "The contract's price must be the awarded price: ${price}",
            mapping={"price": f"{contract.price:,.2f}"},
        )
        faults.append(Fault("contract.price", message, "price", "M87 71"))
    if not beijing_date(contract.awarded_at) <= signed_on <= beijing_date(at):
        message = _("The day of signing lies between the award notice and today")
        faults.append(Fault("contract.day", message, "signed_on"))
    if not file:
        faults.append(Fault("contract.file", _("Choose the signed contract as a file"), "file"))
    return faults


def publish(session: Session, contract: Contract, at: datetime) -> None:
    """The contract's notice is out (GPR 50). Raises Refused `contract.unsigned`, `contract.published`."""
    if contract.signed_at is None:
        raise refuse("contract.unsigned", _("The contract is not signed yet."))
    if contract.published_at is not None:
        raise refuse("contract.published", _("The contract is already published."))
    contract.published_at = at
    session.flush()


def file_key(sha256: str) -> str:
    """Where a contract lies in the file store."""
    return f"contracts/{sha256}"


def signing_light(contract: Contract, book: Rulebook, calendar: Calendar, now: datetime) -> Light:
    """Green, yellow or red for the 30 days; done or red once signed."""
    clock = Clock.of(book.rule(SIGN, beijing_date(contract.awarded_at)), contract.awarded_at)
    return light(clock, calendar, now, contract.signed_at)


def publishing_light(contract: Contract, book: Rulebook, calendar: Calendar, now: datetime) -> Light | None:
    """The same for the publication; None before the contract is signed."""
    if contract.signed_at is None:
        return None
    clock = Clock.of(book.rule(PUBLISH, beijing_date(contract.signed_at)), contract.signed_at)
    return light(clock, calendar, now, contract.published_at)


def overdue(session: Session, now: datetime) -> Sequence[Contract]:
    """Contracts not signed or not published in time, the oldest first."""
    unsigned = Contract.signed_at.is_(None) & (Contract.due_at <= now)
    unpublished = Contract.published_at.is_(None) & (Contract.publish_by <= now)
    return session.scalars(select(Contract).where(unsigned | unpublished).order_by(Contract.due_at)).all()
