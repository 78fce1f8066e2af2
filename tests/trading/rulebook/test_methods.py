"""Consultation, negotiation and inquiry: their dates, counts and price weights, by worked examples."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, time
from decimal import Decimal
from fractions import Fraction

import pytest

from bidding.evaluation.scoring87 import price_points
from tests.trading.rulebook.test_gates import BOOK, CALENDAR, PLAN
from trading.rulebook.calendar import at_beijing
from trading.rulebook.gates import check_tender, earliest_dates
from trading.rulebook.methods import least_offers

DAY = date(2026, 3, 2)  # a Monday
APPROVED = {"approvals": {"P2": "2026-7"}, "notice_until": None}


def rules(method: str, deadline: date, **changes: object) -> list[tuple[str, str]]:
    at = at_beijing(deadline, time(9, 30))
    plan = replace(PLAN, method=method, deadline=at, opening_at=at, **(APPROVED | changes))  # type: ignore[arg-type]
    return [(found.rule, found.severity) for found in check_tender(plan, BOOK, CALENDAR)]


@pytest.mark.parametrize(
    ("method", "documents", "deadline"),
    [
        ("open", date(2026, 3, 9), date(2026, 3, 23)),
        ("consultation", date(2026, 3, 9), date(2026, 3, 12)),  # 10 days from the issue
        ("negotiation", date(2026, 3, 5), date(2026, 3, 5)),  # 3 working days
        ("inquiry", date(2026, 3, 5), date(2026, 3, 5)),
    ],
)
def test_each_method_has_its_earliest_dates(method: str, documents: date, deadline: date) -> None:
    dates = earliest_dates(PLAN.publish_at, BOOK, CALENDAR, method=method)
    assert (dates.documents_until, dates.deadline) == (documents, deadline)


def test_a_response_a_day_too_early_is_warned_of_where_a_secondary_source_says_so() -> None:
    assert rules("consultation", date(2026, 3, 12)) == []
    assert rules("consultation", date(2026, 3, 11)) == [("P21.consultation.response", "warn")]
    assert rules("negotiation", date(2026, 3, 5)) == []
    assert rules("negotiation", date(2026, 3, 4)) == [("P21.negotiation.response", "warn")]
    assert rules("inquiry", date(2026, 3, 4)) == [("P21.inquiry.response", "warn")]


def test_consultation_documents_are_available_five_working_days() -> None:
    early = {"documents_until": date(2026, 3, 6)}
    assert rules("consultation", date(2026, 3, 12), **early) == [("P21.consultation.documents", "warn")]
    assert rules("negotiation", date(2026, 3, 12), **early) == []


@pytest.mark.parametrize(
    ("subject", "weight", "found"),
    [
        ("goods", "0.30", []), ("goods", "0.60", []), ("services", "0.10", []), ("services", "0.30", []),
        ("goods", "0.2999", ["P21.consultation.price_weight.goods"]),
        ("goods", "0.6001", ["P21.consultation.price_weight.goods"]),
        ("services", "0.0999", ["P21.consultation.price_weight.services"]),
        ("services", "0.3001", ["P21.consultation.price_weight.services"]),
    ],
)  # fmt: skip
def test_the_price_weight_of_a_consultation_lies_between_two_bounds(
    subject: str, weight: str, found: list[str]
) -> None:
    changes = {"subject": subject, "evaluation": "scoring", "price_weight": Decimal(weight)}
    assert [rule for rule, _severity in rules("consultation", date(2026, 3, 12), **changes)] == found


def test_a_group_of_three_is_enough_and_an_even_one_never() -> None:
    assert rules("negotiation", date(2026, 3, 5), committee=3, experts=2) == []
    assert rules("negotiation", date(2026, 3, 5), committee=4, experts=3) == [("P21.group", "refuse")]
    at_tender = {"committee": 3, "experts": 2, "notice_until": date(2026, 3, 9)}
    assert rules("open", date(2026, 3, 23), **at_tender) == [("P8", "refuse")]


def test_how_many_must_make_a_final_offer() -> None:
    def least(method: str, subject: str, research: bool = False) -> int:
        return least_offers(method, subject, BOOK, DAY, research).integer

    assert [least("consultation", "goods"), least("consultation", "services")] == [3, 2]
    assert least("consultation", "goods", research=True) == 2
    assert [least(method, "services") for method in ("negotiation", "inquiry", "open")] == [3, 3, 3]


def test_the_price_points_of_a_consultation() -> None:
    points = price_points({"lowest": Fraction(96), "this": Fraction(100)}, Fraction(30, 100))
    assert points == {"lowest": 30, "this": Fraction("28.80")}
