"""Both sides of each line: which way an amount goes, why, and by which article."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bidding.lottery.routing import LOTTERIES, Plan, route
from trading.rulebook.book import Rulebook

DAY = date(2026, 11, 23)
BOOK = Rulebook.load()
amounts = st.decimals("0.01", "20000000", places=2)


def rules(plan: Plan) -> list[str]:
    return [reason.rule.id for reason in route(plan, BOOK, DAY).reasons]


def refused(plan: Plan) -> set[str]:
    return {found.rule for found in route(plan, BOOK, DAY).refused}


@pytest.mark.parametrize(
    ("amount", "way", "mandatory", "why"),
    [
        ("3999999.99", "roster", False, ["G0-2.works", "ROSTER.line"]),
        ("4000000.00", "tender", True, ["G0-2.works", "G0-2.funds", "ROSTER.line"]),
        ("4999999.99", "tender", True, ["G0-2.works", "G0-2.funds", "ROSTER.line"]),
        ("5000000.00", "tender", True, ["G0-2.works", "G0-2.funds", "ROSTER.line"]),
    ],
)
def test_the_four_amounts_go_as_the_gates_say(amount: str, way: str, mandatory: bool, why: list[str]) -> None:
    found = route(Plan(Decimal(amount), method="two-step"), BOOK, DAY)
    assert (found.way, found.mandatory, [each.rule.id for each in found.reasons]) == (way, mandatory, why)
    assert bool(found.refused) == mandatory


def test_between_the_lines_the_reason_says_that_the_nation_goes_first() -> None:
    below, above = (route(Plan(Decimal(text)), BOOK, DAY) for text in ("4999999.99", "5000000.00"))
    assert "national limit goes first" in below.reasons[-1].words
    assert "city's own line" in above.reasons[-1].words


def test_a_lottery_on_a_mandatory_project_is_refused_with_every_article() -> None:
    found = route(Plan(Decimal(4_000_000), method="two-step"), BOOK, DAY).refused
    assert {each.rule: each.article_zh for each in found} == {
        "G0-1": "发改法规规〔2022〕1117号 第一(二)条", "G0-1.number": "重庆市招标投标条例 第15条", "G0-2": "招标投标法 第4条",
    }  # fmt: skip
    assert all(each.certainty == "V" for each in found)


def test_the_law_still_refuses_when_the_notice_of_1117_has_run_out() -> None:
    later = date(2027, 9, 1)
    assert BOOK.find("G0-1", later) is None
    found = route(Plan(Decimal(4_000_000), method="one-step"), BOOK, later)
    assert [each.rule for each in found.refused] == ["G0-2"]


@pytest.mark.parametrize(
    ("kind", "limit"), [("works", 4_000_000), ("goods", 2_000_000), ("services", 1_000_000)]
)
def test_each_kind_has_its_limit(kind: str, limit: int) -> None:
    below = Plan(Decimal(limit) - Decimal("0.01"), object=kind)  # type: ignore[arg-type]
    at = Plan(Decimal(limit), object=kind)  # type: ignore[arg-type]
    assert not route(below, BOOK, DAY).mandatory and route(at, BOOK, DAY).mandatory


@pytest.mark.parametrize(
    ("funds", "investment", "controlled", "mandatory"),
    [
        ("2000000", "20000000", False, True),
        ("1999999.99", "19000000", False, False),
        ("2000000", "20000000.01", False, False),
        ("0", "4500000", False, False),
        ("0", "4500000", True, True),
    ],
)
def test_whose_money_it_is_decides_whether_a_tender_is_mandatory(
    funds: str, investment: str, controlled: bool, mandatory: bool
) -> None:
    plan = Plan(
        Decimal(4_500_000), public_funds=Decimal(funds), investment=Decimal(investment), controlled=controlled
    )
    assert route(plan, BOOK, DAY).mandatory == mandatory


def test_private_money_above_the_last_band_has_no_roster() -> None:
    found = route(Plan(Decimal(4_500_000), public_funds=Decimal(0)), BOOK, DAY)
    assert found.way == "tender" and found.reasons[-1].rule.id == "ROSTER.bands"


def test_doors_that_the_law_shuts_are_refused_whatever_the_amount() -> None:
    low = Decimal(100_000)
    assert refused(Plan(low, sign_up=True)) == {"G0-5"}
    assert refused(Plan(low, object="agency", method="one-step")) == {"G0-8"}
    assert refused(Plan(low, texts={"qualification": "投标人须为本市企业。"})) == {"G0-6"}
    found = route(Plan(low, texts={"scope": "法定代表人必须亲自到场参加摇号。"}), BOOK, DAY)
    assert not found.refused and [(each.rule, each.certainty) for each in found.findings] == [("G0-3", "U")]


def test_government_procurement_above_its_limit_has_no_roster() -> None:
    below = Plan(Decimal("1199999.99"), procurement=True, method="two-step")
    at = Plan(Decimal("1200000"), procurement=True, method="two-step")
    assert refused(below) == set() and {each.rule for each in route(below, BOOK, DAY).findings} == {"G0-4"}
    assert refused(at) == {"P1"} and route(at, BOOK, DAY).way == "tender"


def test_estimates_that_can_be_merged_are_counted_together_at_the_boundary() -> None:
    def warned(sibling: str) -> list[str]:
        plan = Plan(Decimal(2_000_000), siblings=(Decimal(sibling),))
        return [each.rule for each in route(plan, BOOK, DAY).findings]

    assert warned("1999999.99") == [] and warned("2000000.00") == ["G0-2.merge"]


@given(amounts, st.sampled_from(LOTTERIES))
def test_a_lottery_is_never_free_at_or_above_the_national_limit(amount: Decimal, method: str) -> None:
    found = route(Plan(amount, method=method), BOOK, DAY)
    assert bool(found.refused) == (amount >= 4_000_000)
    assert (found.way == "roster") == (amount < 4_000_000)


@given(amounts, amounts, st.booleans())
def test_a_mandatory_project_never_goes_to_the_roster(
    amount: Decimal, funds: Decimal, controlled: bool
) -> None:
    found = route(Plan(amount, public_funds=funds, controlled=controlled), BOOK, DAY)
    assert not (found.mandatory and found.way == "roster") and found.reasons
