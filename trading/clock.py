"""The one clock (时钟).

Inside a transaction the instant that counts is the database's `clock_timestamp()`, read after the lock
(PostgreSQL's `now()` is the transaction's start). Outside, the machine's clock. A demonstration or a
test may run ahead of real time: every process of that installation then adds the same offset, read
from the file that the environment variable TRADEHALL_CLOCK_FILE names (whole seconds). Production
settings refuse to start with that variable set, or with TRADEHALL_CLOCK_SKEW_MS, by which one process' own
clock is wrong (whole milliseconds): it is for tests of what happens then.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlalchemy.orm import Session

BEIJING = ZoneInfo("Asia/Shanghai")
CLOCK_FILE = "TRADEHALL_CLOCK_FILE"
SKEW = "TRADEHALL_CLOCK_SKEW_MS"


def offset() -> timedelta:
    """How far this installation's clock runs ahead of real time; zero outside demonstrations."""
    name = os.environ.get(CLOCK_FILE)
    if not name:
        return timedelta()
    try:
        return timedelta(seconds=int(Path(name).read_text() or "0"))
    except FileNotFoundError:
        return timedelta()


def now() -> datetime:
    """The current instant in UTC, cut to milliseconds, for code outside a transaction."""
    wrong = timedelta(milliseconds=int(os.environ.get(SKEW) or 0))
    return milliseconds(datetime.now(UTC) + offset() + wrong)


def database_now(session: Session) -> datetime:
    """The instant at which this statement runs, by the database's clock, cut to milliseconds."""
    instant: datetime = session.execute(text("SELECT clock_timestamp()")).scalar_one()
    return milliseconds(instant.astimezone(UTC) + offset())


def real_now(session: Session) -> datetime:
    """The database's clock without a demonstration's offset: sign-in sessions and one-time codes belong
    to people and their phones, which do not jump ahead."""
    return database_now(session) - offset()


def milliseconds(instant: datetime) -> datetime:
    """Cut to whole milliseconds: what is shown, hashed and compared is the same instant."""
    return instant.replace(microsecond=instant.microsecond // 1000 * 1000)


def rfc3339(instant: datetime) -> str:
    """RFC 3339 in UTC with exactly three decimals and `Z`, as every signed document carries it."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{instant.microsecond // 1000:03d}Z"


def parse_rfc3339(value: str) -> datetime:
    """The instant of an RFC 3339 `Z` time, with or without decimals. Raises ValueError otherwise."""
    if not value.endswith("Z"):
        raise ValueError(f"not an RFC 3339 UTC time: {value!r}")
    return datetime.fromisoformat(value[:-1] + "+00:00")
