"""The roster's pure rules, at every boundary."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bidding.lottery.alarms import ALERT, Trace, at_least, clusters, runs
from bidding.lottery.pricing import Offer, drawn_price, reasonable_low
from bidding.roster import drawable, grades, law
from bidding.roster.drawable import Document, Engagement, Exclusion, Firm, Record, Wanted, why_not
from bidding.roster.standing import STEPS, possible
from bidding.roster.terms import overlay_of, terms
from trading.rulebook.book import Rulebook

DAY = date(2026, 11, 23)
BOOK = Rulebook.load()
TERMS = terms(BOOK, DAY)
ALL = tuple(Document(kind, date(2020, 1, 1), date(2027, 1, 1)) for kind in TERMS.documents)
FIRM = Firm("91440300MA0000000A", "listed", "B", documents=ALL, managers=("m1", "m2"))
ANY = Wanted()
days = st.dates(date(2024, 1, 1), date(2030, 12, 31))


def test_each_reason_has_a_rule_of_the_rulebook() -> None:
    assert all(BOOK.find(rule, DAY) for rule in drawable.RULES.values())


def test_a_firm_that_nothing_speaks_against_is_drawn() -> None:
    assert why_not(FIRM, DAY, ANY, TERMS) == ""


@pytest.mark.parametrize("status", ["applied", "announced", "rejected", "left"])
def test_only_listed_firms_are_drawn(status: str) -> None:
    assert why_not(replace(FIRM, status=status), DAY, ANY, TERMS) == "not-listed"


@pytest.mark.parametrize(("day", "reason"), [(date(2027, 1, 1), ""), (date(2027, 1, 2), "documents")])
def test_a_document_is_good_on_its_last_day_and_not_after(day: date, reason: str) -> None:
    assert why_not(FIRM, day, ANY, TERMS) == reason


@pytest.mark.parametrize(("offset", "reason"), [(-1, ""), (0, "excluded"), (9, "excluded"), (10, "")])
def test_an_exclusion_holds_from_its_first_to_its_last_day(offset: int, reason: str) -> None:
    firm = replace(FIRM, exclusions=(Exclusion("D-1", DAY, DAY + timedelta(days=9)),))
    day = DAY + timedelta(days=offset)
    assert why_not(firm, day, ANY, TERMS) == reason
    if reason:
        assert next(drawable.bars(firm, day, ANY, TERMS)).detail == "D-1"


def test_a_black_list_bars_while_its_line_holds_and_tells_decision_and_version() -> None:
    firm = replace(FIRM, records=(Record("black", "2026-11", "法〔2026〕3号", DAY, DAY),))
    assert next(drawable.bars(firm, DAY, ANY, TERMS)).detail == "法〔2026〕3号 (2026-11)"
    assert why_not(firm, DAY + timedelta(days=1), ANY, TERMS) == ""


@pytest.mark.parametrize(("since", "reason"), [(date(2023, 11, 23), "bribery"), (date(2023, 11, 22), "")])
def test_bribery_counts_for_three_years(since: date, reason: str) -> None:
    firm = replace(FIRM, records=(Record("bribery", "v", "刑1号", since, None),))
    assert why_not(firm, DAY, ANY, TERMS) == reason


@pytest.mark.parametrize(("won", "reason"), [(date(2026, 5, 23), "cool-down"), (date(2026, 5, 22), "")])
def test_a_winner_rests_six_months(won: date, reason: str) -> None:
    assert why_not(replace(FIRM, engagements=(Engagement("W", won),)), DAY, ANY, TERMS) == reason


@pytest.mark.parametrize(
    ("ends", "early", "late"),
    [("either", "", ""), ("months", "cool-down", ""), ("completion", "", "cool-down"), ("both", "cool-down", "cool-down")],
)  # fmt: skip
def test_a_cool_down_ends_as_the_city_says(ends: str, early: str, late: str) -> None:
    own = replace(TERMS, cool_down_ends=ends)
    completed = Engagement("W", date(2026, 10, 1), completed_on=date(2026, 11, 1))
    running = Engagement("W", date(2026, 1, 1))
    assert why_not(replace(FIRM, engagements=(completed,)), DAY, ANY, own) == early
    assert why_not(replace(FIRM, engagements=(running,)), DAY, ANY, own) == late


def test_as_many_running_contracts_as_allowed_and_no_more() -> None:
    old = [Engagement(f"W{n}", date(2026, 1, n)) for n in (1, 2)]
    assert why_not(replace(FIRM, engagements=old[:1]), DAY, ANY, TERMS) == ""
    assert why_not(replace(FIRM, engagements=old), DAY, ANY, TERMS) == "running"


def test_two_refusals_within_a_year_bar_for_a_year_from_the_second() -> None:
    def firm(*refused: date) -> Firm:
        return replace(
            FIRM, engagements=[Engagement(f"W{n}", day, refused_on=day) for n, day in enumerate(refused)]
        )

    first = date(2025, 6, 1)
    assert why_not(firm(first), first, ANY, TERMS) == ""
    twice = firm(first, date(2026, 6, 1))
    assert why_not(twice, date(2026, 6, 1), ANY, TERMS) == "refused-often"
    assert why_not(twice, date(2026, 12, 31), ANY, TERMS) == "refused-often"
    late = firm(first, date(2026, 6, 2))
    assert why_not(late, date(2026, 6, 2), ANY, TERMS) == ""
    papers = replace(twice, documents=[replace(each, until=date(2030, 1, 1)) for each in ALL])
    assert why_not(papers, date(2027, 6, 1), ANY, TERMS) == "refused-often"
    assert why_not(papers, date(2027, 6, 2), ANY, TERMS) == ""


def test_a_project_manager_has_one_project_at_a_time_whatever_firm() -> None:
    needs = Wanted(needs_manager=True)
    running = (Engagement("W", date(2026, 1, 1), manager="m1"),)
    assert why_not(replace(FIRM, engagements=running), DAY, needs, TERMS) == ""
    assert why_not(replace(FIRM, engagements=running, busy=frozenset({"m2"})), DAY, needs, TERMS) == "manager"
    named = replace(needs, manager="m1")
    assert why_not(replace(FIRM, engagements=running), DAY, named, TERMS) == "manager"
    done = (replace(running[0], completed_on=DAY),)
    assert why_not(replace(FIRM, engagements=done), DAY, named, TERMS) == ""


def test_grades_owner_and_refusal_before_the_freeze_leave_out() -> None:
    assert why_not(FIRM, DAY, Wanted(grades=("A",)), TERMS) == "grade"
    assert why_not(FIRM, DAY, Wanted(buyers=(FIRM.id,)), TERMS) == "interest"
    assert why_not(FIRM, DAY, Wanted(declined=True), TERMS) == "declined"


def test_grade_c_two_years_running_leads_out() -> None:
    assert drawable.keeps_failing([(2025, "C"), (2026, "C")], 2)
    assert not drawable.keeps_failing([(2024, "C"), (2026, "C")], 2)
    assert not drawable.keeps_failing([(2025, "C"), (2026, "B")], 2)
    assert not drawable.keeps_failing([(2026, "C")], 2)


@pytest.mark.parametrize(
    ("scores", "grade"), [(["90"], "A"), (["89.99"], "B"), (["70"], "B"), (["69.99"], "C"), (["100", "79.98"], "B")]
)  # fmt: skip
def test_a_years_mean_gives_the_grade_exactly(scores: list[str], grade: str) -> None:
    assert grades.grade_of(map(Decimal, scores), TERMS) == grade


@settings(suppress_health_check=[HealthCheck.too_slow])  # of a laden machine
@given(days, st.integers(0, 48), st.integers(0, 48))
def test_months_add_up_but_for_the_length_of_months(day: date, one: int, more: int) -> None:
    there = drawable.add_months(day, one)
    assert there.day <= day.day and (there.year * 12 + there.month) - (day.year * 12 + day.month) == one
    assert drawable.add_months(day, one + more) >= drawable.add_months(there, more)


@given(st.lists(st.sampled_from(sorted(STEPS)), max_size=12))
def test_no_way_leads_into_the_roster_but_through_publicity(acts: list[str]) -> None:
    status, way = "", []
    for act in acts:
        if status in STEPS[act].before:
            status = STEPS[act].after
            way.append(act)
        if status == "listed":
            assert "announce" in way and way.index("apply") < way.index("announce")
    assert all(act in STEPS for act in (*possible(status, "office"), *possible(status, "firm")))


# --- a city's own file -----------------------------------------------------------------------------

CITY = """
layer = "newcity"
version = "2026.12.1"
regions = ["3701", "37"]

[instrument]
CITY = { zh = "新市小型工程管理办法", en = "New City rules on small works" }

[[rule]]
id = "ROSTER.bands"
value = [1000000, 4000000]
unit = "CNY"
bound = "none"
instrument = "CITY"
article = "6"
certainty = "S"
from = 2026-01-01
zh = "分两档：{value}"
en = "Two bands: {value}"

[[rule]]
id = "ROSTER.cool_down"
value = 3
unit = "month"
bound = "exactly"
instrument = "CITY"
article = "9"
certainty = "S"
from = 2026-01-01
zh = "冷却期{value}"
en = "Cool-down of {value}"

[[rule]]
id = "ROSTER.line"
value = 3000000
unit = "CNY"
bound = "at_least"
instrument = "CITY"
article = "3"
certainty = "S"
from = 2026-01-01
zh = "{value}以上招标"
en = "Tendered from {value} on"
"""


def test_a_new_citys_rules_are_one_data_file(tmp_path: Path) -> None:
    (tmp_path / "newcity.toml").write_text(CITY, "utf-8")
    assert overlay_of("440300", tmp_path) is None
    found = overlay_of("370102", tmp_path)
    book = Rulebook.load(overlay=found)
    own = terms(book, DAY)
    assert [band.key for band in own.bands] == ["0-1000000", "1000000-4000000"] and own.cool_down == 3
    assert own.running == TERMS.running, "what the city does not say stays"
    won = replace(FIRM, engagements=(Engagement("W", date(2026, 7, 1)),))
    assert (why_not(won, DAY, ANY, TERMS), why_not(won, DAY, ANY, own)) == ("cool-down", "")
    assert book.rule("ROSTER.line", DAY).citation("zh") == "新市小型工程管理办法 第3条"


def own_rule(rule: str, value: str, unit: str = "count", **more: str) -> str:
    """A rule of a city's file."""
    fields = {
        "bound": '"none"',
        "article": '""',
        "certainty": '"S"',
        "from": "2026-01-01",
        "zh": '"规则"',
        "en": '"Rule"',
    }
    said = "\n".join(f"{name} = {text}" for name, text in (fields | more).items() if text)
    return f'\n[[rule]]\nid = "{rule}"\nvalue = {value}\nunit = "{unit}"\ninstrument = "CITY"\n{said}\n'


HEAD = 'layer = "bay"\nversion = "1"\nregions = ["3502"]\n[instrument]\nCITY = { zh = "示例湾市办法", en = "Bay City rules" }\n'


def test_another_city_says_everything_anew_in_one_file(tmp_path: Path) -> None:
    said = {
        "trades": ('["dredging|疏浚|Dredging", "lamps|路灯|Street lamps"]', "words"), "bands": ("[300000, 1500000]", "CNY"),
        "cool_down": ("0", "month"), "cool_down.ends": ('["completion"]', "words"), "running": ("1", "count"),
        "sign_days": ("15", "day"), "grade_a": ("95", "count"), "grade_b": ("80", "count"),
        "weights": ('["A=5", "B=2", "C=1"]', "words"), "documents": ('["licence"]', "words"), "finalists": ("[2, 5]", "count"),
    }  # fmt: skip
    units = {name: BOOK.rule(f"ROSTER.{name}", DAY).unit for name in said}
    text = HEAD + "".join(
        own_rule(f"ROSTER.{name}", value, units[name]) for name, (value, _unit) in said.items()
    )
    (tmp_path / "bay.toml").write_text(text, "utf-8")
    own = terms(law.book_of("350203", str(tmp_path)), DAY)
    assert [trade.zh for trade in own.trades] == ["疏浚", "路灯"] and own.sign_days == 15
    assert [band.key for band in own.bands] == ["0-300000", "300000-1500000"]
    assert own.band_of(Decimal("1500000")) is None and own.band_of(Decimal("299999.99")) == own.bands[0]
    assert grades.grade_of([Decimal("94.99")], own) == "B" and own.weights == {"A": 5, "B": 2, "C": 1}
    won = replace(FIRM, documents=ALL[:1], engagements=(Engagement("W", date(2026, 7, 1)),))
    assert [bar.code for bar in drawable.bars(won, DAY, ANY, own)] == ["cool-down", "running"]
    assert law.book_of("350103", str(tmp_path)) and own.publicity == TERMS.publicity


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        (own_rule("ROSTER.bands", "[2000000, 1000000]", "CNY"), "ROSTER.bands: bands ascend"),
        (own_rule("ROSTER.bands", "[1000000, 1000000]", "CNY"), "ROSTER.bands: bands ascend"),
        (own_rule("ROSTER.bands", "[-5, 1000000]", "CNY"), "-5 comes after 0"),
        (own_rule("ROSTER.weights", '["A=3", "D=1"]', "words"), "'D=1' gives no grade"),
        (own_rule("ROSTER.weights", '["A=3", "B=0", "C=1"]', "words"), "'B=0'"),
        (own_rule("ROSTER.running", "-1"), "ROSTER.running: -1 is less than 1"),
        (own_rule("ROSTER.running", '"two"'), "ROSTER.running is not a whole number"),
        (own_rule("ROSTER.cool_down", "90", "day"), "ROSTER.cool_down: its unit is month"),
        (own_rule("ROSTER.cooldown", "3", "month"), "ROSTER.cooldown: the roster has no such rule"),
        (own_rule("ROSTER.trades", '["dredging|疏浚"]', "words"), "ROSTER.trades: 'dredging|疏浚' is not key"),
        (own_rule("ROSTER.running", "0") + own_rule("ROSTER.finalists", "[5, 2]"), "ROSTER.finalists: it is the least"),
        (own_rule("ROSTER.running", "1", zh=""), "ROSTER.running: missing keys ['zh']"),
        (own_rule("ROSTER.running", "0", **{"from": "2030-01-01"}), "ROSTER.running: 0 is less than 1"),
        ("\n[[rule]\n", "line 7"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_meant_stops_the_start_and_names_file_and_rule(
    tmp_path: Path, rules: str, said: str
) -> None:
    (tmp_path / "bay.toml").write_text(HEAD + rules, "utf-8")
    with pytest.raises(ValueError, match="bay.toml: ") as caught:
        law.book_of("350203", str(tmp_path))
    assert said in str(caught.value)


def test_regions_are_a_list_and_not_one_text(tmp_path: Path) -> None:
    (tmp_path / "bay.toml").write_text(HEAD.replace('["3502"]', '"3502"'), "utf-8")
    with pytest.raises(ValueError, match="bay.toml: regions is a list"):
        overlay_of("350203", tmp_path)


@pytest.mark.parametrize("bands", ["[2000000, 1000000]", "[1000000, 1000000]"])
def test_bands_that_do_not_ascend_stop_the_start(tmp_path: Path, bands: str) -> None:
    path = tmp_path / "newcity.toml"
    path.write_text(CITY.replace("[1000000, 4000000]", bands), "utf-8")
    with pytest.raises(ValueError, match="ascend"):
        terms(Rulebook.load(overlay=path), DAY)


def test_a_city_cannot_allow_a_lottery_on_a_mandatory_project(tmp_path: Path) -> None:
    path = tmp_path / "newcity.toml"
    loose = CITY + (
        '\n[[rule]]\nid = "G0-1"\nvalue = false\nunit = "flag"\nbound = "none"\ninstrument = "CITY"\narticle = "1"\n'
        'certainty = "V"\nfrom = 2026-01-01\nzh = "可以摇号"\nen = "Lotteries are allowed"\n'
    )
    path.write_text(loose, "utf-8")
    with pytest.raises(ValueError, match="loosens"):
        Rulebook.load(overlay=path)


# --- prices and alarms -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ceiling", "k", "price"),
    [("1000000.00", "0.02", "980000.00"), ("0.01", "0.5", "0.01"), ("0.03", "0.5", "0.02"), ("1.00", "0", "1.00")],
)  # fmt: skip
def test_a_drawn_price_is_rounded_half_up_once(ceiling: str, k: str, price: str) -> None:
    assert drawn_price(Decimal(ceiling), k) == Decimal(price)


def test_a_reasonable_low_price_is_the_one_nearest_to_f1() -> None:
    def ranked(k: str, *prices: str, ceiling: str = "9000000") -> Any:
        offers = [Offer(str(n), Decimal(price)) for n, price in enumerate(prices, start=1)]
        return reasonable_low(offers, Decimal(ceiling), k)

    found = ranked("0.03", "8700000", "8900000", "8500000", "8600000", "8800000")
    assert (found.mean, found.benchmark) == (8_700_000, 8_439_000)
    assert found.order == ["3", "4", "1", "5", "2"]
    assert [place.left_out for place in found.places] == ["lowest", "", "", "", "highest"]
    assert ranked("0", "8700000", "8500000", "8600000", "8600000").order == ["3", "4", "2", "1"], (
        "equal ones by when they came, of two as near the lower first"
    )
    found = ranked("0", "9000000.01", "8000000", "8000001", "9000000")
    assert [offer.id for offer in found.above] == ["1"] and found.mean == Fraction(25_000_001, 3)
    assert ranked("0.03") is None and ranked("0.03", "9000000.01") is None


def test_three_wins_of_five_fair_draws_of_ten_are_0_00856() -> None:
    tenth = [Fraction(1, 10)] * 5
    assert at_least(3, tenth) == Fraction(856, 100_000) < ALERT
    assert at_least(2, tenth) > ALERT
    field = {f"f{n}": 1 for n in range(10)}
    found = {run.firm: run for run in runs([(field, "f0")] * 3 + [(field, "f1"), (field, "f2")])}
    assert found["f0"].alarming and found["f0"].chance == Fraction(107, 12_500)
    assert not found["f1"].alarming


@given(st.lists(st.fractions(0, 1, max_denominator=20), max_size=6))
def test_chances_of_all_numbers_of_wins_add_up(chances: list[Fraction]) -> None:
    assert at_least(0, chances) == 1
    assert all(at_least(n + 1, chances) <= at_least(n, chances) for n in range(len(chances)))


def test_weights_make_a_win_likelier() -> None:
    heavy = runs([({"a": 3, "b": 1}, "a")])[0]
    assert heavy.chance == Fraction(3, 4)


def test_firms_with_a_mark_in_common_are_told_from_three_on() -> None:
    traces = [Trace(f"R{n}", {"address": "10.0.0.7", "minute": f"t{n}"}) for n in range(4)]
    traces += [Trace("R8", {"payer": "1"}), Trace("R9", {"payer": "1", "address": ""})]
    assert [(each.mark, each.firms) for each in clusters(traces)] == [("address", ("R0", "R1", "R2", "R3"))]
