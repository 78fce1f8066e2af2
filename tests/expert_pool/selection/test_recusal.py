"""Who must not sit."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from expert_pool.experts.person import RELATIONS, Interest
from expert_pool.selection.recusal import ARTICLES, KIN, Parties, counts, recusal
from tests.expert_pool.selection.people import DAY, person

BUYER, BIDDER, AVOIDED = "B" * 18, "C" * 18, "D" * 18
PARTIES = Parties(frozenset({"T-1"}), frozenset({BUYER}), "440300", frozenset({AVOIDED}), frozenset({BIDDER}))


def tie(org: str, relation: str, until: date | None = None) -> tuple[Interest, ...]:
    return (Interest(org, relation, date(2010, 1, 1), until),)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({}, None),
        ({"employer": BUYER}, "buyer"),
        ({"interests": tie(BUYER, "employment")}, "buyer"),
        ({"interests": tie(BUYER, "employment", date(2026, 11, 22))}, None),
        ({"employer": AVOIDED}, "employer-avoided"),
        ({"official_of": ("440300",)}, "supervisor"),
        ({"official_of": ("440000",)}, "supervisor"),
        ({"official_of": ("440305",)}, None),
        ({"official_of": ("450000",)}, None),
        ({"official_of": (BUYER,)}, "supervisor"),
        ({"advises": ("T-1",)}, "advisory"),
        ({"advises": ("T-2",)}, None),
        ({"employer": BIDDER}, "bidder"),
        ({"interests": tie(BIDDER, "shareholder")}, "interest"),
        ({"interests": tie(BIDDER, "spouse")}, "kinship"),
        ({"interests": tie(BIDDER, "spouse") + tie(BIDDER, "director")}, "interest"),
        ({"interests": tie("E" * 18, "spouse")}, None),
    ],
)
def test_each_ground_has_its_code(changes: dict[str, Any], code: str | None) -> None:
    found = recusal(person(**changes), PARTIES, DAY)
    assert (found.code if found else None) == code


@pytest.mark.parametrize("relation", RELATIONS)
def test_every_relation_to_a_bidder_is_a_ground(relation: str) -> None:
    found = recusal(person(interests=tie(BIDDER, relation)), PARTIES, DAY)
    assert found is not None and found.code == ("kinship" if relation in KIN else "interest")


def test_a_tie_counts_for_three_years_after_its_end_to_the_day() -> None:
    assert counts(tie(BIDDER, "director", date(2023, 11, 23))[0], DAY)
    assert not counts(tie(BIDDER, "director", date(2023, 11, 22))[0], DAY)


def test_three_years_before_a_leap_day_there_is_one_too() -> None:
    assert counts(tie(BIDDER, "director", date(2025, 2, 28))[0], date(2028, 2, 29))


def test_a_tie_that_begins_later_is_none_yet() -> None:
    assert not counts(Interest(BIDDER, "director", date(2026, 11, 24)), DAY)


def test_who_bids_is_no_ground_while_nobody_knows_it() -> None:
    unknown = Parties(frozenset({"T-1"}), frozenset({BUYER}))
    assert recusal(person(employer=BIDDER, interests=tie(BIDDER, "spouse")), unknown, DAY) is None


def test_every_ground_names_an_article() -> None:
    assert all(ARTICLES.values())
