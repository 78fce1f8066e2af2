"""The states of an expert (状态) and the acts that lead from one to the next (E3): pure.

candidate → admit → active ⇄ suspended; whoever is in the pool may leave, and can be taken in again.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Step:
    """From which states an act leads where, and the type of its ledger entry."""

    before: frozenset[str]
    after: str
    entry: str


STEPS = {
    "admit": Step(frozenset({"candidate"}), "active", "expert.admitted"),
    "suspend": Step(frozenset({"active"}), "suspended", "expert.suspended"),
    "reinstate": Step(frozenset({"suspended"}), "active", "expert.reinstated"),
    "leave": Step(frozenset({"candidate", "active", "suspended"}), "left", "expert.left"),
    "readmit": Step(frozenset({"left"}), "active", "expert.readmitted"),
}


def possible(status: str) -> list[str]:
    """The acts that can follow in a state, in the order of the table."""
    return [act for act, step in STEPS.items() if status in step.before]
