"""What a bank tells (银行): credits, payments, guarantees. Plain values of the ports IBank and
IGuaranteeIssuer. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal


@dataclass(frozen=True)
class Credit:
    """Money that came into a sub-account. `payer` is the account holder's name as the bank knows it."""

    id: str
    account: str
    amount: Decimal
    payer: str
    payer_account: str
    at: datetime


@dataclass(frozen=True)
class Payee:
    """Whom to pay: holder's name and account number."""

    name: str
    account: str


@dataclass(frozen=True)
class Payment:
    """A payment that was made, with the bank's own reference."""

    key: str
    reference: str
    amount: Decimal
    at: datetime


@dataclass(frozen=True)
class Guarantee:
    """An electronic guarantee as its issuer knows it. `applicant` is the bidder's unified social credit
    code, `until` the last day of its validity, `revoked` whether it no longer stands."""

    number: str
    issuer: str
    applicant: str
    tender: str
    amount: Decimal
    until: date
    revoked: bool = False
