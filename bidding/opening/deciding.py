"""The decision on a bid that nobody has opened (未解密的责任认定, Order 20 art. 31). Pure.

Not decrypted because of its bidder: the bid counts as revoked (撤销). Not because of its bidder: as
withdrawn (撤回). In mode `either` the custodians are the remedy for a bidder who has not decrypted, so
their absence does not take the cause away from the bidder; it is named beside it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

STORAGE_FAULT, NO_KEY, WRONG_KEY = "storage-fault", "no-bidder-key", "wrong-bidder-key"
TOO_FEW_CUSTODIANS, UNUSABLE_SHARES = "too-few-custodians", "unusable-shares"

RULES = {
    "bidder": "Order 20 art. 31: not decrypted because of the bidder: the bid counts as revoked",
    "platform": "Order 20 art. 31: not decrypted because of others than the bidder: the bid counts as withdrawn",
    "other": "Order 20 art. 31: not decrypted because of others than the bidder: the bid counts as withdrawn",
}


@dataclass(frozen=True)
class StageFacts:
    """What came for one stage of a bid: whether the bidder's key fits (None: it sent none), and how many of
    the `threshold` custodians needed have answered for this bid."""

    mode: str
    key_fits: bool | None
    answered: int
    threshold: int


@dataclass(frozen=True)
class Decision:
    """REVOKED or WITHDRAWN, whose fault (`bidder`, `platform`, `other`), and the reasons' codes."""

    outcome: str
    fault: str
    reasons: tuple[str, ...]


def outcome_of(fault: str) -> str:
    """REVOKED for the bidder's own fault, WITHDRAWN for anybody else's."""
    return "REVOKED" if fault == "bidder" else "WITHDRAWN"


def decide(judged: str, stages: Iterable[StageFacts]) -> Decision:
    """What the rule says of a bid last judged `judged` (an outcome of vault.md 2.9 that opened nothing)."""
    if judged == "STORAGE_FAULT":
        return Decision("WITHDRAWN", "platform", (STORAGE_FAULT,))
    own, others = [], []
    for stage in stages:
        if stage.mode != "custodian" and (stage.key_fits is not True or judged == "WRONG_KEY"):
            own.append(NO_KEY if stage.key_fits is None else WRONG_KEY)
        if stage.mode != "bidder":
            others.append(TOO_FEW_CUSTODIANS if stage.answered < stage.threshold else UNUSABLE_SHARES)
    reasons = tuple(dict.fromkeys([*own, *others]))
    return Decision("REVOKED", "bidder", reasons) if own else Decision("WITHDRAWN", "other", reasons)
