"""The hall's side of the gateway: ISmsSender over HTTP.

    POST /messages {"key","number","text"} → 200 · 409 key used otherwise · 422 never
    GET /messages/KEY → 200 {"state","at","reason"} · 404
with `Authorization: Bearer <secret>`."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from translationstring import TranslationStringFactory  # type: ignore[import-untyped]
from zope.interface import implementer

from plugins.outbound import Unreachable, ask_json
from trading.clock import parse_rfc3339
from trading.errors import Refused, refuse
from trading.interfaces import ISmsSender
from trading.texting import Delivery

_ = TranslationStringFactory("tradehall")


@implementer(ISmsSender)
class HttpGateway:
    """The gateway at `url`; `secret` is what it knows the hall by, `timeout` in seconds."""

    def __init__(self, url: str, secret: str, timeout: float = 5.0) -> None:
        self.url = url
        self._secret = secret
        self._timeout = timeout

    def send(self, key: str, number: str, text: str) -> None:
        """See `ISmsSender.send`."""
        status, _found = self._ask("/messages", {"key": key, "number": number, "text": text})
        if status == 409:
            raise refuse("sms.key-reused", _("The gateway knows this message with other words."))
        if status == 422:
            raise refuse("sms.declined", _("The gateway does not take this message."))
        if status != 200:
            raise unavailable()

    def report(self, key: str) -> Delivery | None:
        """See `ISmsSender.report`."""
        status, found = self._ask(f"/messages/{quote(key, safe='')}")
        if status == 404:
            return None
        try:
            return Delivery(found["state"], parse_rfc3339(found["at"]), str(found["reason"]))
        except (KeyError, TypeError, ValueError) as error:
            raise unavailable() from error

    def _ask(self, path: str, body: dict[str, str] | None = None) -> tuple[int, Any]:
        try:
            return ask_json(self.url + path, self._secret, body, self._timeout)
        except Unreachable as error:
            raise unavailable() from error


def unavailable() -> Refused:
    """Nothing is known of what was asked."""
    return refuse("sms.unavailable", _("The gateway for text messages does not answer."))
