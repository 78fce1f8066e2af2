"""Evaluations that were stopped without an order: a stop that is dropped, invented or says another ground is named, and
so is going on with prices that the recount contradicts."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

import tradehall_verify as verifier

A, B, C, D = ("91000000000000000A", "91000000000000000B", "91000000000000000C", "91000000000000000D")
BIDS = {who: who[-1].lower() * 64 for who in (A, B, C, D)}
DOCUMENT = b"what it rests on"
Entry = tuple[str, dict[str, Any]]
RULES = {"items": {"qualification": ["Q"]}, "minimum": 2}


def log_of(*acts: Entry, complete: bool = True, **docs: Any) -> Any:
    """An audit of as much of a bundle as these checks look at: acts in their order, documents by path."""
    audit: Any = verifier.Audit.__new__(verifier.Audit)
    files: dict[str, Any] = {"tender/evaluation.json": RULES} | docs
    files |= {f"bids/{manifest}/bid.json": {"bidder": {"id": who}} for who, manifest in BIDS.items()}
    digest = hashlib.sha256(DOCUMENT).hexdigest()
    rows = [verifier.Act(n, kind, "", {}, said) for n, (kind, said) in enumerate(acts)]
    for act in rows:
        said = act.payload or {}
        for folder, name in (("reviews", "review"), ("replacements", "stop")):
            if "file" in said:
                files[f"evaluation/{folder}/{said.get(name)}.json"] = said["file"]
        if "stop" in said:
            files[f"evaluation/replacements/{digest}"] = DOCUMENT
    audit.__dict__ |= {
        "acts": rows, "complete": complete, "bundle": files, "doc": files.__getitem__, "opened": set(BIDS.values()),
        "file_hash": lambda path: hashlib.sha256(files[path]).hexdigest(), "tender": "T", "problems": [],
        "notes": [], "unchecked": [],
    }  # fmt: skip
    return audit


def review(member: str, *passed: str, round: int = 1) -> Entry:
    votes = [{"bid": bid, "review": "qualification", "item": "Q", "pass": bid in passed} for bid in BIDS]
    paper = {"tender": "T", "member": member, "round": round, "votes": votes}
    name = hashlib.sha256(repr((member, round, passed)).encode()).hexdigest()
    return "review.signed", {"member": member, "review": name, "file": paper}


def started(*bids: str) -> Entry:
    return "opening.second-started", {"bids": [BIDS[bid] for bid in bids]}


def stop(ground: str, /, **paper: Any) -> Entry:
    said = {"tender": "T", "round": 2, "ground": ground, "document": hashlib.sha256(DOCUMENT).hexdigest()}
    return "evaluation.reopened", {
        "order": "", "reason": "", "ground": ground, "round": 2, "committee": "new", "stop": "5" * 64, "file": said | paper,
    }  # fmt: skip


REPLACED = ("panel.member-replaced", {"member": "m3"})
SEATED: Entry = ("panel.seated", {})
FIRST = (SEATED, review("m1", A, B, C), review("m2", A, B, C, D), review("m3", A, B, C), started(A, B, C))
RECOUNTED = (*FIRST, REPLACED, SEATED, review("m4", A, B, C, D))
"""m1 and m2 differ on D; m3 had voted against it, who comes votes for it"""


def said_of(log: Any) -> list[str]:
    log._check_stops()
    return [*log.problems]


def test_a_stop_with_its_ground_is_in_order() -> None:
    recounted = log_of(*RECOUNTED, stop("recount"))
    assert said_of(recounted) == [] and recounted.notes == [
        "entry 8 (evaluation.reopened): stopped (recount, M87 49)"
    ]
    assert said_of(log_of(*FIRST, REPLACED, stop("vacancy"))) == []
    public = log_of(*RECOUNTED, stop("recount"), complete=False)
    assert said_of(public) == [] and len(public.unchecked) == 1


@pytest.mark.parametrize(
    ("acts", "words"),
    [
        ((*FIRST, stop("vacancy")), "no seat was empty"),
        ((*RECOUNTED, stop("vacancy")), "no seat was empty"),
        ((*FIRST, REPLACED, SEATED, review("m4", A, B, C), stop("recount")), "the recount says nothing else"),
        ((*FIRST, stop("recount")), "the recount says nothing else"),
        ((SEATED, review("m1", A), stop("recount")), "no price was known yet"),
        ((*RECOUNTED, stop("boredom")), "no ground of the law"),
    ],
)  # fmt: skip
def test_an_invented_stop_and_one_with_another_ground_are_named(acts: Any, words: str) -> None:
    (said,) = said_of(log_of(*acts))
    assert "evaluation.reopened) rests on no order, and" in said and words in said


def test_a_stop_that_keeps_the_committee_is_named() -> None:
    kind, said = stop("recount")
    assert "no ground of the law" in said_of(log_of(*RECOUNTED, (kind, said | {"committee": "same"})))[0]


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("ground", "vacancy", "says another ground"),
        ("round", 3, "says another round"),
        ("tender", "other", "of another tender"),
        ("document", "0" * 64, "is missing"),
    ],
)
def test_a_reason_that_was_changed_afterwards_is_named(name: str, value: Any, words: str) -> None:
    (said,) = said_of(log_of(*RECOUNTED, stop("recount", **{name: value})))
    assert words in said


def test_a_dropped_stop_leaves_reviews_of_an_evaluation_that_the_log_does_not_have() -> None:
    again = [SEATED, *(review(f"n{n}", A, B, C, round=2) for n in range(3))]
    votes = {(bid, f"n{n}", "qualification", "Q"): bid != D for bid in BIDS for n in range(3)}
    for stopped, faults in (([stop("recount")], 0), ([], 1)):
        log = log_of(*RECOUNTED, *stopped, *again)
        log._check_reviews(votes)
        assert any("signed for another evaluation" in said for said in log.problems) == bool(faults)
        assert bool(log.problems) == bool(faults)


# --- prices that a recount contradicts -------------------------------------------------------------


def evaluated(*passed: str) -> dict[str, Any]:
    bids = [
        {"id": who, "decisions": {"qualification": [{"item": "Q", "votes": [{"member": "m", "pass": who in passed}]}]}}
        for who in BIDS
    ]  # fmt: skip
    return {"evaluation/inputs.json": {"rules": RULES, "bids": bids}}


def named(log: Any, *known: str) -> list[str]:
    act = next(act for act in log.acts if act.type == "opening.second-started")
    log._check_review_came_first(act, {BIDS[bid] for bid in known})
    return list(log.problems)


def test_going_on_with_prices_that_the_recount_contradicts_is_named() -> None:
    assert named(log_of(*FIRST, **evaluated(A, B, C)), A, B, C) == []
    (said,) = named(log_of(*RECOUNTED, **evaluated(A, B, C, D)), A, B, C)
    assert D in said and "passed the review, but its second envelope stays sealed" in said
    (said,) = named(log_of(*FIRST, REPLACED, review("m4"), **evaluated(A, B)), A, B, C)
    assert C in said and "its second envelope was opened although it failed the review" in said


def test_after_a_stop_who_fails_is_left_out_and_nobody_comes_in_without_a_price() -> None:
    again = (stop("recount"), SEATED, review("n1", A, B, round=2))
    assert named(log_of(*RECOUNTED, *again, **evaluated(A, B)), A, B, C) == []
    (said,) = named(log_of(*RECOUNTED, *again, **evaluated(A, B, D)), A, B, C)
    assert D in said and "stays sealed" in said


def test_envelopes_that_the_signed_votes_had_not_passed_are_named() -> None:
    log = log_of(*FIRST[:-1], started(A, B, C, D), **evaluated(A, B, C, D))
    (said,) = named(log, A, B, C, D)
    assert D in said and "although it failed" in said


def test_a_review_signed_after_the_second_envelopes_were_opened_is_named_unless_somebody_took_over() -> None:
    late = (*FIRST, review("m4", A, B, C))
    assert any("were opened early" in said for said in named(log_of(*late), A, B, C))
    assert named(log_of(*FIRST, REPLACED, SEATED, review("m4", A, B, C)), A, B, C) == []
