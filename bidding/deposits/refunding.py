"""What goes back with a bid security (退还本息): principal, bank interest, charge for returning late. Pure.

Interest runs from the day of the credit to the day of the refund, the first counted and the last not
(TBR 57). Where the law has a charge for lateness (M87 38), interest runs to the last day that was in time
and the charge from then on: no day bears both. Every amount is exact until it is rounded once, half up,
to the fen. 100,000 yuan for 45 days at 0.35 % are 43.75; ten days late at 4.35 % × 1.2 are 145.00.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

HALF = Fraction(1, 2)


@dataclass(frozen=True)
class Terms:
    """Yearly rates as fractions of one (0.0035 is 0.35 %), the factor on the loan rate, and the days that
    a bank's year has (360). `loan_rate` None: no charge for lateness."""

    deposit_rate: Decimal
    loan_rate: Decimal | None
    factor: Decimal
    year: int


@dataclass(frozen=True)
class Amounts:
    """What is paid, in yuan; `days` bore interest, `late_days` the charge."""

    principal: Decimal
    interest: Decimal
    days: int
    charge: Decimal
    late_days: int

    @property
    def total(self) -> Decimal:
        return self.principal + self.interest + self.charge


def for_days(principal: Decimal, rate: Fraction, days: int, year: int) -> Decimal:
    """Simple interest of `days` days, rounded once. Raises ValueError for a negative number of days."""
    if days < 0:
        raise ValueError("interest cannot run backwards")
    return round_fen(Fraction(principal) * rate * days / year)


def round_fen(exact: Fraction) -> Decimal:
    """To the fen, half up (四舍五入); for amounts that are not negative."""
    fen = (exact * 100 + HALF).__floor__()
    return Decimal(fen).scaleb(-2)


def amounts(
    principal: Decimal, credited: date, refunded: date, last_day: date | None, terms: Terms
) -> Amounts:
    """What a refund on `refunded` pays; `last_day` is the last that was in time, None where no clock runs.

    Raises ValueError when the refund comes before the credit."""
    late = 0
    if terms.loan_rate is not None and last_day is not None:
        late = max((refunded - max(last_day, credited)).days, 0)
    days = (refunded - credited).days - late
    interest = for_days(principal, Fraction(terms.deposit_rate), days, terms.year)
    rate = Fraction(terms.loan_rate or 0) * Fraction(terms.factor)
    return Amounts(principal, interest, days, for_days(principal, rate, late, terms.year), late)
