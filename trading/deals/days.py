"""How a period's end is told to people: by its last day (到期日). Pure."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from trading.rulebook.calendar import beijing_date


def last_day_before(end: datetime) -> date:
    """The last day (Beijing) of a period that is over at the instant `end`."""
    return beijing_date(end - timedelta(milliseconds=1))
