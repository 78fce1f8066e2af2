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
