"""Which rules a hall's roster follows: the national rulebook, and over it the data file of the hall's city."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from bidding.roster.terms import Terms, misread, overlay_of, terms
from trading import clock
from trading.rulebook.book import RULES_FOLDER, Rulebook
from trading.rulebook.calendar import Calendar, beijing_date


def the_rulebook(registry: Any) -> Rulebook:
    """The rulebook of the hall's region. `rulebook.folder` names a folder of cities' files elsewhere than in the
    package."""
    settings = registry.settings
    folder = settings.get("rulebook.folder") or str(RULES_FOLDER / "tenants")
    return book_of(settings["hall.region"], folder)


@cache
def book_of(region: str, folder: str) -> Rulebook:
    """Read once a process. Raises ValueError, with file and rules, for a city's file that cannot be meant."""
    path = overlay_of(region, Path(folder))
    try:
        book = Rulebook.load(overlay=path)
    except ValueError as error:
        raise ValueError(f"{path.name if path else 'national.toml'}: {error}") from error
    if path is not None and (faults := misread(book, Rulebook.load(), beijing_date(clock.now()))):
        raise ValueError(f"{path.name}: {'; '.join(faults)}")
    return book


@cache
def the_calendar() -> Calendar:
    return Calendar.load()


def the_terms(registry: Any, at: datetime) -> Terms:
    """The roster's terms at an instant."""
    return terms(the_rulebook(registry), beijing_date(at))
