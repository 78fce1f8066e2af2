"""Experts' fees: exact money from two instants."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from expert_pool.conduct.fees import Rates, fee, rates_of
from trading.rulebook.book import Rulebook

RATES = Rates(4, 8, Decimal("400.00"), Decimal("800.00"), Decimal("100.00"), Decimal("200.00"))
START = datetime(2026, 3, 23, 2, 0, tzinfo=UTC)


def owed(hours: float, kind: str = "expert", away: bool = False) -> Decimal:
    return fee(kind, START, START + timedelta(hours=hours), RATES, away).total


@pytest.mark.parametrize(
    ("hours", "yuan"),
    [
        (0, "400.00"),
        (4, "400.00"),
        (4.001, "800.00"),
        (8, "800.00"),
        (8.001, "900.00"),
        (9, "900.00"),
        (9.5, "1000.00"),
    ],
)
def test_half_a_day_a_full_day_and_each_begun_hour_after_it(hours: float, yuan: str) -> None:
    assert owed(hours) == Decimal(yuan)


def test_an_expert_from_another_city_gets_travel_besides() -> None:
    assert owed(3, away=True) == Decimal("600.00")


def test_a_purchasers_representative_is_paid_nothing() -> None:
    assert owed(9, kind="purchaser", away=True) == Decimal("0.00")


def test_the_lines_of_a_statement_add_up_to_its_total() -> None:
    found = fee("expert", START, START + timedelta(hours=11), RATES, True)
    assert [(line.code, line.count) for line in found.lines] == [
        ("full-day", 1),
        ("overtime", 3),
        ("travel", 1),
    ]
    assert sum(line.amount for line in found.lines) == found.total == Decimal("1300.00")


def test_a_report_delivered_before_the_sign_in_is_no_session() -> None:
    with pytest.raises(ValueError):
        owed(-1)


def test_the_rates_are_the_rulebooks() -> None:
    assert rates_of(Rulebook.load(), date(2026, 11, 22)) == RATES
