"""What an expert is paid for an evaluation (专家评审费): exact, from sign-in to the delivery of the report.

Pure. The rates are parameters of the rulebook (each city's own; Caiku 2016-198 art. 23–26): half a day, a full day,
overtime by the begun hour, and travel for somebody from another city. Nobody but experts is paid.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

HOUR = timedelta(hours=1)
HALF_DAY, FULL_DAY, OVERTIME, TRAVEL = "half-day", "full-day", "overtime", "travel"
NOBODYS = "not-paid"


@dataclass(frozen=True)
class Rates:
    """Amounts in yuan. `half_hours`: a session up to so many hours is half a day, one up to `full_hours` a full
    day; each hour begun after that is overtime."""

    half_hours: int
    full_hours: int
    half_day: Decimal
    full_day: Decimal
    overtime: Decimal
    travel: Decimal


@dataclass(frozen=True)
class Line:
    """One line of a statement: what for, how many, at what rate, amount (yuan)."""

    code: str
    count: int
    rate: Decimal
    amount: Decimal


@dataclass(frozen=True)
class Fee:
    """A statement's figures. `lasted` is the time that is paid for."""

    lasted: timedelta
    lines: tuple[Line, ...]

    @property
    def total(self) -> Decimal:
        return sum((line.amount for line in self.lines), Decimal("0.00"))


def fee(kind: str, signed_in: datetime, delivered: datetime, rates: Rates, away: bool = False) -> Fee:
    """What a member of that kind (expert, purchaser) is owed; `away`: an expert from another city. Raises
    ValueError when the delivery is before the sign-in."""
    lasted = delivered - signed_in
    if lasted < timedelta(0):
        raise ValueError("nobody signs in after the report is delivered")
    if kind != "expert":
        return Fee(lasted, ())
    lines = [_line(HALF_DAY if lasted <= rates.half_hours * HOUR else FULL_DAY, 1, rates)]
    # -(-a // b) rounds up: an hour that has begun counts.
    over = -(-(lasted - rates.full_hours * HOUR) // HOUR)
    if over > 0:
        lines.append(_line(OVERTIME, over, rates))
    if away:
        lines.append(_line(TRAVEL, 1, rates))
    return Fee(lasted, tuple(lines))


def _line(code: str, count: int, rates: Rates) -> Line:
    rate: Decimal = getattr(rates, code.replace("-", "_"))
    return Line(code, count, rate, count * rate)


def rates_of(book: Any, day: date) -> Rates:
    """The rates of a rulebook (trading.rulebook.book.Rulebook) on that day. Raises RuleNotFound."""

    def yuan(name: str) -> Decimal:
        amount: Decimal = book.rule(f"X20.{name}", day).decimal
        return amount.quantize(Decimal("0.01"))

    return Rates(
        book.rule("X20.half_hours", day).integer,
        book.rule("X20.full_hours", day).integer,
        yuan("half_day"),
        yuan("full_day"),
        yuan("overtime"),
        yuan("travel"),
    )
