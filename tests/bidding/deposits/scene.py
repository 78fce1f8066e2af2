"""A bank in this process, a tender that asks for security, and bidders who pay it."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from bidding.deposits import returns, service, standing
from bidding.deposits.sealed import account_of, owner_of
from bidding.deposits.standing import Standing
from bidding.tenders.models import Tender
from plugins.bank.simulator import Bank
from plugins.simulated import Declined
from tests.awards import Evaluated
from tests.helpers import make_user
from tests.tenders import actor_for
from trading.banking import Credit, Guarantee, Payee, Payment
from trading.clock import database_now, parse_rfc3339, rfc3339
from trading.errors import refuse
from trading.interfaces import IBank, IGuaranteeIssuer
from trading.outbox import Promise
from trading.parties.models import Party


class Counter:
    """The simulator's books without the wire; `down` as the port promises it. `asked` counts payments."""

    def __init__(self, folder: Path) -> None:
        self.books = Bank(folder)
        self.down = False
        self.asked = 0

    def _open(self) -> Bank:
        if self.down:
            raise refuse("bank.unavailable", "down")
        return self.books

    def open_account(self, ref: str) -> str:
        return str(self._open().open_account(ref)["account"])

    def credits(self, cursor: str) -> tuple[list[Credit], str]:
        told = self._open().credits(cursor)
        return [
            Credit(row["id"], row["account"], Decimal(row["amount"]), row["payer"], row["payer_account"],
                   parse_rfc3339(row["at"]))
            for row in told["credits"]
        ], told["cursor"]  # fmt: skip

    def pay(self, key: str, account: str, payee: Payee, amount: Decimal, purpose: str) -> Payment:
        self.asked += 1
        order = {
            "key": key, "account": account, "payee": payee.name, "payee_account": payee.account,
            "amount": f"{amount:.2f}", "purpose": purpose,
        }  # fmt: skip
        try:
            made = self._open().pay(order)
        except Declined as declined:
            raise refuse("bank.declined", str(declined)) from None
        return Payment(made["key"], made["reference"], Decimal(made["amount"]), parse_rfc3339(made["at"]))

    def payment(self, key: str) -> Payment | None:
        raise NotImplementedError

    def guarantee(self, number: str) -> Guarantee | None:
        try:
            row = self._open().guarantee(number)
        except Declined:
            return None
        return Guarantee(
            row["number"], row["issuer"], row["applicant"], row["tender"], Decimal(row["amount"]),
            datetime.fromisoformat(row["until"]).date(), row["revoked"],
        )  # fmt: skip

    def paid(self) -> list[tuple[str, ...]]:
        """Every payment in the books: (key, amount)."""
        return self.books._books.execute("SELECT key, amount FROM payment").fetchall()


def with_bank(registry: Any, folder: Path) -> Counter:
    counter = Counter(folder / "bank")
    registry.registerUtility(counter, IBank)
    registry.registerUtility(counter, IGuaranteeIssuer)
    return counter


def register(session: Session, registry: Any, party: Party, number: str = "") -> str:
    """The enterprise's base account; its number."""
    user = make_user(session, "bidder", party=party, keys=registry["keys"])
    number = number or f"6222{int(party.uscc[-6:], 36):012d}"
    service.register_base_account(session, actor_for(registry, user, party.name), party, "示例银行", number)
    return number


def pay_in(
    session: Session, registry: Any, counter: Counter, tender: Tender, party: Party, *,
    at: datetime | None = None, amount: str = "", payer: str = "", payer_account: str = "",
) -> str:  # fmt: skip
    """The bidder asks for its account and pays (now, or as if at `at`); returns the credit's id."""
    base = register(session, registry, party)
    state, deadline = tender.state, tender.deadline
    tender.state, tender.deadline = "published", max(deadline, database_now(session) + timedelta(minutes=1))
    service.open_account(session, registry, tender, party)
    tender.state, tender.deadline = state, deadline
    account = account_of(session, registry["keys"], tender, party.uscc)
    assert account is not None
    number = owner_of(registry["keys"], account).number
    return counter.books.pay_in(
        number, amount or f"{tender.security:.2f}", payer or party.name, payer_account or base,
        rfc3339(at) if at else "",
    )  # fmt: skip


def go_round(session: Session, registry: Any) -> None:
    """What the worker does every few seconds."""
    returns.round(session, registry, {})


def keep_payments(session: Session, registry: Any) -> int:
    """Keep the promises to pay, as the worker does."""
    waiting = session.query(Promise).filter(Promise.topic == returns.PAY, Promise.kept_at.is_(None)).all()
    for promise in waiting:
        returns.pay(session, registry, promise.payload)
        promise.kept_at = database_now(session)
    return len(waiting)


def standing_of(session: Session, registry: Any, tender: Tender, party: Party) -> Standing:
    now = database_now(session)
    found = standing.standings(session, registry, tender, now)
    return next(each for each in found if each.owner.uscc == party.uscc)


def past(session: Session, made: Evaluated, security: str = "100000.00", days: int = 30) -> datetime:
    """The evaluated tender asked for `security`, and its deadline lies `days` back; returns the deadline."""
    made.tender.security = Decimal(security)
    made.tender.deadline = database_now(session) - timedelta(days=days)
    session.flush()
    return made.tender.deadline
