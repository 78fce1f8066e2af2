"""Whether a committee is lawful is judged by who sits, not by who sat before; and by everybody who sits."""

from __future__ import annotations

from typing import Any

import pytest

import tradehall_verify as verifier
from tests.verifier.test_stops import A, B, C, D, Entry, evaluated, log_of

DELIVERED: Entry = ("evaluation.reported", {})
GONE: Entry = ("panel.member-replaced", {"member": "x"})
SEATED: Entry = ("panel.seated", {})
VOTED: Entry = ("review.signed", {"member": "e1"})


def panel(*members: str) -> dict[str, Any]:
    """e: expert, p: purchaser's representative; "-" behind one who was replaced."""
    rows = [
        {"member": name.rstrip("-"), "role": "expert" if name[0] == "e" else "purchaser", "handle": name}
        | ({"replaced": True} if name.endswith("-") else {})
        for name in members
    ]
    return {"evaluation/panel.json": {"members": rows}, "tender/evaluation.json": {"budget": "900000.00"}}


def composed(
    *members: str, acts: tuple[Entry, ...] = (SEATED, DELIVERED), budget: str = "900000.00"
) -> list[str]:
    docs = panel(*members) | {"tender/evaluation.json": {"budget": budget}}
    log = log_of(*acts, **docs)
    log._check_composition()
    return list(log.problems)


LAWFUL = ("e1", "e2", "e3", "e4", "p1")


def test_a_committee_with_a_replaced_member_is_judged_by_who_sits() -> None:
    assert composed(*LAWFUL) == composed("e9-", *LAWFUL) == composed("p9-", "p8-", *LAWFUL) == []


@pytest.mark.parametrize(
    ("members", "said"),
    [
        (("e1", "e2", "e3", "e4-", "p1", "p2"), "3 of the 5 who sit on the committee are experts"),
        (("e1", "e2", "e3", "p1", "e4-"), "4 sit on the committee, the law wants at least 5, an odd number"),
        (("e1", "e2", "e3", "e4-", "e5-"), "3 sit on the committee"),
    ],
)
def test_a_committee_that_is_lawful_only_with_a_replaced_member_is_named(
    members: tuple[str, ...], said: str
) -> None:
    assert any(said in problem for problem in composed(*members))


def test_from_ten_million_on_seven_sit() -> None:
    (said,) = composed("e9-", "e8-", *LAWFUL, budget="10000000.00")
    assert "5 sit on the committee, the law wants at least 7" in said


def test_what_was_concluded_while_a_seat_was_empty_is_named() -> None:
    def named(*acts: Entry) -> list[str]:
        return composed("e9-", *LAWFUL, acts=acts)

    assert named(SEATED, VOTED, GONE, SEATED, VOTED, DELIVERED) == []
    (said,) = named(SEATED, GONE, VOTED, SEATED, DELIVERED)
    assert "entry 2 (review.signed) came while a seat of the committee was empty (entry 1" in said
    assert len(named(SEATED, GONE, ("report.signed", {}), DELIVERED)) == 2


@pytest.mark.parametrize(
    ("members", "faults"),
    [
        (("e9-", *LAWFUL), 0),
        (("e1", "e2", "e3", "e4-", "p1"), 1),
        (("e1", "e2", "e3", "e4", "e5", "p1", "p2-"), 1),
    ],
)
def test_a_drawn_committee_is_compared_with_its_demand_by_who_sits(
    members: tuple[str, ...], faults: int
) -> None:
    audit = log_of(GONE, SEATED, **panel(*members))
    for row in audit.doc("evaluation/panel.json")["members"]:
        if row["role"] != "expert":
            del row["handle"]
    drawn: Any = verifier._PanelAudit.__new__(verifier._PanelAudit)
    drawn.audit, drawn.seated = audit, {}
    drawn._check_law({"members": 5, "experts": 4})
    assert len(audit.problems) == faults
    if faults:
        assert "were drawn, demanded were 4 of 5" in audit.problems[0]


def test_a_vote_that_is_missing_or_doubled_is_named() -> None:
    def named(**votes: list[str]) -> list[str]:
        docs = panel("e1", "e2", "p1", "e9-") | evaluated(A, B, C, D)
        inputs = docs["evaluation/inputs.json"]
        inputs["rules"] = {"items": {"qualification": ["Q"], "conformity": ["C"]}}
        for bid in inputs["bids"]:
            bid["sheet"] = None
            who = votes.get(bid["id"][-1], ["e1", "e2", "p1"])
            bid["decisions"]["qualification"][0]["votes"] = [{"member": m, "pass": True} for m in who]
        log = log_of(**docs)
        log._check_all_voted()
        return list(log.problems)

    assert named() == []
    for voters in (["e1", "e2"], ["e1", "e2", "p1", "p1"], ["e1", "e2", "e9"], []):
        assert named(A=voters) == [f"bidder {A}: the qualification review is not by everybody who sits"]
