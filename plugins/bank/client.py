"""The hall's side of the bank: IBank and IGuaranteeIssuer over HTTP."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from http.client import HTTPException
from typing import Any
from urllib.parse import quote, urlencode

from translationstring import TranslationStringFactory  # type: ignore[import-untyped]
from zope.interface import implementer

from plugins.bank.signing import MAC, TIME, answer_mac, request_mac, same
from plugins.outbound import Unreachable, exchange
from trading import clock
from trading.banking import Credit, Guarantee, Payee, Payment
from trading.clock import parse_rfc3339, rfc3339
from trading.errors import Refused, refuse
from trading.interfaces import IBank, IGuaranteeIssuer

_ = TranslationStringFactory("tradehall")


class Unproven(Exception):
    """An answer that does not bear the bank's MAC, or cannot be read."""


@implementer(IBank, IGuaranteeIssuer)
class HttpBank:
    """The bank at `url`; `secret` is shared with it, `timeout` in seconds."""

    def __init__(
        self,
        url: str,
        secret: bytes,
        now: Callable[[], datetime] = clock.now,
        timeout: float = 5.0,
    ) -> None:
        self.url = url
        self._secret = secret
        self._now = now
        self._timeout = timeout

    def open_account(self, ref: str) -> str:
        """See `IBank.open_account`."""
        _status, found = self._bank("POST", "/accounts", {"ref": ref})
        return str(found["account"])

    def credits(self, cursor: str) -> tuple[list[Credit], str]:
        """See `IBank.credits`."""
        _status, found = self._bank("GET", "/credits?" + urlencode({"cursor": cursor}))
        return [_credit(row) for row in found["credits"]], str(found["cursor"])

    def pay(self, key: str, account: str, payee: Payee, amount: Decimal, purpose: str) -> Payment:
        """See `IBank.pay`."""
        order = {
            "key": key,
            "account": account,
            "payee": payee.name,
            "payee_account": payee.account,
            "amount": f"{amount:.2f}",
            "purpose": purpose,
        }
        status, found = self._bank("POST", "/payments", order)
        if status == 409:
            raise refuse("bank.key-reused", _("The bank knows this order with other particulars."))
        if status == 422:
            raise refuse(
                "bank.declined", _("The bank does not carry out this payment."), rule=str(found.get("error"))
            )
        return _payment(found)

    def payment(self, key: str) -> Payment | None:
        """See `IBank.payment`."""
        status, found = self._bank("GET", f"/payments/{quote(key, safe='')}")
        return None if status == 404 else _payment(found)

    def guarantee(self, number: str) -> Guarantee | None:
        """See `IGuaranteeIssuer.guarantee`."""
        try:
            status, found = self._exchange("GET", f"/guarantees/{quote(number, safe='')}")
        except (Unreachable, Unproven) as error:
            raise refuse(
                "guarantee.unavailable",
                _("The issuer of the guarantee does not answer."),
                rule=str(error),
                remedy=_("Try again in some minutes."),
            ) from error
        return None if status == 404 else _guarantee(found)

    def _bank(self, method: str, path: str, asked: dict[str, Any] | None = None) -> tuple[int, Any]:
        try:
            return self._exchange(method, path, asked)
        except (Unreachable, Unproven) as error:
            raise unavailable(error) from error

    def _exchange(self, method: str, path: str, asked: dict[str, Any] | None = None) -> tuple[int, Any]:
        """(status, answer) of a request that the bank has answered by its secret.

        Raises Unreachable, Unproven."""
        body = json.dumps(asked, ensure_ascii=False).encode() if asked is not None else b""
        at = rfc3339(self._now())
        mac = request_mac(self._secret, method, path, at, body)
        headers = {TIME: at, MAC: mac, "Content-Type": "application/json"}
        try:
            status, given, answer = exchange(self.url + path, body or None, headers, self._timeout)
        except HTTPException as error:
            raise Unreachable(f"{self.url} broke off: {error}") from error
        if not same(given.get(MAC, ""), answer_mac(self._secret, mac, status, answer)):
            raise Unproven(f"the answer {status} does not bear the bank's signature")
        if status not in (200, 404, 409, 422):
            raise Unreachable(f"the bank answered {status}", status)
        try:
            return status, json.loads(answer)
        except ValueError as error:
            raise Unproven("the bank's answer cannot be read") from error


def unavailable(error: Exception) -> Refused:
    return refuse(
        "bank.unavailable",
        _("The bank does not answer."),
        rule=str(error),
        remedy=_("Nothing was changed. Try again in some minutes."),
    )


def _credit(row: dict[str, Any]) -> Credit:
    return Credit(
        str(row["id"]), str(row["account"]), Decimal(row["amount"]), str(row["payer"]),
        str(row["payer_account"]), parse_rfc3339(row["at"]),
    )  # fmt: skip


def _payment(row: dict[str, Any]) -> Payment:
    return Payment(str(row["key"]), str(row["reference"]), Decimal(row["amount"]), parse_rfc3339(row["at"]))


def _guarantee(row: dict[str, Any]) -> Guarantee:
    return Guarantee(
        str(row["number"]), str(row["issuer"]), str(row["applicant"]), str(row["tender"]),
        Decimal(row["amount"]), date.fromisoformat(row["until"]), bool(row["revoked"]),
    )  # fmt: skip
