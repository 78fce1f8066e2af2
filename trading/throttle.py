"""How often one address, or one account, may ask for what costs the hall something (限流).

Counted in the queue server, in windows, by keyed hash: an address is a network (`limits.network`), and somebody
who is logged in counts by account instead, so that a crowd behind one address, or a stranger who floods from
it, keeps nobody waiting who has an account. What is refused is answered 429 with `Retry-After` and counts no
further. Without the queue server nothing is refused: limits protect the hall, they do not decide anything.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import redis
import structlog
from pyramid.config import Configurator
from pyramid.request import Request
from pyramid.response import Response

from trading.accounts.limits import network
from trading.refusals import error_page
from trading.web import PUBLIC, _, client_address

log = structlog.get_logger()

MOST_STREAMS = 200
"""Live connections of one address to one process: a whole company may sit behind it."""


@dataclass(frozen=True)
class Rate:
    """At most `most` requests in `seconds`; `methods` that count, all when empty."""

    most: int
    seconds: int
    methods: frozenset[str] = frozenset()


POST = frozenset({"POST"})
RATES = {
    "register": Rate(20, 3600, POST),
    "login": Rate(120, 60, POST),
    "tender-document": Rate(120, 60),
    "bundle": Rate(30, 60),
    "receipt-check": Rate(60, 60, POST),
    "api-custodian-keys-in": Rate(120, 60),
    "api-custodian-releases": Rate(120, 60),
    "api-bid-uploads": Rate(60, 60),
    "api-upload-piece": Rate(1200, 60),
    "api-upload-submit": Rate(60, 60),
    "api-bid-withdrawals": Rate(60, 60),
    "api-draw-hand-in": Rate(600, 60, POST),
    "api-draw-floor": Rate(3000, 60),
    "lottery-record": Rate(1200, 60),
    "live": Rate(300, 60),
    "live-board": Rate(300, 60),
}
"""By route name. The largest are for what a program does by itself: pieces of 8 MiB at 160 MiB a second."""


class TooMany(Exception):
    """Asked too often; `seconds` until it may be tried again."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"again in {seconds} s")
        self.seconds = seconds


def subject(request: Request) -> str:
    """Whose requests are counted together: an account's, or those of a network without one."""
    identity = request.identity
    return f"user:{identity.user_id}" if identity else f"net:{network(client_address(request))}"


def check(request: Request, name: str, rate: Rate) -> None:
    """Count this request. Raises TooMany."""
    if rate.methods and request.method not in rate.methods:
        return
    key = "rate:" + request.keys.keyed("rate", name, subject(request)).hex()[:32]
    try:
        count = request.queue.incr(key)
        if count == 1 or (left := request.queue.ttl(key)) < 0:
            request.queue.expire(key, rate.seconds)
            left = rate.seconds
    except redis.RedisError as error:
        log.warning("requests are not counted", error=type(error).__name__)
        return
    if count > rate.most:
        raise TooMany(max(left, 1))


def throttled(view: Callable[..., Response], info: Any) -> Callable[..., Response]:
    """View deriver: views of the routes in RATES are counted before they run."""

    def counted(context: Any, request: Request) -> Response:
        name = request.matched_route.name if request.matched_route else ""
        if name in RATES and not isinstance(context, Exception):  # the page of an error is counted already
            check(request, name, RATES[name])
        return view(context, request)

    return counted


def too_many_view(error: TooMany, request: Request) -> Response:
    """429 in the reader's language, with the time to wait."""
    response = error_page(
        request,
        429,
        "slow-down",
        _("Too many requests. Wait ${seconds} seconds and try again.", mapping={"seconds": error.seconds}),
        _("Nothing was changed. Whoever logs in is counted apart from others at the same address."),
    )
    response.headers["Retry-After"] = str(error.seconds)
    return response


class Streams:
    """Open live connections of this process by network."""

    def __init__(self, most: int = MOST_STREAMS) -> None:
        self.most = most
        self._open: Counter[str] = Counter()

    def enter(self, address: str) -> str:
        """Count one more; returns the name to `leave` with. Raises TooMany."""
        name = network(address)
        if self._open[name] >= self.most:
            raise TooMany(30)
        self._open[name] += 1
        return name

    def leave(self, name: str) -> None:
        self._open[name] -= 1
        if self._open[name] <= 0:
            del self._open[name]


def includeme(config: Configurator) -> None:
    """The deriver and the answer."""
    config.registry["live.streams"] = Streams()
    config.add_view_deriver(throttled, name="throttled")
    config.add_view(too_many_view, context=TooMany, permission=PUBLIC, require_csrf=False)
