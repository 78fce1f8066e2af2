"""Slowing down guesses (登录限速) without letting a stranger lock the owner out.

Failures are counted per account and address, and per address alone, in the queue server; each further
failure doubles the wait, up to a minute, and an hour without failures forgets them. Failures from
elsewhere never count against an address from which the owner has logged in before: the count over all
addresses slows strangers only.
"""

from __future__ import annotations

from typing import Any

from trading.errors import Refused, refuse
from trading.secrets import HallKeys
from trading.web import _

FREE_TRIES = {"pair": 5, "address": 60, "account": 40}
"""Failures without a wait. An address may be a whole company's, so it has more."""
LONGEST_WAIT = 60
FORGET_AFTER = 3600
KNOWN_FOR = 60 * 86400


class Limiter:
    """The buckets of one attempt: this account name from this address."""

    def __init__(self, queue: Any, keys: HallKeys, login: str, address: str) -> None:
        def name(kind: str, *parts: str) -> str:
            return f"login:{kind}:{keys.keyed('limit', kind, *parts).hex()[:32]}"

        self.queue = queue
        self.buckets = {
            "pair": name("pair", login, address),
            "address": name("address", address),
            "account": name("account", login),
        }
        self.known = name("known", login, address)

    def counting(self) -> dict[str, str]:
        """The buckets that count for this attempt."""
        if self.queue.exists(self.known):
            return {kind: key for kind, key in self.buckets.items() if kind != "account"}
        return self.buckets

    def check(self) -> None:
        """Raises Refused `login.slow-down` with the seconds to wait when one is due."""
        waits = [self.queue.ttl(f"{key}:wait") for key in self.counting().values()]
        longest = max(waits)
        if longest > 0:
            raise slow_down(longest)

    def failed(self) -> None:
        """Count a failure and set the wait it causes."""
        for kind, key in self.counting().items():
            count = self.queue.incr(key)
            self.queue.expire(key, FORGET_AFTER)
            excess = count - FREE_TRIES[kind]
            if excess > 0:
                self.queue.set(f"{key}:wait", 1, ex=min(2 ** min(excess, 10), LONGEST_WAIT))

    def succeeded(self) -> None:
        """Forget this pair's failures and know the address from now on."""
        self.queue.delete(self.buckets["pair"])
        self.queue.set(self.known, 1, ex=KNOWN_FOR)


def slow_down(seconds: int) -> Refused:
    """The refusal that asks to wait: the password was not looked at."""
    return refuse(
        "login.slow-down",
        _("Too many wrong attempts. Wait ${seconds} seconds and try again.", mapping={"seconds": seconds}),
        remedy=_("Your account is not locked: after the wait the right password works."),
    )
