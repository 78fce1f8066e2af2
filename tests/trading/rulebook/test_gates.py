"""The gates of a tender's plan: both sides of each boundary, articles, overrides."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import pytest
from babel.messages.pofile import read_po
from hypothesis import given
from hypothesis import strategies as st

from trading.rulebook.book import Rulebook
from trading.rulebook.calendar import Calendar, at_beijing
from trading.rulebook.gates import check_amendment, check_tender, earliest_dates
from trading.rulebook.plan import TenderPlan

BOOK = Rulebook.load()
CALENDAR = Calendar.load()
NINE_THIRTY = at_beijing(date(2026, 3, 23), time(9, 30))

PLAN = TenderPlan(
    subject="goods", method="open", evaluation="lowest_price", standardised=True,
    budget=Decimal("2400000.00"), ceiling=Decimal("2350000.00"),
    publish_at=at_beijing(date(2026, 3, 2), time(10)), notice_until=date(2026, 3, 9),
    documents_until=date(2026, 3, 9), deadline=NINE_THIRTY, opening_at=NINE_THIRTY, bid_validity_days=90,
    bid_security=Decimal("48000.00"), bid_security_forms=("transfer", "guarantee"),
    performance_security=Decimal("0.10"), micro_deduction=Decimal("0.10"), domestic_deduction=Decimal("0.20"),
    low_lines={"mean": Decimal("0.50"), "second": Decimal("0.65"), "ceiling": Decimal("0.45")},
    explanation_minutes=30, decryption_minutes=30, committee=5, experts=4,
    texts={"qualification": "具有履行合同所需的设备和专业技术能力。", "technical": "内存不少于 16 GB"},
)  # fmt: skip


def findings(**changes: object):
    return check_tender(replace(PLAN, **changes), BOOK, CALENDAR)


def rules(**changes: object) -> list[tuple[str, str]]:
    return [(finding.rule, finding.severity) for finding in findings(**changes)]


def moved(day: date, clock: time = time(9, 30)) -> dict[str, object]:
    return {"deadline": at_beijing(day, clock), "opening_at": at_beijing(day, clock)}


def test_a_lawful_plan_with_every_value_on_its_boundary_has_no_finding() -> None:
    assert findings() == []


def test_the_notice_runs_five_working_days() -> None:
    (finding,) = findings(notice_until=date(2026, 3, 8))
    assert (finding.rule, finding.severity, finding.next_lawful) == ("P4.notice", "refuse", date(2026, 3, 9))
    assert rules(notice_until=None) == [("P4.notice", "refuse")]


def test_documents_are_available_five_working_days() -> None:
    (finding,) = findings(documents_until=date(2026, 3, 8))
    assert finding.article == "MOF Order 87 art. 18"
    assert (finding.rule, finding.field, finding.next_lawful) == (
        "P4.documents",
        "documents_until",
        date(2026, 3, 9),
    )


def test_bidders_have_twenty_days_not_counting_the_first() -> None:
    day_twenty = moved(date(2026, 3, 22))
    assert rules(**day_twenty) == [("PRACTICE.office_hours", "warn")]
    (finding,) = findings(**moved(date(2026, 3, 20)))
    assert (finding.rule, finding.severity, finding.field) == ("P4.bid_time", "refuse", "deadline")
    assert finding.article_zh == "政府采购法 第35条"
    assert finding.next_lawful == date(2026, 3, 23)
    assert "2026-03-23" in finding.message.interpolate()


def test_the_days_are_counted_in_beijing_and_from_the_issue_of_the_documents() -> None:
    # 16:00 UTC on 2 March is already the 3rd in Beijing.
    late = {"publish_at": datetime(2026, 3, 2, 16, 0, tzinfo=UTC), "notice_until": date(2026, 3, 10),
            "documents_until": date(2026, 3, 10)}  # fmt: skip
    assert rules(**late) == []
    assert ("P4.bid_time", "refuse") in rules(**late, **moved(date(2026, 3, 22)))
    assert rules(documents_from=date(2026, 3, 4), documents_until=date(2026, 3, 11)) == [
        ("P4.bid_time", "refuse")
    ]
    assert rules(documents_from=date(2026, 2, 1)) == []


def test_holidays_are_not_working_days_for_the_notice() -> None:
    plan = {"publish_at": at_beijing(date(2026, 4, 30), time(10)), "documents_until": date(2026, 5, 11),
            **moved(date(2026, 5, 25))}  # fmt: skip
    # 6, 7, 8, 9 (a make-up Saturday) and 11 May.
    assert rules(**plan, notice_until=date(2026, 5, 11)) == []
    assert rules(**plan, notice_until=date(2026, 5, 10)) == [("P4.notice", "refuse")]


def test_the_opening_is_at_the_deadline() -> None:
    assert rules(opening_at=NINE_THIRTY + timedelta(minutes=1)) == [("P7.opening", "refuse")]


@pytest.mark.parametrize(
    ("clock", "warned"),
    [(time(8, 59), True), (time(9, 0), False), (time(12, 0), False), (time(12, 1), True), (time(17, 0), False),
     (time(17, 1), True)],
)  # fmt: skip
def test_a_deadline_outside_office_hours_warns(clock: time, warned: bool) -> None:
    assert rules(**moved(date(2026, 3, 23), clock)) == [("PRACTICE.office_hours", "warn")] * warned


def test_an_unpublished_calendar_warns() -> None:
    day = date(2027, 3, 1)
    found = findings(publish_at=at_beijing(day, time(10)), notice_until=date(2027, 3, 9),
                     documents_until=date(2027, 3, 9), **moved(date(2027, 3, 23)))  # fmt: skip
    assert [(finding.rule, finding.severity) for finding in found] == [("PRACTICE.office_hours", "warn")]
    assert "not published" in found[0].message


def test_bid_security_is_at_most_two_percent_of_the_budget() -> None:
    (finding,) = findings(bid_security=Decimal("48000.01"))
    assert (finding.rule, finding.severity, finding.next_lawful) == ("P6", "refuse", Decimal("48000.00"))
    (finding,) = findings(budget=Decimal("2400000.99"), bid_security=Decimal("48000.02"))
    assert finding.next_lawful == Decimal("48000.01")


def test_money_rules_of_the_plan() -> None:
    assert rules(bid_security_forms=("cash",)) == [("P6.forms", "refuse")]
    assert rules(ceiling=Decimal("2400000.00")) == []
    assert rules(ceiling=Decimal("2400000.01")) == [("P7.ceiling", "refuse")]
    assert rules(minimum_price=Decimal("1.00")) == [("P7.minimum", "refuse")]
    assert rules(performance_security=Decimal("0.101")) == [("P17.performance_security", "warn")]


def test_the_other_law_has_its_own_numbers() -> None:
    plan = {"regime": "bidding_law", "notice_until": None, "documents_until": date(2026, 3, 7)}
    assert rules(**plan) == []
    assert rules(**{**plan, "documents_until": date(2026, 3, 6)}) == [("T1", "refuse")]
    assert rules(**plan, **moved(date(2026, 3, 20))) == [("T3", "refuse")]
    assert rules(**plan, bid_security=Decimal("48000.01")) == [("T6", "refuse")]
    assert rules(**plan, minimum_price=Decimal("1")) == [("T20", "refuse")]
    big = {"budget": Decimal("100000000"), "bid_security": Decimal("800000.01")}
    assert rules(**plan, **big) == [("T6b", "warn")]


def test_short_times_warn() -> None:
    assert rules(bid_validity_days=60) == []
    assert rules(bid_validity_days=59) == [("PRACTICE.bid_validity", "warn")]
    assert rules(explanation_minutes=29) == [("LOW.minutes", "warn")]
    assert rules(decryption_minutes=29) == [("PRACTICE.decryption", "warn")]


def test_another_method_above_the_threshold_needs_approval() -> None:
    invited = {"method": "invited", "invited": 3, "invited_from": 6}
    assert rules(**invited, budget=Decimal("1999999.99"), ceiling=None, bid_security=Decimal(0)) == []
    assert rules(**invited) == [("P2.goods", "warn")]
    assert rules(**invited, approvals={"P2": "doc-1"}) == []
    local = Rulebook.load(tenant="example")
    plan = replace(PLAN, **invited, budget=Decimal("4000000"))
    assert [(f.rule, f.severity) for f in check_tender(plan, local, CALENDAR)] == [("P2.goods", "refuse")]
    assert check_tender(replace(plan, budget=Decimal("3999999.99")), local, CALENDAR) == []
    assert rules(method="lucky_dip", approvals={"P2": "x"}) == [("P1", "refuse")]


def test_an_invited_tender_draws_three_from_twice_as_many() -> None:
    base = {"method": "invited", "approvals": {"P2": "doc-1"}}
    assert rules(**base, invited=2, invited_from=4) == [("P3.suppliers", "refuse")]
    assert rules(**base, invited=3, invited_from=5) == [("P3.pool", "refuse")]
    assert rules(**base, invited=3, invited_from=6) == []


def test_evaluation_rules_of_the_plan() -> None:
    scoring = {"evaluation": "scoring", "price_weight": Decimal("0.30")}
    assert rules(**scoring) == [("P16.lowest_price", "refuse")]
    assert rules(**scoring, standardised=False) == []
    assert rules(evaluation="scoring", standardised=False, price_weight=Decimal("0.299")) == [
        ("P16.price_weight.goods", "refuse")
    ]
    assert rules(micro_deduction=Decimal("0.09")) == [("POLICY.micro", "warn")]
    assert rules(micro_deduction=Decimal("0.20")) == []
    assert rules(micro_deduction=Decimal("0.21")) == [("POLICY.micro", "warn")]
    assert rules(domestic_deduction=Decimal("0.19")) == [("POLICY.domestic", "warn")]


def test_the_lines_for_low_prices_may_be_raised_to_65_percent() -> None:
    assert rules(low_lines={"mean": Decimal("0.65")}) == []
    assert rules(low_lines={"mean": Decimal("0.651")}) == [("LOW.highest_line", "warn")]
    assert rules(low_lines={"ceiling": Decimal("0.449")}) == [("LOW.ceiling", "warn")]
    assert rules(low_lines={"something": Decimal("0.1")}) == []


def test_the_committee_is_odd_and_two_thirds_experts() -> None:
    assert rules(committee=3, experts=2) == [("P8", "refuse")]
    (finding,) = findings(committee=6, experts=4)
    assert (finding.rule, finding.next_lawful) == ("P8", 7)
    assert rules(committee=5, experts=3) == [("P8.experts", "refuse")]
    assert rules(committee=9, experts=6) == []
    large = {"budget": Decimal("10000000.00")}
    assert rules(**large, committee=5) == [("P8.large", "refuse")]
    assert rules(budget=Decimal("9999999.99"), committee=5) == []
    assert rules(complex_or_high_impact=True, committee=5) == [("P8.large", "refuse")]
    assert rules(**large, committee=7, experts=5) == []


def test_barriers_are_refused_or_warned_by_certainty() -> None:
    assert rules(registration_gate=True) == [("G0-5", "refuse")]
    assert rules(award_by_lottery=True) == [("G0-1", "refuse")]
    assert rules(roster_gate=True) == [("G0-4", "warn")]
    assert rules(representative_in_person=True) == [("G0-3", "warn")]


def test_texts_are_linted_for_scale_and_place() -> None:
    assert rules(texts={"qualification": "注册资本不低于 500 万元"}) == [("P14", "refuse")]
    assert rules(texts={"criteria.1.name": "Annual Revenue above ten million"}) == [("P14", "refuse")]
    assert rules(texts={"technical": "利润中心系统接口"}) == []
    assert rules(texts={"technical": "投标人须为本地企业"}) == [("P20.place", "refuse")]
    assert rules(texts={"technical": "投标人须为本地企业"}, regime="bidding_law")[-1] == ("G0-6", "refuse")
    (finding,) = findings(texts={"qualification": "近三年营业收入"})
    assert finding.message.interpolate() == "“营业收入” reads like a condition of scale."


def test_an_override_covers_the_value_it_was_given_for_and_no_other() -> None:
    (finding,) = findings(**moved(date(2026, 3, 20)))
    plan = replace(PLAN, **moved(date(2026, 3, 20)))
    (overridden,) = check_tender(plan, BOOK, CALENDAR, {finding.id})
    assert finding.blocks and overridden.overridden and not overridden.blocks
    (worse,) = check_tender(replace(PLAN, **moved(date(2026, 3, 19))), BOOK, CALENDAR, {finding.id})
    assert worse.blocks


def test_refusals_come_first_and_all_at_once() -> None:
    found = findings(bid_validity_days=1, bid_security=Decimal("99999"), committee=4, experts=4)
    assert [finding.severity for finding in found] == ["refuse", "refuse", "warn"]
    fault = found[0].fault()
    assert (fault.code, fault.field, fault.rule) == ("rule.P6", "bid_security", found[0].article)
    assert fault.remedy == "48000.00"


def test_a_change_leaves_fifteen_days_or_moves_the_deadline() -> None:
    announced = at_beijing(date(2026, 3, 12), time(10))
    (finding,) = check_amendment(announced, NINE_THIRTY, BOOK, CALENDAR)
    assert (finding.rule, finding.next_lawful) == ("P5", date(2026, 3, 27))
    assert check_amendment(announced, at_beijing(date(2026, 3, 27), time(9, 30)), BOOK, CALENDAR) == []
    assert check_amendment(announced, at_beijing(date(2026, 3, 26), time(9, 30)), BOOK, CALENDAR) != []
    (overridden,) = check_amendment(announced, NINE_THIRTY, BOOK, CALENDAR, overridden=[finding.id])
    assert not overridden.blocks
    (works,) = check_amendment(announced, NINE_THIRTY, BOOK, CALENDAR, regime="bidding_law")
    assert works.rule == "T4"


def test_the_earliest_dates_of_the_worked_calendar() -> None:
    dates = earliest_dates(PLAN.publish_at, BOOK, CALENDAR)
    assert dates.notice_until == dates.documents_until == date(2026, 3, 9)
    assert (dates.deadline_day, dates.deadline) == (date(2026, 3, 22), date(2026, 3, 23))
    assert dates.changes_until == date(2026, 3, 8)
    assert not dates.provisional
    assert earliest_dates(PLAN.publish_at, BOOK, CALENDAR, "bidding_law").documents_until == date(2026, 3, 7)


@given(st.integers(0, 270 * 24 * 60))
def test_the_earliest_dates_are_lawful_and_a_day_earlier_is_not(minutes: int) -> None:
    instant = datetime(2026, 2, 2, tzinfo=UTC) + timedelta(minutes=minutes)
    dates = earliest_dates(instant, BOOK, CALENDAR)
    plan = replace(PLAN, publish_at=instant, notice_until=dates.notice_until, documents_until=dates.documents_until,
                   **moved(dates.deadline))  # fmt: skip
    assert [finding for finding in check_tender(plan, BOOK, CALENDAR) if finding.severity == "refuse"] == []
    day = timedelta(days=1)
    early = replace(plan, notice_until=dates.notice_until - day, documents_until=dates.documents_until - day,
                    **moved(dates.deadline_day - day))  # fmt: skip
    refused = {finding.rule for finding in check_tender(early, BOOK, CALENDAR) if finding.blocks}
    assert refused == {"P4.notice", "P4.documents", "P4.bid_time"}


def test_every_message_of_the_gates_has_its_chinese() -> None:
    from config.locale import FOLDER

    catalogue = read_po((FOLDER / "zh_CN" / "parts" / "rulebook.po").open("rb"))
    found = findings(bid_security=Decimal("99999"), committee=4, experts=1, registration_gate=True,
                     award_by_lottery=True, roster_gate=True, notice_until=None, minimum_price=Decimal(1),
                     texts={"qualification": "本地企业，注册资本"}, **moved(date(2026, 3, 7), time(3)))  # fmt: skip
    assert len(found) >= 10
    assert [str(f.message) for f in found if not catalogue.get(str(f.message))] == []
