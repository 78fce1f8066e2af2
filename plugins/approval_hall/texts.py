"""Text messages of the hall (短信): one each, through the port; nothing of what is in a case."""

from __future__ import annotations

from typing import Any

from trading.errors import Refused
from trading.interfaces import ISmsSender


def send(registry: Any, about: str, number: str, text: str) -> None:
    """One text, once. A gateway that will never take it is let be. Raises Refused `sms.unavailable`."""
    sender = registry.queryUtility(ISmsSender)
    if sender is None:
        return
    key = registry["keys"].keyed("hall-text", about, number).hex()
    try:
        sender.send(key, number, f"【{registry.settings['hall.name']}】{text}")
    except Refused as refused:
        if refused.faults[0].code == "sms.unavailable":
            raise
