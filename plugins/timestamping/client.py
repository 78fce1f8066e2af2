"""Asking a time-stamping authority over HTTP (RFC 3161 section 3.4)."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import datetime

from translationstring import TranslationStringFactory  # type: ignore[import-untyped]
from zope.interface import implementer

from plugins.outbound import Unreachable, fetch
from plugins.timestamping.tokens import BadToken, TokenJudge, request, token_of
from trading.errors import refuse
from trading.interfaces import ITimeStamper

_ = TranslationStringFactory("tradehall")


@implementer(ITimeStamper)
class HttpTimeStamper:
    """The authority at `url`, its tokens judged by `judge`. `rng(n)` gives n random bytes for nonces;
    `timeout` in seconds."""

    def __init__(
        self,
        url: str,
        judge: TokenJudge,
        rng: Callable[[int], bytes] = os.urandom,
        timeout: float = 5.0,
    ) -> None:
        self.url = url
        self._judge = judge
        self._rng = rng
        self._timeout = timeout

    def stamp(self, digest: bytes) -> bytes:
        """See `ITimeStamper.stamp`. A wrong answer counts as none."""
        query = request(digest, int.from_bytes(self._rng(8), "big"))
        headers = {"Content-Type": "application/timestamp-query"}
        try:
            token = token_of(fetch(self.url, query, headers, self._timeout), query)
            self._judge.gen_time(token, digest)
        except (Unreachable, BadToken) as error:
            raise refuse(
                "timestamp.unavailable",
                _("The time-stamping authority did not give a valid time stamp."),
                rule=f"RFC 3161: {error}",
                remedy=_("The act stands without it; the stamp is asked for again later."),
            ) from error
        return token

    def verify(self, token: bytes, digest: bytes) -> datetime:
        """See `ITimeStamper.verify`."""
        try:
            return self._judge.gen_time(token, digest)
        except BadToken as error:
            raise refuse(
                "timestamp.invalid",
                _("The time stamp is not valid for these bytes."),
                rule=f"RFC 3161: {error}",
            ) from error
