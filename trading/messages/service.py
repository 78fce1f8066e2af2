"""Sending text messages (短信发送). A text says no more than its caller gives it; numbers and texts lie in the
database encrypted only, and the log has neither."""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from trading.errors import Refused
from trading.interfaces import ISmsSender
from trading.ledger import canonical
from trading.outbox import outward, promise
from trading.parties.models import Party
from trading.secrets import HallKeys
from trading.texting import Delivery, mobile

log = structlog.get_logger()

SEND = "message.send"
PURPOSE = "message"


def text_later(
    session: Session, keys: HallKeys, key: str, number: str, text: str, due: datetime | None = None
) -> None:
    """Promise a text to one number, at `due` or at once. `key` names it for good: it is sent once, and `report`
    finds it. Nothing of number or text can be read from the database."""
    sealed = keys.seal(canonical.dumps({"number": number, "text": text}), f"{PURPOSE}/{key}")
    promise(session, SEND, {"key": key, "sealed": base64.b64encode(sealed).decode()}, due)


@outward
def send_due(session: Session, registry: Any, payload: dict[str, Any]) -> None:
    """Keep such a promise."""
    key = payload["key"]
    opened = json.loads(registry["keys"].unseal(base64.b64decode(payload["sealed"]), f"{PURPOSE}/{key}"))
    reach(registry, key, opened["number"], opened["text"])


def reach(registry: Any, key: str, number: str, text: str) -> bool:
    """Hand a text over now; False where this hall has no gateway, or the gateway will never take it. Raises
    Refused `sms.unavailable`: the promise is tried again later, and `key` keeps it from being sent twice."""
    sender = registry.queryUtility(ISmsSender)
    if sender is None:
        return False
    try:
        sender.send(key, number, signed(registry, text))
    except Refused as refused:
        if refused.faults[0].code == "sms.unavailable":
            raise
        log.info("text message declined", reason=refused.faults[0].code)
        return False
    return True


def signed(registry: Any, text: str) -> str:
    """The text behind its sender's name, as networks here demand (短信签名)."""
    return f"【{registry.settings['hall.name']}】{text}"


def report(registry: Any, key: str) -> Delivery | None:
    """How far the text of this key has come; None for one that was never sent, or without a gateway. Raises
    Refused `sms.unavailable`."""
    sender = registry.queryUtility(ISmsSender)
    return sender.report(key) if sender is not None else None


def numbers_of(session: Session, parties: Iterable[uuid.UUID]) -> list[str]:
    """The mobile numbers of these enterprises, each once; those that filed none are left out."""
    found = session.scalars(select(Party.phone).where(Party.id.in_(set(parties))))
    return sorted({number for phone in found if (number := mobile(phone))})
