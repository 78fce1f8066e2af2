"""Slowing down guesses (登录限速) without letting a stranger lock the owner out.

Failures are counted per account and address, and per address alone, in the queue server; each further
failure doubles the wait, up to a minute, and an hour without failures forgets them. An address from which
the owner has logged in before answers for its own failures with this account only. A count over all
addresses is kept for one-time codes alone, which nobody is asked for who does not know the password: a
stranger who knows a login name can keep nobody waiting.
"""

from __future__ import annotations

import ipaddress
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
    """The buckets of one attempt: this account name from this address; `second` for a one-time code after
    the right password."""

    def __init__(self, queue: Any, keys: HallKeys, login: str, address: str, *, second: bool = False) -> None:
        def name(kind: str, *parts: str) -> str:
            return f"login:{kind}:{keys.keyed('limit', kind, *parts).hex()[:32]}"

        self.queue = queue
        self.second = second
        address = network(address)
        self.buckets = {
            "pair": name("pair", login, address),
            "address": name("address", address),
            "account": name("account", login),
        }
        self.known = name("known", login, address)

    def counting(self) -> dict[str, str]:
        """The buckets that count for this attempt."""
        if self.queue.exists(self.known):
            return {"pair": self.buckets["pair"]}
        return {kind: key for kind, key in self.buckets.items() if self.second or kind != "account"}

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


def network(address: str) -> str:
    """The address that counts: of IPv6 the first 64 bits, because everybody has the rest to choose from."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    return str(ipaddress.ip_network(f"{found}/64", strict=False)) if found.version == 6 else address


def slow_down(seconds: int) -> Refused:
    """The refusal that asks to wait: the password was not looked at."""
    return refuse(
        "login.slow-down",
        _("Too many wrong attempts. Wait ${seconds} seconds and try again.", mapping={"seconds": seconds}),
        remedy=_("Your account is not locked: after the wait the right password works."),
    )
