"""Days as the law counts them; the worked calendars of the domain notes."""

from datetime import UTC, date, datetime, time, timedelta

import chinese_calendar
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trading.rulebook.calendar import (
    Calendar,
    add_days,
    at_beijing,
    beijing_date,
    end_of,
    last_day,
    lasts_at_least,
    roll_forward,
    subtract_days,
)

CALENDAR = Calendar.load()
DAYS = st.dates(date(2025, 1, 1), date(2026, 11, 30))
KINDS = st.sampled_from(["day", "working_day"])


@pytest.mark.parametrize("year", [2025, 2026])
def test_published_years_agree_with_the_chinesecalendar_package(year: int) -> None:
    days = [date(year, 1, 1) + timedelta(days=i) for i in range(365)]
    wrong = [day for day in days if CALENDAR.is_working(day) != chinese_calendar.is_workday(day)]
    assert wrong == []


def test_a_year_without_a_published_arrangement_is_provisional() -> None:
    assert not CALENDAR.provisional(date(2026, 1, 1), date(2026, 12, 31))
    assert CALENDAR.provisional(date(2026, 12, 20), date(2027, 1, 5))
    assert CALENDAR.provisional(date(2029, 1, 1))
    assert not CALENDAR.is_working(date(2027, 2, 8))
    assert CALENDAR.is_working(date(2029, 1, 1))


def test_holidays_have_names_in_both_languages() -> None:
    assert CALENDAR.name_of(date(2026, 6, 19)) == ("端午节", "Dragon Boat Festival")
    assert CALENDAR.name_of(date(2026, 6, 22)) is None


def test_twenty_days_from_the_second_of_march_end_on_a_sunday_and_roll_to_the_23rd() -> None:
    lawful = add_days("day", 20, date(2026, 3, 2), CALENDAR)
    assert lawful == date(2026, 3, 22)
    assert roll_forward(lawful, CALENDAR) == date(2026, 3, 23)


def test_documents_are_on_sale_through_the_fifth_day() -> None:
    start = date(2026, 3, 2)
    assert lasts_at_least("day", 5, start, date(2026, 3, 7), CALENDAR)
    assert not lasts_at_least("day", 5, start, date(2026, 3, 6), CALENDAR)


def test_objections_end_ten_days_before_the_deadline() -> None:
    assert subtract_days("day", 10, date(2026, 3, 23), CALENDAR) == date(2026, 3, 13)


def test_an_amendment_on_the_twelfth_moves_the_deadline_to_the_27th() -> None:
    assert add_days("day", 15, date(2026, 3, 12), CALENDAR) == date(2026, 3, 27)


def test_publicity_starts_by_the_28th_and_the_contract_is_due_on_a_holiday() -> None:
    assert last_day("day", 3, date(2026, 3, 25), CALENDAR, roll=False) == date(2026, 3, 28)
    assert last_day("day", 30, date(2026, 4, 2), CALENDAR, roll=False) == date(2026, 5, 2)
    assert last_day("day", 30, date(2026, 4, 2), CALENDAR, roll=True) == date(2026, 5, 6)
    assert last_day("day", 5, date(2026, 4, 20), CALENDAR, roll=False) == date(2026, 4, 25)


def test_the_query_calendar_of_government_procurement() -> None:
    query = add_days("working_day", 7, date(2026, 5, 11), CALENDAR)
    assert query == date(2026, 5, 20)
    answer = add_days("working_day", 7, query, CALENDAR)
    assert answer == date(2026, 5, 29)
    assert add_days("working_day", 15, answer, CALENDAR) == date(2026, 6, 22)


def test_without_the_holiday_table_the_complaint_would_end_on_the_dragon_boat_festival() -> None:
    assert add_days("working_day", 15, date(2026, 5, 29), Calendar({}, "")) == date(2026, 6, 19)


def test_a_make_up_saturday_is_a_working_day() -> None:
    assert add_days("working_day", 1, date(2026, 5, 8), CALENDAR) == date(2026, 5, 9)


def test_a_date_is_the_date_in_beijing() -> None:
    assert beijing_date(datetime(2026, 3, 1, 16, 0, tzinfo=UTC)) == date(2026, 3, 2)
    assert beijing_date(datetime(2026, 3, 1, 15, 59, 59, tzinfo=UTC)) == date(2026, 3, 1)
    assert end_of(date(2026, 3, 1)) == datetime(2026, 3, 1, 16, 0, tzinfo=UTC)
    assert at_beijing(date(2026, 3, 23), time(9, 30)) == datetime(2026, 3, 23, 1, 30, tzinfo=UTC)
    with pytest.raises(ValueError, match="time zone"):
        beijing_date(datetime(2026, 3, 1))  # noqa: DTZ001


def test_a_negative_period_is_refused() -> None:
    with pytest.raises(ValueError, match="negative"):
        add_days("day", -1, date(2026, 3, 1), CALENDAR)
    with pytest.raises(ValueError, match="negative"):
        subtract_days("day", -1, date(2026, 3, 1), CALENDAR)


@given(DAYS, st.integers(1, 40))
def test_between_a_start_and_its_nth_working_day_lie_exactly_n_working_days(start: date, n: int) -> None:
    end = add_days("working_day", n, start, CALENDAR)
    between = [start + timedelta(days=i) for i in range(1, (end - start).days + 1)]
    assert sum(CALENDAR.is_working(day) for day in between) == n
    assert CALENDAR.is_working(end)


@given(KINDS, DAYS, st.integers(1, 40))
def test_the_nth_day_is_the_first_that_lasts_long_enough(kind: str, start: date, n: int) -> None:
    end = add_days(kind, n, start, CALENDAR)
    assert lasts_at_least(kind, n, start, end, CALENDAR)
    assert not lasts_at_least(kind, n, start, end - timedelta(days=1), CALENDAR)


@given(KINDS, DAYS, st.integers(1, 40))
def test_what_is_done_on_the_last_day_before_leaves_n_days(kind: str, end: date, n: int) -> None:
    latest = subtract_days(kind, n, end, CALENDAR)
    assert add_days(kind, n, latest, CALENDAR) <= end
    assert add_days(kind, n, latest + timedelta(days=1), CALENDAR) > end


def test_a_table_that_contradicts_itself_is_refused(tmp_path) -> None:
    head = 'year = 2026\nstatus = "published"\nsource = "x"\n[[holiday]]\nzh = "甲"\nen = "A"\n'
    (tmp_path / "2026.toml").write_text(head + "from = 2026-01-01\nto = 2026-01-03\nworking = [2026-01-05]\n")
    with pytest.raises(ValueError, match="make-up"):
        Calendar.load(tmp_path)
    (tmp_path / "2026.toml").write_text(head + "from = 2025-12-31\nto = 2026-01-03\nworking = []\n")
    with pytest.raises(ValueError, match="another year"):
        Calendar.load(tmp_path)


def test_the_hash_names_the_tables() -> None:
    assert len(CALENDAR.sha256) == 64
    assert Calendar.load().sha256 == CALENDAR.sha256
