"""The states of a firm in one category of the roster (名录状态) and the acts between them: pure.

applied → announced → listed → left; whoever was turned away or has left can apply again, at any time of the year.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Step:
    """From which states an act leads where, who does it, and the type of its ledger entry."""

    before: frozenset[str]
    after: str
    by: str
    entry: str


OFFICE, FIRM = "office", "firm"
STEPS = {
    "apply": Step(frozenset({"", "rejected", "left"}), "applied", FIRM, "roster.applied"),
    "announce": Step(frozenset({"applied"}), "announced", OFFICE, "roster.announced"),
    "reject": Step(frozenset({"applied", "announced"}), "rejected", OFFICE, "roster.rejected"),
    "admit": Step(frozenset({"announced"}), "listed", OFFICE, "roster.listed"),
    "withdraw": Step(frozenset({"applied", "announced", "listed"}), "left", FIRM, "roster.left"),
    "remove": Step(frozenset({"listed"}), "left", OFFICE, "roster.removed"),
}


def possible(status: str, by: str) -> list[str]:
    """The acts that somebody can do in a state, in the order of the table."""
    return [act for act, step in STEPS.items() if status in step.before and step.by == by]
