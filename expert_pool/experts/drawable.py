"""Who of the pool can be drawn today (可抽取): pure, each reason with a code of its own.

Recusal, which depends on a tender's parties, is not judged here (expert_pool/selection/recusal.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from expert_pool.experts.person import PoolExpert

MONTH = timedelta(days=30)
YEAR = timedelta(days=365)


@dataclass(frozen=True)
class Limits:
    """The pool's parameters. `sessions_a_month`, `sessions_a_year`: so many in any 30 or 365 days;
    `cool_down_days`: as long after a session nobody sits for the same tenderer again; `safe_per_seat`: a
    speciality with fewer drawable people per seat than that is too small to be drawn at random;
    `typical_seats`: as many experts a panel usually wants of one speciality;
    `advisory_quorum`: of 100 convened advisers so many must vote."""

    sessions_a_month: int = 6
    sessions_a_year: int = 48
    cool_down_days: int = 60
    safe_per_seat: int = 5
    typical_seats: int = 2
    advisory_quorum: int = 67

    @property
    def safe_minimum(self) -> int:
        return self.safe_per_seat * self.typical_seats


REASONS = ("inactive", "training", "no-certificate", "workload", "cool-down")


def why_not(person: PoolExpert, day: date, limits: Limits, tenderer: str = "") -> str:
    """Why the person cannot be drawn on that Beijing day for the organisation `tenderer` (USCC, "" for any):
    one of REASONS, or ""."""
    if person.status != "active":
        return "inactive"
    if person.trained_until is None or person.trained_until < day:
        return "training"
    if not person.certificate:
        return "no-certificate"
    if (
        count_since(person, day - MONTH) >= limits.sessions_a_month
        or count_since(person, day - YEAR) >= limits.sessions_a_year
    ):
        return "workload"
    rested = day - timedelta(days=limits.cool_down_days)
    if tenderer and any(whose == tenderer and when > rested for whose, when in person.tenderers):
        return "cool-down"
    return ""


def count_since(person: PoolExpert, start: date) -> int:
    """How many sessions after that day."""
    return sum(session > start for session in person.sessions)
