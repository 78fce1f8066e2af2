"""Numbers of papers within a year (编号): L-2026-00001 and so on, one after the other."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from trading.periods import beijing_date

LOCK = 0x48414C4C
"""advisory lock ("HALL"): numbers are given out one at a time"""


def next_number(session: Session, column: Any, letter: str, now: datetime) -> str:
    session.execute(select(func.pg_advisory_xact_lock(LOCK)))
    prefix = f"{letter}-{beijing_date(now).year}-"
    greatest = session.scalar(select(func.max(column)).where(column.startswith(prefix, autoescape=True)))
    return f"{prefix}{int(greatest[len(prefix) :]) + 1 if greatest else 1:05}"
