"""Whether a committee is lawful is judged by who sits, not by who sat before; and by everybody who sits."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

import tradehall_verify as verifier
from tests.verifier.test_stops import BIDS, A, B, C, D, Entry, evaluated, log_of

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


def test_who_sits_signed_in_with_the_promise_under_a_head_that_was_chosen() -> None:
    rows = [{"member": m, "role": "expert", "handle": m, "head": m == "e1"} for m in ("e1", "e2")]
    arrived: Entry = ("panel.member-signed-in", {"member": "e1", "promise": "p1"})
    second: Entry = ("panel.member-signed-in", {"member": "e2", "promise": "p2"})
    chosen: Entry = ("panel.head-chosen", {"member": "e1"})
    votes: tuple[Entry, ...] = (VOTED, ("review.signed", {"member": "e2"}))
    docs: dict[str, Any] = {"evaluation/panel.json": {"members": rows}}
    for member in "12":
        paper = {"tender": "T", "member": f"e{member}", "promises": ["secrecy"]}
        docs[f"evaluation/promises/p{member}.json"] = paper

    def named(*acts: Entry, without: str = "", complete: bool = True) -> list[str]:
        log = log_of(*acts, complete=complete, **{k: v for k, v in docs.items() if k != without})
        log._check_head()
        log._check_arrivals()
        return list(log.problems)

    anew: Entry = ("evaluation.reopened", {"committee": "new"})
    assert named(arrived, second, chosen, *votes) == []
    assert named(chosen, *votes, complete=False) == []
    for late in ((arrived, chosen, *votes), (arrived, chosen, *votes, second)):
        assert named(*late) == ["member e2 sits and has not signed in (no panel.member-signed-in before)"]
    assert len(named(arrived, second, chosen, anew, *votes)) == 3
    (said,) = named(arrived, second, chosen, *votes, without="evaluation/promises/p2.json")
    assert said == "member e2 was drawn and sits without the signed promise of integrity"
    assert "no entry panel.head-chosen" in named(arrived, second, *votes)[0]
    other: Entry = ("panel.head-chosen", {"member": "e2"})
    assert named(arrived, second, chosen, other, *votes) == [
        "the experts chose e2 as the head, and the panel names another one"
    ]


def test_nobody_is_rejected_for_a_low_price_without_being_heard() -> None:
    bid = {"manifest": BIDS[A]}
    asked: Entry = (
        "clarification.asked",
        bid | {"ref": "r", "text": "", "kind": "abnormal", "until": stamp(50)},
    )
    answered: Entry = ("clarification.answered", {"ref": "r", "text": "cheap"})
    refused: Entry = ("abnormal.explained", bid | {"accepted": False})
    reported: Entry = ("evaluation.reported", {})

    def heard(*acts: Entry, minutes: int = 1) -> tuple[list[str], list[str]]:
        log = log_of(*acts)
        log.acts = [replace(act, time=stamp(act.index * minutes)) for act in log.acts]
        found = {"rejected": [{"id": A, "ground": "abnormally-low"}]}
        verifier._HearingAudit(log, found).check()
        return log.problems, log.notes

    assert heard(asked, answered, refused, reported) == ([], [])
    problems, notes = heard(asked, reported, minutes=60)  # it did not answer in time
    assert problems == [] and "was asked and has not answered" in notes[0]
    for acts, said in (
        ((refused, reported), "was rejected for its low price and never asked to explain it"),
        ((reported,), "was rejected for its low price and never asked to explain it"),
        ((refused, asked, answered), "was rejected for its low price and never asked to explain it"),
        ((asked, reported), "came before its time to explain the low price was over"),
        ((asked, answered, reported), "nobody judged the explanation"),
        ((asked, answered, answered, refused), "the question has 2 answers"),
        ((answered, asked, refused), "came before its time to explain the low price was over"),
    ):
        assert any(said in problem for problem in heard(*acts)[0]), said


def stamp(minutes: int) -> str:
    return f"2026-11-23T{minutes // 60:02}:{minutes % 60:02}:00.000Z"
