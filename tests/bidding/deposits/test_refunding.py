"""Interest and charge to the fen: the worked examples of the law's commentaries, and properties."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bidding.deposits.refunding import Terms, amounts, for_days

TERMS = Terms(Decimal("0.0035"), Decimal("0.0435"), Decimal("1.2"), 360)
WORKS = replace(TERMS, loan_rate=None)
HUNDRED_THOUSAND, CREDITED = Decimal("100000.00"), date(2026, 3, 2)
money = st.decimals(min_value="0.01", max_value="99999999.99", places=2)
days = st.integers(0, 3000)


def on(day: int) -> date:
    return CREDITED + timedelta(days=day)


def test_45_days_bear_43_yuan_75() -> None:
    found = amounts(HUNDRED_THOUSAND, CREDITED, on(45), on(60), TERMS)
    assert (found.interest, found.days, found.charge) == (Decimal("43.75"), 45, 0)
    assert found.total == Decimal("100043.75")


def test_ten_days_late_cost_145_yuan() -> None:
    found = amounts(HUNDRED_THOUSAND, CREDITED, on(55), on(45), TERMS)
    assert (found.charge, found.late_days) == (Decimal("145.00"), 10)
    assert (found.interest, found.days) == (Decimal("43.75"), 45)


def test_the_bidding_law_has_no_charge_but_goes_on_with_the_interest() -> None:
    found = amounts(HUNDRED_THOUSAND, CREDITED, on(55), on(45), WORKS)
    assert (found.charge, found.late_days, found.days) == (0, 0, 55)


def test_the_last_day_is_not_late() -> None:
    assert amounts(HUNDRED_THOUSAND, CREDITED, on(45), on(45), TERMS).charge == 0


def test_half_a_fen_goes_up() -> None:
    assert for_days(Decimal("0.01"), Fraction(1, 2), 360, 360) == Decimal("0.01")
    assert for_days(Decimal("0.01"), Fraction(49, 100), 360, 360) == Decimal("0.00")


def test_a_refund_before_the_credit_is_no_refund() -> None:
    with pytest.raises(ValueError, match="backwards"):
        amounts(HUNDRED_THOUSAND, CREDITED, on(-1), None, TERMS)


@given(money, days, days)
def test_rounding_moves_no_amount_by_more_than_half_a_fen(
    principal: Decimal, held: int, allowed: int
) -> None:
    found = amounts(principal, CREDITED, on(held), on(allowed), TERMS)
    exact = Fraction(principal) * Fraction("0.0035") * found.days / 360
    assert abs(Fraction(found.interest) - exact) <= Fraction(1, 200)
    charge = Fraction(principal) * Fraction("0.0522") * found.late_days / 360
    assert abs(Fraction(found.charge) - charge) <= Fraction(1, 200)


@given(money, days, days)
def test_every_day_bears_exactly_one_of_interest_and_charge(
    principal: Decimal, held: int, allowed: int
) -> None:
    found = amounts(principal, CREDITED, on(held), on(allowed), TERMS)
    assert found.days + found.late_days == held
    assert found.late_days == max(held - allowed, 0)


@given(money, days, days)
def test_waiting_longer_never_pays_less(principal: Decimal, held: int, allowed: int) -> None:
    today = amounts(principal, CREDITED, on(held), on(allowed), TERMS).total
    assert amounts(principal, CREDITED, on(held + 1), on(allowed), TERMS).total >= today >= principal
