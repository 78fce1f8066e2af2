"""What a fresh demonstration starts with (演示数据): its people, and one tender that takes bids."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from config.demo import approvals, contractors, people, pool
from config.demo.client import Person, until

TEMPLATE = "school-computers"


def open_tender(agent: Person, **fields: Any) -> str:
    """Draft a tender from the template, wait for the custodians' keys, sign, publish; returns its code."""
    draft = {"template": TEMPLATE, "tenderer": people.uscc("school-board")} | fields
    code: str = agent.post("/api/tenders", draft)["tender"]
    documents = until(lambda: ready_to_publish(agent, code), "the custodians' keys")
    signatures = {f"{name}_cms": agent.sign_b64(document["data"]) for name, document in documents.items()}
    agent.post(f"/api/tenders/{code}/publish", signatures)
    return code


def ready_to_publish(agent: Person, code: str) -> Any:
    """What the host signs, once the custodians' keys are here; None before."""
    answer = agent.get(f"/api/tenders/{code}/publish")
    return answer["documents"] if answer["ready"] else None


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
    pool.ensure(config.registry, state)
    approvals.ensure(config.registry, state)
    contractors.ensure(config.registry, state)
    if not chosen.people_only:
        if approvals.PLUGIN in config.registry.settings["hall.plugins"].split():
            approvals.prepare(chosen.hall, state)
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
