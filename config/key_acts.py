"""Entries about keys (密钥留痕): public in the ledger, and lines in the audit administrator's trail."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from trading import acts
from trading.accounts.models import AccountAct


def record(session: Session, type: str, payload: dict[str, Any]) -> int:
    """Append the entry of an operator's act on a key; returns its number."""
    number = acts.record(session, acts.process("operator"), type, None, payload).id
    session.add(AccountAct(entry=number, user_id=None))
    return number
