"""The caller's side of the gateway: IVoice over HTTP.

    POST /calls {"key","number","script"} → 200 · 409 key used otherwise · 422 never
    GET /calls/KEY → 200 {"state","record"} · 404
    POST /calls/KEY/hang-up {} → 200
with `Authorization: Bearer <secret>`."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from translationstring import TranslationStringFactory  # type: ignore[import-untyped]
from zope.interface import implementer

from plugins.outbound import Unreachable, ask_json
from trading.errors import Refused, refuse
from trading.interfaces import IVoice
from trading.voicing import Call, parse_record

_ = TranslationStringFactory("tradehall")


@implementer(IVoice)
class HttpVoice:
    """The gateway at `url`; `secret` is what it knows the caller by, `timeout` in seconds."""

    def __init__(self, url: str, secret: str, timeout: float = 5.0) -> None:
        self.url = url
        self._secret = secret
        self._timeout = timeout

    def place(self, key: str, number: str, script: str) -> None:
        """See `IVoice.place`."""
        status, _found = self._ask("/calls", {"key": key, "number": number, "script": script})
        if status == 409:
            raise refuse("voice.key-reused", _("The gateway knows this call with other words."))
        if status == 422:
            raise refuse("voice.declined", _("The gateway does not make this call."))
        if status != 200:
            raise unavailable()

    def state(self, key: str) -> Call | None:
        """See `IVoice.state`."""
        status, found = self._ask(f"/calls/{quote(key, safe='')}")
        if status == 404:
            return None
        try:
            if found["state"] != "ended":
                return Call(found["state"])
            record = found["record"].encode()
            if parse_record(record).key != key:
                raise ValueError("the record of another call")
            return Call("ended", record)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise unavailable() from error

    def hang_up(self, key: str) -> None:
        """See `IVoice.hang_up`."""
        status, _found = self._ask(f"/calls/{quote(key, safe='')}/hang-up", {})
        if status not in (200, 404):
            raise unavailable()

    def _ask(self, path: str, body: dict[str, str] | None = None) -> tuple[int, Any]:
        try:
            return ask_json(self.url + path, self._secret, body, self._timeout)
        except Unreachable as error:
            raise unavailable() from error


def unavailable() -> Refused:
    """Nothing is known of what was asked."""
    return refuse("voice.unavailable", _("The gateway for telephone calls does not answer."))
