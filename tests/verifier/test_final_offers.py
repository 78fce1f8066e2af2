"""Final offers that were swapped, dropped, made by a stranger, or are another tender's, are named by the verifier."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

import tradehall_verify as verifier

A, B, C, LOST = ("91000000000000000A", "91000000000000000B", "91000000000000000C", "91000000000000000D")
FIRST = {A: "a1" * 32, B: "b1" * 32, C: "c1" * 32, LOST: "d1" * 32}
OFFER = {A: "a2" * 32, B: "b2" * 32, C: "c2" * 32, LOST: "d2" * 32}
CHANGE = {"number": 1, "subject": "service", "text": "two more at night"}
Q = [{"item": "Q", "votes": [{"member": "m", "pass": True}]}]
NOT_Q = [{"item": "Q", "votes": [{"member": "m", "pass": False}]}]


class Side:
    """As much of a bundle as the checks look at."""

    complete = True

    def __init__(self, tender: str, bids: dict[str, str], docs: dict[str, Any], acts: list[Any]) -> None:
        self.tender, self.docs, self.acts = tender, docs, acts
        self.opened, self.valid_bids = set(bids.values()), list(bids.values())
        self.by_manifest = {manifest: bidder for bidder, manifest in bids.items()}
        self.sheets: dict[str, Any] = {m: {"of": bidder} for bidder, m in bids.items()}
        self.policy = {"lot": "1", "parts": [{"name": "documents"}]}
        self.bundle = self.whole = docs
        self.said: list[str] = []
        self.lines: list[tuple[str, str, str]] = []
        self.notes: list[str] = []
        self.unchecked: list[str] = []

    def known(self, kind: str) -> list[tuple[Any, dict[str, Any]]]:
        return [(SimpleNamespace(index=at, time=""), said) for name, at, said in self.acts if name == kind]

    def of_type(self, kind: str) -> list[Any]:
        return [act for act, _ in self.known(kind)]

    def doc(self, path: str) -> Any:
        return self.docs[path]

    def file_hash(self, path: str) -> str:
        return f"hash of {path}"

    def bid(self, manifest: str) -> Any:
        return {"bidder": {"id": self.by_manifest[manifest]}}

    def who(self, manifest: str) -> str:
        return self.by_manifest[manifest]

    def fail(self, words: str) -> None:
        self.said.append(words)

    def run(self) -> None: ...

    _check_known_prices = verifier.Audit._check_known_prices
    _passed_at_last = verifier.Audit._passed_at_last

    def _passed_at(self, index: int) -> set[str]:
        """The signed votes say the same as the inputs."""
        return set(self.called)

    def _counts(self, act: Any) -> bool:
        """Nothing was evaluated anew, unless a test says so."""
        return self.round == 1

    round, called = 1, frozenset[str]()


def sides() -> tuple[Side, Side]:
    """A, B and C passed the review and were called; C left; D had not passed."""
    call = {
        "typ": "ebid.final-offers-call", "tender": "T", "lot": "1", "offers": "T-F1", "deadline": "d", "changes": [CHANGE],
        "remaining": sorted(FIRST[who] for who in (A, B, C)), "others": [FIRST[LOST]],
    }  # fmt: skip
    inputs = {
        "rules": {"items": {"qualification": ["Q"]}},
        "bids": [
            {"id": who, "decisions": {"qualification": NOT_Q if who == LOST else Q} | ({"left": True} if who == C else {})}
            for who in FIRST
        ],
    }  # fmt: skip
    taken = {
        "closed": "hash of opening/close.json", "recorded": "hash of opening/record.json",
        "opened": "hash of opening/outcomes.json", "left": [FIRST[C]],
        "taken": [{"manifest": FIRST[who], "offer": OFFER[who]} for who in (A, B)],
    }  # fmt: skip
    acts = [
        ("offers.change-proposed", 1, CHANGE | {"member": "m"}),
        ("offers.change-decided", 2, {"number": 1, "decision": "confirmed"}),
        ("offers.talks-ended", 3, {}),
        ("offers.called", 4, {}),
        ("offers.taken", 5, taken),
    ]
    rules = {"procurement": "consultation"}
    docs = {"offers/call.json": call, "evaluation/inputs.json": inputs, "tender/evaluation.json": rules}
    parent = Side("T", FIRST, docs | {"tender/notice.json": {}}, acts)
    parent.called = frozenset(FIRST[who] for who in (A, B, C))
    notice = {"offers_of": "T", "call": "hash of offers/call.json", "changes": [CHANGE], "deadline": "d"}
    child = Side("T-F1", {who: OFFER[who] for who in (A, B)},
                 {"tender/notice.json": notice, "tender/evaluation.json": rules}, [])  # fmt: skip
    return parent, child


def found(parent: Side, child: Side) -> list[str]:
    audit: Any = verifier._OfferAudit.__new__(verifier._OfferAudit)
    audit.audit, audit.child, audit.there = parent, child, True
    audit.called, audit.taken = parent.known("offers.called"), parent.known("offers.taken")
    audit._check_signer = lambda: None
    try:
        audit._run()
        audit._check_taken()
    except verifier.Invalid as error:
        parent.fail(str(error))
    return parent.said


def test_final_offers_as_they_were_opened_are_in_order_and_are_the_price_sheets() -> None:
    parent, child = sides()
    assert found(parent, child) == []
    assert parent.sheets[FIRST[A]] == {"of": A} and parent.sheets[FIRST[B]] == {"of": B}


def test_a_swapped_final_offer_is_named() -> None:
    parent, child = sides()
    taken = parent.acts[-1][2]["taken"]
    taken[0]["offer"], taken[1]["offer"] = taken[1]["offer"], taken[0]["offer"]
    assert any("not its own opened one" in said for said in found(parent, child))


def test_an_offer_of_somebody_who_had_not_qualified_is_named() -> None:
    parent, child = sides()
    child.valid_bids.append(OFFER[LOST])
    child.opened.add(OFFER[LOST])
    child.by_manifest[OFFER[LOST]] = LOST
    assert found(parent, child) == [f"a final offer came from {LOST}, who was not called for one"]


def test_calling_somebody_who_had_not_qualified_is_named() -> None:
    parent, child = sides()
    call = parent.docs["offers/call.json"]
    call["remaining"], call["others"] = sorted(FIRST.values()), []
    assert f"{LOST} was called without having passed the review" in found(parent, child)


def test_offers_of_an_evaluation_made_anew_count_for_whoever_passes_it_and_none_are_missing() -> None:
    parent, child = sides()
    parent.docs["evaluation/inputs.json"]["bids"][1]["decisions"]["qualification"] = NOT_Q
    assert found(parent, child) == [f"{B} was called without having passed the review"]
    for passes, said in ((NOT_Q, []), (Q, [f"{LOST} passed the review, but was not called"])):
        parent, child = sides()
        parent.round = 2
        bids = parent.docs["evaluation/inputs.json"]["bids"]
        bids[1]["decisions"]["qualification"], bids[3]["decisions"]["qualification"] = NOT_Q, passes
        assert found(parent, child) == said


def test_a_dropped_final_offer_is_named() -> None:
    parent, child = sides()
    said = parent.acts[-1][2]
    said["taken"], said["left"] = said["taken"][:1], [FIRST[B], FIRST[C]]
    parent.docs["evaluation/inputs.json"]["bids"][1]["decisions"]["left"] = True
    assert found(parent, child) == [f"the final offer of {B} was opened and not taken"]


def test_a_supplier_that_left_cannot_be_hidden_nor_one_sent_away() -> None:
    parent, child = sides()
    parent.docs["evaluation/inputs.json"]["bids"][2]["decisions"].pop("left")
    assert found(parent, child) == [f"bidder {C} was evaluated as if it had not left"]


def test_the_final_offers_of_another_tender_are_named() -> None:
    parent, child = sides()
    child.docs["tender/notice.json"]["offers_of"] = "OTHER"
    assert "is not the tender for the final offers of T" in found(parent, child)[0]


def test_a_call_for_other_changes_than_the_confirmed_ones_is_named() -> None:
    parent, child = sides()
    parent.acts[1][2]["decision"] = "refused"
    assert found(parent, child) == ["the call has other changes than the purchaser has confirmed"]


def test_a_change_of_the_core_is_named() -> None:
    parent, child = sides()
    core = CHANGE | {"subject": "quantity"}
    parent.acts[0] = ("offers.change-proposed", 1, core)
    parent.docs["offers/call.json"]["changes"] = child.docs["tender/notice.json"]["changes"] = [core]
    assert found(parent, child) == ["change 1 is about quantity, which may not be changed"]


@pytest.mark.parametrize("path", ["offers/call.json", "final-offers/offers/call.json"])
def test_the_call_must_be_signed(path: str) -> None:
    assert bool(verifier.MUST_BE_SIGNED.fullmatch(path)) == (path == "offers/call.json")


# --- a suspension of the procurement reaches its final offers -------------------------------------


NAMED, MOVED = "2026-03-02T02:00:00.000Z", "2026-03-02T05:00:00.000Z"
STOP, GO = (
    (5, "tender.suspended", "2026-03-02T01:50:00.000Z"),
    (8, "tender.resumed", "2026-03-02T04:50:00.000Z"),
)


def moved(
    own: tuple[Any, ...], theirs: tuple[Any, ...], closed: tuple[int, str], told: str = MOVED
) -> list[str]:
    """What the verifier says of final offers whose policy names NAMED: their own stops, the procurement's, and the
    entry and time of their close."""

    def audit_of(acts: list[tuple[int, str, str]]) -> Any:
        audit: Any = verifier.Audit.__new__(verifier.Audit)
        said = {"deadline": told}
        rows = [verifier.Act(index, kind, time, {}, said) for index, kind, time in sorted(acts)]
        audit.__dict__ |= {"acts": rows, "openings": {}, "problems": [], "notes": [], "procurement": None}
        return audit

    end = (closed[0], "tender.closed", closed[1])
    child = audit_of([(2, "tender.published", "2026-03-02T00:00:00.000Z"), *own, end])
    child.__dict__ |= {"policy": {"deadline": NAMED}, "doc": lambda path: {"offers_of": "T"}}
    child.__dict__ |= {"procurement": audit_of(list(theirs)), "head": SimpleNamespace(size=99)}
    act = child.of_type("tender.closed")[0]
    if verifier.moment(act.time) < child.deadline:
        child.fail("the tender was closed before its deadline")
    child._check_moved(act)
    child._check_suspensions()
    return list(child.problems)


def one_later(stop: tuple[int, str, str]) -> tuple[int, str, str]:
    return stop[0] + 1, stop[1], stop[2]


def test_final_offers_that_stood_still_with_their_procurement_are_in_order() -> None:
    own = (one_later(STOP), one_later(GO))
    assert moved(own, (STOP, GO), (12, "2026-03-02T05:00:00.100Z")) == []
    assert moved((), (), (12, "2026-03-02T02:00:00.100Z"), told=NAMED) == []
    after = ((13, *STOP[1:]), (15, *GO[1:]))
    assert moved(tuple(map(one_later, after)), after, (12, "2026-03-02T02:00:00.100Z"), told=NAMED) == []


def test_final_offers_closed_earlier_than_the_suspended_clock_allows_are_named() -> None:
    own = (one_later(STOP), one_later(GO))
    assert moved(own, (STOP, GO), (12, "2026-03-02T04:59:59.000Z")) == [
        "the tender was closed before its deadline"
    ]
    inside = moved(own, (STOP, GO), (7, "2026-03-02T02:00:00.100Z"), told=NAMED)
    assert any("happened while the tender was suspended since entry 5" in said for said in inside)


def test_a_suspension_that_did_not_reach_the_final_offers_is_named_and_so_is_one_of_their_own() -> None:
    kept_from = moved((), (STOP, GO), (12, "2026-03-02T02:00:00.100Z"), told=NAMED)
    assert "the tender was closed before its deadline" in kept_from
    assert "entry 5 (tender.suspended) of the procurement did not reach its final offers" in kept_from
    alone = moved((STOP, GO), (), (12, "2026-03-02T05:00:00.100Z"))
    assert alone[0] == "entry 5 (tender.suspended) happened to the final offers alone"
    own = (one_later(STOP), one_later(GO))
    later = moved(own, (STOP, GO), (12, "2026-03-02T06:00:00.100Z"), told="2026-03-02T06:00:00.000Z")
    assert later == [f"the log says another deadline than {MOVED}, to which the suspension moved it"]
