"""What a fresh demonstration starts with (演示数据): its people, and one tender that takes bids."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from config.demo import people
from config.demo.client import Person, until

TEMPLATE = "school-computers"


def plant(hall: Any) -> None:
    """Make people (in a process of its own, since it needs the whole hall) and an open tender, once."""
    if (people.folder_of(hall.state) / "people.json").exists():
        return
    subprocess.run(
        [sys.executable, "-m", "config.cli", "seed", "--hall", hall.url], env=hall.environment, check=True
    )


def open_tender(agent: Person, **fields: Any) -> str:
    """Draft a tender from the template, wait for the custodians' keys, sign, publish; returns its code."""
    draft = {"template": TEMPLATE, "tenderer": people.uscc("school-board")} | fields
    code: str = agent.post("/api/tenders", draft)["tender"]

    def ready() -> Any:
        answer = agent.get(f"/api/tenders/{code}/publish")
        return answer if answer["ready"] else None

    documents = until(ready, "the custodians' keys")["documents"]
    signatures = {f"{name}_cms": agent.sign_b64(document["data"]) for name, document in documents.items()}
    agent.post(f"/api/tenders/{code}/publish", signatures)
    return code


def welcome(hall: Any) -> str:
    """What a visitor reads on the terminal."""
    rows = "\n".join(f"    {f.login:<11} {f.name}  {f.does} ({f.does_en})" for f in people.FIGURES)
    state = f" --state {hall.state}" if hall.state != Path(".state").resolve() else ""
    return f"""
  Tradehall is open:  {hall.url}

  People of the demonstration (password of all: {people.PASSWORD})
{rows}

  One-time code of a person:   .venv/bin/tradehall code bidder1{state}
  Key files for signing:       {people.folder_of(hall.state)}/<login>.key.pem (same password)

  Try first
    1. Read the open tender on the notice board; no login needed.
    2. Log in as bidder1, open the tender, choose "Bid": seal and send a bid, see the receipt verified.
    3. Let the clock run to the deadline: .venv/bin/tradehall clock ahead 30000{state}
       and watch the opening hall, also on a phone.
    4. Or see a whole tender played, with the verifier's verdict: .venv/bin/tradehall demo

  Ctrl-C ends everything.
"""


def main(arguments: Sequence[str]) -> int:
    """`tradehall seed`: what the supervisor runs once on an empty database."""
    parser = argparse.ArgumentParser(prog="tradehall seed")
    parser.add_argument("--hall", required=True)
    parser.add_argument("--people-only", action="store_true")
    chosen = parser.parse_args(arguments)
    from config.app import make_config
    from config.settings import from_environment

    state = Path(os.environ["TRADEHALL_STATE"])
    config = make_config(from_environment())
    config.commit()
    people.ensure(config.registry, state)
    if not chosen.people_only:
        open_tender(Person(chosen.hall, state, "agent"))
    return 0


def show_code(arguments: Sequence[str]) -> int:
    """`tradehall code LOGIN`: what a demonstration person's phone shows now."""
    parser = argparse.ArgumentParser(prog="tradehall code")
    parser.add_argument("login")
    parser.add_argument("--state", type=Path, default=Path(os.environ.get("TRADEHALL_STATE", ".state")))
    chosen = parser.parse_args(arguments)
    shown, left = people.code(chosen.state.resolve(), chosen.login)
    print(f"{shown}  (good for {left} s)")
    return 0
