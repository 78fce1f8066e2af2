"""What an amendment changes, with the worked dates of the law."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from bidding.tenders import amendment_rules as rules
from trading.clock import BEIJING
from trading.rulebook.book import Rulebook
from trading.rulebook.calendar import Calendar

BOOK, CALENDAR = Rulebook.load(), Calendar.load()
DEADLINE = datetime(2026, 3, 23, 9, 30, tzinfo=BEIJING)
FORM: dict[str, Any] = {
    "title": "Computers", "contact": "", "deadline": DEADLINE.isoformat(), "delivery_days": 30,
    "technical": "one\ntwo\nthree", "qualification": "1. one", "item_name": ["desk", "chair"],
    "item_unit": ["piece", "piece"], "item_quantity": ["10", "20"], "core_item": 1,
}  # fmt: skip


def announced(day: int, hour: int = 10) -> datetime:
    return datetime(2026, 3, day, hour, tzinfo=BEIJING)


@pytest.mark.parametrize("regime", ["procurement", "bidding_law"])
def test_an_amendment_eleven_days_before_the_deadline_moves_it_to_the_27th(regime: Any) -> None:
    moved = rules.earliest_deadline(announced(12), DEADLINE, BOOK, CALENDAR, regime)
    assert moved == datetime(2026, 3, 27, 9, 30, tzinfo=BEIJING)


def test_an_amendment_fifteen_days_before_the_deadline_leaves_it_where_it_is() -> None:
    assert rules.earliest_deadline(announced(8, 23), DEADLINE, BOOK, CALENDAR, "procurement") == DEADLINE
    assert rules.earliest_deadline(announced(9, 0), DEADLINE, BOOK, CALENDAR, "procurement") > DEADLINE


def test_a_moved_deadline_never_falls_on_a_day_off() -> None:
    moved = rules.earliest_deadline(announced(13), DEADLINE, BOOK, CALENDAR, "procurement")
    assert moved.date().isoformat() == "2026-03-30", "the 28th is a Saturday"


def test_too_little_time_is_refused_with_article_and_next_lawful_day() -> None:
    changed = FORM | {"delivery_days": 20}
    (found,) = rules.amendment_findings(FORM, changed, announced(12), BOOK, CALENDAR, "procurement")
    assert (found.rule, found.severity, found.field) == ("P5", "refuse", "deadline")
    assert str(found.next_lawful) == "2026-03-27" and found.article.endswith("art. 27")
    later = changed | {"deadline": datetime(2026, 3, 27, 9, 30, tzinfo=BEIJING).isoformat()}
    assert rules.amendment_findings(FORM, later, announced(12), BOOK, CALENDAR, "procurement") == []


def test_what_affects_no_bid_needs_no_time() -> None:
    for changed in (FORM | {"contact": "somebody else"}, FORM | {"deadline": "2026-03-24T09:30:00+08:00"}):
        assert not rules.affects_bids(rules.differences(FORM, changed))
        assert rules.amendment_findings(FORM, changed, announced(22), BOOK, CALENDAR, "procurement") == []


def test_a_field_that_nobody_knows_counts_as_one_that_affects_bids() -> None:
    assert rules.affects_bids(rules.differences(FORM | {"extra": 1}, FORM | {"extra": 2}))


def test_qualifications_and_the_whole_subject_of_a_purchase_cannot_be_changed() -> None:
    early = announced(2)
    changed = FORM | {"qualification": "1. another"}
    (found,) = rules.amendment_findings(FORM, changed, early, BOOK, CALENDAR, "procurement")
    assert (found.rule, found.field, found.blocks) == ("P5", "qualification", True)
    other = FORM | {"item_name": ["car", "bus"]}
    (found,) = rules.amendment_findings(FORM, other, early, BOOK, CALENDAR, "procurement")
    assert (found.rule, found.field, found.blocks) == ("P5", "item_name", True)
    assert rules.amendment_findings(FORM, other, early, BOOK, CALENDAR, "bidding_law") == []


def test_differences_name_each_field_once_and_each_line_of_a_text() -> None:
    changed = FORM | {
        "deadline": "2026-03-27T01:30:00Z", "technical": "one\n2\nthree\nfour", "item_quantity": ["10", "25"],
    }  # fmt: skip
    deadline, items, technical = rules.differences(FORM, changed)
    assert (deadline.field, deadline.old, deadline.new) == (
        "deadline",
        "2026-03-23 09:30",
        "2026-03-27 09:30",
    )
    assert items.field == "items" and ("new", "2. chair 25 piece") in items.lines
    assert technical.lines == (
        ("same", "one"), ("gone", "two"), ("new", "2"), ("same", "three"), ("new", "four"),
    )  # fmt: skip


def test_other_line_ends_and_another_zone_are_no_change() -> None:
    other = FORM | {"technical": "one\r\ntwo\r\nthree", "deadline": "2026-03-23T01:30:00Z"}
    assert rules.differences(FORM, other) == []


def test_a_price_sheet_still_fits_unless_name_unit_or_quantity_of_an_item_changed() -> None:
    assert rules.same_price_sheet(FORM, FORM | {"delivery_days": 1, "core_item": 2})
    assert not rules.same_price_sheet(FORM, FORM | {"item_quantity": ["10", "21"]})
