"""`tradehall clock`: move a demonstration's clock ahead, for all its processes at once."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

from trading import clock


def file_of(state: Path) -> Path:
    """The file that every process of the demonstration reads."""
    return state / "clock"


def shift(path: Path, by: timedelta) -> timedelta:
    """Run ahead by `by` more; returns how far the clock now runs ahead. It never goes back, since what
    is in the ledger cannot become the future. Raises ValueError for a negative `by`."""
    if by < timedelta():
        raise ValueError("a demonstration's clock only goes forward")
    ahead = timedelta(seconds=int(path.read_text() or "0") if path.exists() else 0)
    seconds = int((ahead + by).total_seconds() + 0.999)
    temporary = path.with_suffix(".new")
    temporary.write_text(str(seconds))
    temporary.replace(path)
    return timedelta(seconds=seconds)


def shift_to(path: Path, instant: datetime) -> timedelta:
    """Run ahead so far that it is `instant` now, or leave the clock when that has passed."""
    os.environ[clock.CLOCK_FILE] = str(path)
    missing = instant - clock.now()
    return shift(path, max(missing, timedelta()))


def main(arguments: Sequence[str]) -> int:
    """`tradehall clock show|ahead MINUTES|to 2026-12-20T09:30`."""
    parser = argparse.ArgumentParser(prog="tradehall clock", description=__doc__)
    parser.add_argument("--state", type=Path, default=Path(os.environ.get("TRADEHALL_STATE", ".state")))
    what = parser.add_subparsers(dest="what", required=True)
    what.add_parser("show", help="what the demonstration's clock says")
    ahead = what.add_parser("ahead", help="run ahead by so many minutes more")
    ahead.add_argument("minutes", type=int)
    to = what.add_parser("to", help="run ahead to an instant of Beijing time, such as 2026-12-20T09:30")
    to.add_argument("instant", type=datetime.fromisoformat)
    chosen = parser.parse_args(arguments)
    path = file_of(chosen.state.resolve())
    os.environ[clock.CLOCK_FILE] = str(path)
    if chosen.what == "ahead":
        shift(path, timedelta(minutes=chosen.minutes))
    elif chosen.what == "to":
        shift_to(path, chosen.instant.replace(tzinfo=clock.BEIJING))
    print(f"{clock.now().astimezone(clock.BEIJING):%Y-%m-%d %H:%M:%S} (Beijing)")
    return 0
