"""Majority with dissent (M87 61) and the committee's composition (M87 45, 47)."""

from __future__ import annotations

from fractions import Fraction

import pytest

from bidding.evaluation.review import (
    ItemVotes,
    Member,
    Vote,
    check_committee,
    check_votes,
    count,
    parse_votes,
    passes,
)

NAMES = ("m1", "m2", "m3", "m4", "m5")


def votes(against: int, reason: str = "no licence") -> ItemVotes:
    return ItemVotes(
        "Q1", tuple(Vote(n, k >= against, "" if k >= against else reason) for k, n in enumerate(NAMES))
    )


def committee(experts: int, purchasers: int, head: str = "e0") -> list[Member]:
    people = [Member(f"e{n}", "expert", f"e{n}" == head) for n in range(experts)]
    return people + [Member(f"p{n}", "purchaser", f"p{n}" == head) for n in range(purchasers)]


def codes(members: list[Member], budget: int = 2_400_000, complex_or_sensitive: bool = False) -> list[str]:
    found = check_committee(members, Fraction(budget), complex_or_sensitive=complex_or_sensitive)
    assert all(fault.rule.startswith("M87 4") for fault in found)
    return [fault.code for fault in found]


@pytest.mark.parametrize(("against", "passed"), [(0, True), (2, True), (3, False), (5, False)])
def test_the_majority_decides(against: int, passed: bool) -> None:
    assert count(votes(against)).passed is passed
    assert passes(["Q1"], [votes(against)]) is passed


def test_written_dissent_is_recorded_with_its_reason() -> None:
    found = count(votes(2))
    assert (found.ayes, found.noes) == (3, 2)
    assert found.dissent == (("m1", "no licence"), ("m2", "no licence"))
    assert found.deemed_agreed == ()


def test_dissent_without_a_written_reason_counts_as_agreement() -> None:
    found = count(votes(2, reason=" "))
    assert (found.dissent, found.deemed_agreed) == ((), ("m1", "m2"))


def test_who_passes_a_bid_that_the_majority_fails_is_the_dissenter() -> None:
    found = count(votes(3))
    assert found.deemed_agreed == ("m4", "m5")


def test_an_item_that_nobody_examined_is_not_passed() -> None:
    assert not passes(["Q1", "Q2"], [votes(0)])
    assert not passes(["Q1"], [ItemVotes("Q1", ())])


def test_an_odd_committee_that_votes_in_full_cannot_tie() -> None:
    assert check_votes(NAMES, votes(2)) == []
    missing = ItemVotes("Q1", votes(2).votes[:4])
    assert [(f.code, f.field) for f in check_votes(NAMES, missing)] == [("vote-missing", "Q1.m5")]
    assert "committee-even" in [f.code for f in check_votes(NAMES[:4], missing)]


def test_a_strangers_vote_and_a_second_vote_are_faults() -> None:
    entry = ItemVotes("Q1", (*votes(0).votes, Vote("m1", True), Vote("guest", True)))
    assert {f.code for f in check_votes(NAMES, entry)} == {"vote-twice", "vote-stranger"}


def test_four_experts_and_one_purchaser_may_sit() -> None:
    assert codes(committee(4, 1)) == []


def test_from_ten_million_seven_members_are_needed() -> None:
    assert codes(committee(4, 1), budget=10_000_000) == ["committee-too-small"]
    assert codes(committee(4, 1), budget=9_999_999) == []
    assert codes(committee(5, 2), budget=10_000_000) == []


def test_a_complex_project_needs_seven_members() -> None:
    assert codes(committee(4, 1), complex_or_sensitive=True) == ["committee-too-small"]


def test_three_experts_of_five_are_too_few() -> None:
    assert codes(committee(3, 2)) == ["committee-experts"]


def test_six_of_nine_are_exactly_two_thirds() -> None:
    assert codes(committee(6, 3)) == []


def test_an_even_committee_is_unlawful() -> None:
    assert codes(committee(5, 1)) == ["committee-even"]


def test_the_purchasers_representative_cannot_be_head() -> None:
    assert codes(committee(4, 1, head="p0")) == ["committee-head-purchaser"]


def test_there_is_one_head() -> None:
    assert codes(committee(4, 1, head="nobody")) == ["committee-head"]


def test_the_agencys_staff_may_not_sit_and_nobody_sits_twice() -> None:
    people = [*committee(4, 0), Member("a", "agent")]
    assert codes(people) == ["committee-role"]
    assert codes([*committee(4, 0), Member("e1", "expert")]) == ["committee-twice"]


@pytest.mark.parametrize(
    "raw",
    [
        {},
        [{"item": "Q1"}],
        [{"item": "Q1", "votes": [{"member": "m1", "pass": 1}]}],
        [{"item": "Q1", "votes": []}, {"item": "Q1", "votes": []}],
    ],
)
def test_votes_that_cannot_be_read_are_an_error(raw: object) -> None:
    with pytest.raises(ValueError):
        parse_votes(raw)
