"""A gateway for text messages in the test's own process."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from zope.interface import implementer

from trading.errors import refuse
from trading.interfaces import ISmsSender
from trading.texting import Delivery


@implementer(ISmsSender)
@dataclass
class Telephones:
    """What was sent, by key: number and text; `away` numbers answer nothing, as if the gateway broke there."""

    sent: dict[str, tuple[str, str]] = field(default_factory=dict)
    away: set[str] = field(default_factory=set)
    calls: int = 0

    def send(self, key: str, number: str, text: str) -> None:
        self.calls += 1
        if number in self.away:
            raise refuse("sms.unavailable", "away")
        if number == "13000000000":
            raise refuse("sms.declined", "never")
        self.sent[key] = (number, text)

    def report(self, key: str) -> Delivery | None:
        return None

    @property
    def numbers(self) -> list[str]:
        return sorted(number for number, _ in self.sent.values())


def telephones(registry: Any) -> Telephones:
    """The hall's gateway from now on."""
    made = Telephones()
    registry.registerUtility(made, ISmsSender)
    return made
