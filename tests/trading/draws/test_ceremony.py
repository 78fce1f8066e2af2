"""What comes next in a ceremony, for the hall and for each service."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.draws.ceremonies import DICE, ceremony
from trading.draws import papers
from trading.draws.announcement import parse_params
from trading.draws.ceremony import Facts, Step, choose_trustees, closed, next_step, wanted

NAMES = ("authority", "notary", "platform")
COMMIT, FREEZE, REVEAL = 1000, 1100, 1200
CERT = "c" * 64


def announced(**more: Any) -> Facts:
    """A draw of three trustees who all must contribute."""
    fixed = {"k": 2, "trustees": NAMES, "must": list(NAMES), "volunteers": [], "beacon": None}
    drawn = ceremony(1, times=(COMMIT, FREEZE, REVEAL), **fixed | more)
    return Facts(parse_params(drawn.transcript["params"]))


def commit(facts: Facts, *parties: str) -> Facts:
    params = facts.params
    new = {
        party: papers.parse_commit(
            params, papers.build_commit(params, party, CERT, [party.encode().ljust(32)] * 3)
        )
        for party in parties
    }
    return replace(facts, commits={**facts.commits, **new})


def deal(facts: Facts, *parties: str) -> Facts:
    return replace(facts, dealt={*facts.dealt, *((party, trustee) for party in parties for trustee in NAMES)})


def ack(facts: Facts, *trustees: str) -> Facts:
    """Trustees acknowledge everybody who has dealt with them."""
    new = {}
    for name in trustees:
        held = [facts.commits[party].hash for party, trustee in facts.dealt if trustee == name]
        new[name] = papers.parse_ack(facts.params, papers.build_ack(facts.params, name, CERT, held))
    return replace(facts, acks={**facts.acks, **new})


def test_a_routine_draw_goes_on_as_soon_as_everybody_has_answered() -> None:
    facts = announced()
    assert next_step(facts, 0) == Step("wait", missing=NAMES)
    assert [wanted(facts, name, 0) for name in NAMES] == [["commit"]] * 3
    facts = commit(facts, *NAMES)
    assert closed(facts, 0)
    assert [wanted(facts, name, 0) for name in NAMES] == [["deal"]] * 3
    facts = deal(facts, *NAMES)
    assert [wanted(facts, name, 0) for name in NAMES] == [["ack"]] * 3
    facts = ack(facts, *NAMES)
    assert [wanted(facts, name, 0) for name in NAMES] == [[]] * 3
    assert next_step(facts, 0) == Step("freeze", NAMES)
    facts = replace(facts, frozen=NAMES)
    assert next_step(facts, 0) == Step("wait", missing=("witness",))
    assert [wanted(facts, name, 0) for name in NAMES] == [[]] * 3
    facts = replace(facts, witnessed=True)
    assert [wanted(facts, name, 0) for name in NAMES] == [["reveal"]] * 3
    assert next_step(replace(facts, revealed=NAMES), 0) == Step("order", NAMES)


def test_what_is_withheld_at_t_reveal_is_asked_of_the_other_trustees() -> None:
    facts = replace(
        commit(announced(), *NAMES), frozen=NAMES, witnessed=True, revealed=("authority", "notary")
    )
    assert wanted(facts, "notary", REVEAL - 1) == []
    assert wanted(facts, "notary", REVEAL) == ["recover"]
    assert wanted(facts, "platform", REVEAL) == ["reveal"]
    assert next_step(facts, REVEAL) == Step("wait", missing=("platform",))


def test_a_mandatory_party_that_does_not_commit_in_time_voids_the_draw() -> None:
    facts = commit(announced(), "notary", "platform")
    assert next_step(facts, COMMIT) == Step("wait", missing=("authority",))
    assert next_step(facts, COMMIT + 1) == Step("void", missing=("authority",))
    assert wanted(replace(facts, voided=True), "authority", 0) == []


def test_a_trustee_that_refuses_its_ack_is_named_when_the_draw_is_voided() -> None:
    facts = ack(deal(commit(announced(), *NAMES), *NAMES), "authority", "platform")
    assert next_step(facts, FREEZE - 1) == Step("wait", missing=NAMES)
    assert next_step(facts, FREEZE) == Step("void", missing=("notary",))


def test_a_party_that_committed_and_does_not_deal_is_named_and_not_the_trustees() -> None:
    facts = deal(commit(announced(), *NAMES), "authority", "platform")
    assert wanted(facts, "platform", 0) == []
    assert next_step(facts, FREEZE) == Step("void", missing=("notary",))


def test_a_volunteer_may_come_until_t_commit_and_is_dropped_at_t_freeze_without_its_slips() -> None:
    facts = commit(replace(announced(), floor=True), *NAMES)
    assert not closed(facts, COMMIT)
    assert wanted(facts, "notary", COMMIT) == []
    facts = ack(deal(commit(facts, "bidder-01"), *NAMES), *NAMES)
    assert next_step(facts, FREEZE - 1) == Step("wait", missing=("bidder-01",))
    assert wanted(facts, "bidder-01", FREEZE - 1) == ["deal"]
    assert next_step(facts, FREEZE) == Step("freeze", NAMES, ("bidder-01",))
    late = deal(facts, "bidder-01")
    assert wanted(late, "notary", FREEZE - 1) == ["ack"]
    assert next_step(ack(late, *NAMES), FREEZE - 1) == Step("freeze", tuple(sorted([*NAMES, "bidder-01"])))


def test_slips_stay_hidden_until_the_beacon_is_known() -> None:
    facts = replace(commit(announced(beacon=DICE), *NAMES), frozen=NAMES, witnessed=True)
    assert next_step(facts, 0) == Step("wait", missing=("beacon",))
    assert wanted(facts, "notary", REVEAL) == []
    assert wanted(replace(facts, beacon="27182"), "notary", 0) == ["reveal"]


@pytest.mark.parametrize(
    ("present", "chosen"),
    [
        ({"authority", "notary", "platform"}, ("authority", "notary", "platform")),
        ({"authority", "notary", "platform", "neighbour"}, ("authority", "notary", "platform")),
        ({"authority", "platform", "neighbour"}, ("authority", "neighbour", "platform")),
        ({"authority", "platform"}, ("authority", "notary", "platform")),
    ],
)
def test_a_standby_serves_only_for_one_that_is_absent(present: set[str], chosen: tuple[str, ...]) -> None:
    assert choose_trustees(NAMES, ("neighbour",), present) == chosen
