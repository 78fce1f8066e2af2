"""What committee is asked for, and the list that is made for it."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from expert_pool.experts.drawable import Limits
from expert_pool.selection import listing
from expert_pool.selection.demand import (
    Avoid,
    Demand,
    Law,
    Wish,
    chain,
    composition,
    document,
    fewest_experts,
)
from expert_pool.selection.law import too_early
from expert_pool.selection.purchase import Purchase
from expert_pool.selection.recusal import Parties
from tests.expert_pool.selection.people import DAY, TAG, person, pool
from trading.ledger import canonical

PARTIES = Parties(frozenset({"T-1"}), frozenset({"B" * 18}), "440300")


def asked(**changes: Any) -> Demand:
    plain: dict[str, Any] = {
        "tender": "T-1", "members": 5, "experts": 4, "wishes": (Wish(4, TAG),), "avoid": (),
        "at": datetime(2026, 11, 24, 1, 30, tzinfo=UTC), "place": "Room 3",
    }  # fmt: skip
    return Demand(**plain | changes)


def made(people: list[Any], demand: Demand | None = None) -> listing.Listing:
    return listing.make(people, demand or asked(), PARTIES, DAY, Limits(), "B" * 18)


@pytest.mark.parametrize(("members", "experts"), [(5, 4), (7, 5), (9, 6), (11, 8)])
def test_two_thirds_are_experts(members: int, experts: int) -> None:
    assert fewest_experts(members) == experts


@pytest.mark.parametrize(
    ("changes", "budget", "codes"),
    [
        ({}, "9999999.99", []),
        ({}, "10000000.00", ["demand.members"]),
        ({"members": 7, "experts": 5, "wishes": (Wish(5, TAG),)}, "10000000.00", []),
        ({"members": 6}, "1.00", ["demand.members"]),
        ({"members": 3, "experts": 3, "wishes": (Wish(3, TAG),)}, "1.00", ["demand.members"]),
        ({"experts": 3, "wishes": (Wish(3, TAG),)}, "1.00", ["demand.experts"]),
        ({"experts": 6, "wishes": (Wish(6, TAG),)}, "1.00", ["demand.experts"]),
        ({"wishes": (Wish(3, TAG),)}, "1.00", ["demand.strata"]),
        ({"wishes": (Wish(4, TAG), Wish(0, TAG))}, "1.00", ["demand.strata"]),
        ({"avoid": (Avoid("D" * 18, " "),)}, "1.00", ["demand.avoid-reason"]),
    ],
)
def test_an_unlawful_committee_cannot_be_asked_for(
    changes: dict[str, Any], budget: str, codes: list[str]
) -> None:
    faults = composition(asked(**changes), Decimal(budget), Law())
    assert [fault.code for fault in faults] == codes


def test_a_complex_purchase_needs_seven_whatever_it_costs() -> None:
    faults = composition(asked(), Decimal(1), Law(), complex_=True)
    assert [fault.code for fault in faults] == ["demand.members"]


def test_the_fallbacks_of_a_speciality_are_those_over_it() -> None:
    assert chain("A01.02.03") == ("A01.02.03", "A01.02", "A01")


def test_a_speciality_that_four_people_have_is_merged_upwards() -> None:
    people = [*pool(4), *[person(n, specialities=("B03.01.02",)) for n in range(5, 8)]]
    found = made(people)
    assert found.merged == (TAG,)
    assert found.strata[0]["tags"] == ["B03.01", "B03"]
    assert all(TAG not in one.tags for one in found.candidates)


def test_nobody_is_left_out_of_the_list_and_every_exclusion_has_its_reason() -> None:
    people = [*pool(6), person(7, status="left"), person(8, employer="B" * 18),
              person(9, specialities=("A01.01.01",))]  # fmt: skip
    found = made(people)
    assert len(found.candidates) == 9
    reasons = Counter(one.excluded for one in found.candidates)
    assert reasons == {"inactive": 1, "buyer": 1, "speciality": 1, "": 6}


def test_whom_an_avoidance_list_excludes_is_counted() -> None:
    people = pool(6)
    people += [replace(person(n), employer=people[0].employer) for n in range(7, 10)]
    found = made(people, asked(avoid=(Avoid(people[0].employer, "builds for them"),)))
    assert found.avoided == 4
    stratum = found.strata[0]["id"]
    assert (found.eligible[stratum], found.without_avoiding[stratum]) == (5, 9)
    assert found.thin(2) and not found.thin(2, found.without_avoiding)


@pytest.mark.parametrize(("colleagues", "said"), [(0, "< 5"), (4, "< 5"), (5, "≥ 5"), (11, "≥ 10")])
def test_nobody_learns_from_an_avoidance_list_whom_an_organisation_has_in_the_pool(
    colleagues: int, said: str
) -> None:
    people = [*pool(9), *(person(n, employer="D" * 18) for n in range(20, 20 + colleagues))]
    found = made(people, asked(avoid=(Avoid("D" * 18, "builds for them"),)))
    assert found.left_out() == said


def test_people_who_can_be_drawn_are_counted_no_further_than_is_enough() -> None:
    assert list(made(pool(30)).counted(5).values()) == [20]
    assert list(made(pool(19)).counted(5).values()) == [4]
    assert list(made(pool(3)).counted(5).values()) == [0]


def test_people_without_an_employer_do_not_share_one() -> None:
    found = made(pool(6, employer=""))
    assert len({one.groups for one in found.candidates}) == 6


def test_a_row_tells_only_specialities_that_are_asked_for() -> None:
    found = made(pool(6, specialities=(TAG, "C01.01.01")))
    assert {one.tags for one in found.candidates} == {("B03", "B03.01", TAG)}


def test_the_demand_says_by_what_the_list_was_judged() -> None:
    demand = asked(avoid=(Avoid("D" * 18, "builds for them"),))
    buyer = Purchase(
        "T", "published", "B" * 18, "A" * 18, "110105", frozenset({"T", "P"}), Decimal(1), "procurement"
    )
    raw = document(demand, made(pool(6)).strata, 5, buyer, Limits(), session_at="…", day="2026-11-23")
    said = canonical.loads(raw)
    assert (said["buyers"], said["tenderer"]) == (["A" * 18, "B" * 18], "B" * 18)
    assert (said["region"], said["matters"]) == ("110105", ["P", "T"])
    assert said["limits"]["cool_down_days"] == 60
    assert said["strata"] == [{"id": f"1-{TAG}", "quota": 4, "tags": [TAG, "B03.01", "B03"]}]


@pytest.mark.parametrize(("day", "early"), [(19, True), (20, False), (23, False)])
def test_a_draw_is_not_earlier_than_two_working_days_before_the_evaluation(day: int, early: bool) -> None:
    assert too_early(asked().at, datetime(2026, 11, day, 4, tzinfo=UTC)) is early
