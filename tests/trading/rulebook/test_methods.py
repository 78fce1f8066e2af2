"""Consultation, negotiation and inquiry: their dates, counts and price weights, by worked examples."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, time, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest

from bidding.evaluation.scoring87 import price_points
from tests.trading.rulebook.test_gates import BOOK, CALENDAR, PLAN
from trading.rulebook.calendar import at_beijing
from trading.rulebook.gates import check_amendment, check_tender, earliest_dates
from trading.rulebook.methods import METHODS, group_of, has_final_offers, least_offers

DAY = date(2026, 3, 2)  # a Monday
APPROVED = {"approvals": {"P2": "2026-7"}, "notice_until": None}
COMPARED = {"consultation": "scoring"}


def rules(method: str, deadline: date, **changes: object) -> list[tuple[str, str]]:
    at = at_beijing(deadline, time(9, 30))
    given = APPROVED | {"evaluation": COMPARED.get(method, "lowest_price")} | changes
    plan = replace(PLAN, method=method, deadline=at, opening_at=at, **given)  # type: ignore[arg-type]
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
    small: dict[str, object] = {"budget": Decimal("1999999.99"), "ceiling": None, "bid_security": Decimal(0)}
    assert rules("negotiation", date(2026, 3, 5), committee=3, experts=2, **small) == []
    assert rules("negotiation", date(2026, 3, 5), committee=4, experts=3, **small) == [
        ("P21.group", "refuse")
    ]
    assert rules("consultation", date(2026, 3, 12), committee=3, experts=1) == [("P8.experts", "refuse")]
    at_tender = {"committee": 3, "experts": 2, "notice_until": date(2026, 3, 9)}
    assert rules("open", date(2026, 3, 23), **at_tender) == [("P8", "refuse")]


@pytest.mark.parametrize(
    ("method", "large"), [("negotiation", True), ("inquiry", True), ("consultation", False)]
)
def test_from_the_open_tender_limit_on_a_negotiation_needs_five(method: str, large: bool) -> None:
    day = date(2026, 3, 12) if method == "consultation" else date(2026, 3, 5)
    given = {"committee": 3, "experts": 2, "ceiling": None, "bid_security": Decimal(0)}
    assert rules(method, day, budget=Decimal("1999999.99"), **given) == []
    found = [("P21.group_large", "warn")] if large else []
    assert rules(method, day, budget=Decimal(2_000_000), **given) == found
    assert group_of(method, "goods", BOOK, DAY).least(Decimal(2_000_000)).integer == (5 if large else 3)
    assert group_of("open", "goods", BOOK, DAY).least(Decimal(10_000_000)).integer == 7


def test_each_method_compares_offers_in_its_own_way() -> None:
    day = date(2026, 3, 23)
    assert rules("negotiation", day, evaluation="scoring") == [("P21.negotiation.award", "refuse")]
    assert rules("inquiry", day, evaluation="scoring") == [("P21.inquiry.award", "refuse")]
    assert rules("consultation", day, evaluation="lowest_price") == [("P21.consultation.award", "warn")]
    assert rules("consultation", day, evaluation="scoring", standardised=True) == []
    assert [method for method in METHODS if has_final_offers(method)] == ["consultation", "negotiation"]


@pytest.mark.parametrize(
    ("published", "method", "deadline"),
    [
        # 2026-09-30 is the last working day before the holidays of October 1–7; the 10th is a Saturday worked
        (date(2026, 9, 30), "negotiation", date(2026, 10, 10)),  # 8, 9, 10 October
        (date(2026, 9, 30), "inquiry", date(2026, 10, 10)),
        (date(2026, 9, 30), "consultation", date(2026, 10, 10)),  # the tenth day
        (date(2026, 9, 22), "consultation", date(2026, 10, 8)),  # the tenth is 2 October: a holiday
        (date(2026, 2, 13), "inquiry", date(2026, 2, 25)),  # Saturday 14 is worked, 15–23 off, 24, 25
        (date(2026, 11, 23), "inquiry", date(2026, 11, 26)),
        (date(2026, 11, 23), "consultation", date(2026, 12, 3)),
    ],
)
def test_holidays_move_the_earliest_response(published: date, method: str, deadline: date) -> None:
    at = at_beijing(published, time(10, 0))
    assert earliest_dates(at, BOOK, CALENDAR, method=method).deadline == deadline
    given = {"publish_at": at, "documents_until": deadline}
    assert f"P21.{method}.response" not in [name for name, _severity in rules(method, deadline, **given)]


@pytest.mark.parametrize(
    ("method", "announced", "lawful"),
    [
        ("open", date(2026, 3, 12), date(2026, 3, 27)),
        ("consultation", date(2026, 3, 12), date(2026, 3, 17)),
        ("negotiation", date(2026, 3, 12), date(2026, 3, 17)),  # Friday, Monday, Tuesday
        ("inquiry", date(2026, 9, 30), date(2026, 10, 10)),
    ],
)
def test_a_change_leaves_the_time_of_its_method(method: str, announced: date, lawful: date) -> None:
    at = at_beijing(announced, time(10, 0))

    def found(day: date) -> list[object]:
        deadline = at_beijing(day, time(9, 30))
        checked = check_amendment(at, deadline, BOOK, CALENDAR, method=method)
        return [each.next_lawful for each in checked]

    assert found(lawful) == []
    assert found(lawful - timedelta(days=1)) == [lawful]


def test_how_many_must_make_a_final_offer() -> None:
    def least(method: str, subject: str, ground: str = "") -> int:
        return least_offers(method, BOOK, DAY, ground, subject).integer

    assert [least(method, "services") for method in METHODS] == [3] * len(METHODS), "not every service is one"
    assert least("consultation", "services", "public-service") == 2
    assert least("consultation", "goods", "public-service") == 3
    assert [least("consultation", subject, "research") for subject in ("goods", "services")] == [2, 2]
    assert least("negotiation", "goods", "failed-tender") == 2
    assert [least(method, "services", "failed-tender") for method in ("consultation", "inquiry", "open")] == [
        3,
        3,
        3,
    ]
    assert [least("negotiation", "services", ground) for ground in ("public-service", "research")] == [3, 3]


def test_the_price_points_of_a_consultation() -> None:
    points = price_points({"lowest": Fraction(96), "this": Fraction(100)}, Fraction(30, 100))
    assert points == {"lowest": 30, "this": Fraction("28.80")}
