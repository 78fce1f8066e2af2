"""What a visitor of a fresh demonstration reads on the terminal."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from config.demo.cast import FIGURES, PASSWORD


def text(hall: Any) -> str:
    """What a visitor reads on the terminal."""
    rows = "\n".join(f"    {f.login:<11} {f.name}  {f.does} ({f.does_en})" for f in FIGURES)
    state = f" --state {hall.state}" if hall.state != Path(".state").resolve() else ""
    return f"""
  Tradehall is open:  {hall.url}

  People of the demonstration (password of all: {PASSWORD})
{rows}

  One-time code of a person:   .venv/bin/tradehall code bidder1{state}
  Key files for signing:       {hall.state / "demo"}/<login>.key.pem (same password)

  Try first
    1. Read the open tender on the notice board; no login needed.
    2. Log in as bidder1, open the tender, choose "Bid": seal and send a bid, see the receipt verified.
    3. Let the clock run to the deadline: .venv/bin/tradehall clock ahead 30000{state}
       and watch the opening hall, also on a phone.
    4. Or see a whole tender played, with the verifier's verdict: .venv/bin/tradehall demo

  Ctrl-C ends everything.
"""
