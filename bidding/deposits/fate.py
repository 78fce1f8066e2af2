"""What becomes of a security (保证金去向): which clock returns it, or that somebody must decide. Pure.

Kept only in the cases that the law lists (TBR 35, 74; M87 23), and then only by a recorded decision."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

WITHDRAWN, NO_BID, DEEMED, LOSER, WINNER = "withdrawn", "no-bid", "deemed-withdrawn", "loser", "winner"
ENDED, LATE, DECIDED = "ended", "late", "decided"

CLOCKS: Mapping[str, Mapping[str, str]] = {
    "procurement": {
        WITHDRAWN: "P6.withdrawn", NO_BID: "P6.withdrawn", DEEMED: "P6.withdrawn", LATE: "P6.withdrawn",
        LOSER: "P6.losers", WINNER: "P6.winner", ENDED: "P6.ended", DECIDED: "P6.losers",
    },
    "bidding_law": {
        WITHDRAWN: "T8", NO_BID: "T8", DEEMED: "T8", LATE: "T8",
        LOSER: "T16", WINNER: "T16", ENDED: "T16.ended", DECIDED: "T16",
    },
}  # fmt: skip
"""The rulebook's clock for each reason to return a security."""

REVOKED, NO_CONTRACT, CONDITIONS, NO_PERFORMANCE = (
    "revoked", "contract-refused", "conditions-added", "no-performance-security",
)  # fmt: skip
ARTICLES: Mapping[str, Mapping[str, str]] = {
    "procurement": {REVOKED: "M87 23", NO_CONTRACT: "TBR 74", CONDITIONS: "TBR 74", NO_PERFORMANCE: "TBR 74"},
    "bidding_law": {REVOKED: "TBR 35", NO_CONTRACT: "TBR 74", CONDITIONS: "TBR 74", NO_PERFORMANCE: "TBR 74"},
}
"""The listed cases of forfeiture with their articles."""
AFTER_AWARD = (NO_CONTRACT, CONDITIONS, NO_PERFORMANCE)


@dataclass(frozen=True)
class Situation:
    """One bidder in one tender. Instants are aware, None when it has not happened.

    `bids` is whether a bid of theirs is in the closing list, `fault` whose fault it was that it was not
    opened ("" when it was), `gave_up` that they gave the award up, `won` that the award stands for them."""

    regime: str
    deadline: datetime
    withdrawn_at: datetime | None = None
    bids: bool = True
    fault: str = ""
    outcome_at: datetime | None = None
    awarded_at: datetime | None = None
    won: bool = False
    gave_up: bool = False
    contract_at: datetime | None = None
    ended_at: datetime | None = None
    returned_by: datetime | None = None
    """when it was decided to return a security that could have been kept"""
    kept: bool = False
    """whether it was decided to keep it"""


@dataclass(frozen=True)
class Return:
    """The security goes back: for which reason, by which rule, counted from when."""

    reason: str
    rule: str
    started: datetime


def return_of(case: Situation, credited_at: datetime) -> Return | None:
    """Why and from when one item goes back; None while nothing returns it yet."""
    reason, started = _reason(case, credited_at)
    if started is None:
        return None
    return Return(reason, CLOCKS[case.regime][reason], max(started, credited_at))


def _reason(case: Situation, credited_at: datetime) -> tuple[str, datetime | None]:
    if credited_at >= case.deadline:
        return LATE, credited_at
    if case.withdrawn_at is not None:
        return WITHDRAWN, case.withdrawn_at
    if not case.bids:
        return NO_BID, case.deadline
    if case.fault not in ("", "bidder"):
        return DEEMED, case.outcome_at
    if case.returned_by is not None:
        return DECIDED, case.returned_by
    if case.ended_at is not None:
        return ENDED, case.ended_at
    if case.won:
        return WINNER, case.contract_at
    return LOSER, case.awarded_at if case.regime == "procurement" else case.contract_at


def grounds(case: Situation) -> tuple[str, ...]:
    """The listed cases in which this security may be kept now; empty: it may not."""
    signed = case.contract_at is not None and case.won
    if case.kept or case.withdrawn_at is not None or not case.bids or signed:
        return ()
    if case.fault == "bidder":
        return (REVOKED,)
    return AFTER_AWARD if case.won or case.gave_up else ()


def to_decide(case: Situation) -> bool:
    """Whether the tenderer has to decide before anything goes back: the case for keeping it is there
    already, not merely possible."""
    return case.returned_by is None and bool(grounds(case)) and (case.fault == "bidder" or case.gave_up)
