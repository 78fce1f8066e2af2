"""Whether what came in secures the bid (投标保证金核对): facts for the review, never a rejection. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

TRANSFER, GUARANTEE = "transfer", "guarantee"

LATE, FOREIGN, INSUFFICIENT, MISSING = "late", "foreign-payer", "insufficient", "missing"
SHARED, REVOKED, EXPIRES = "shared-payer", "guarantee-revoked", "guarantee-expires"

RULES: Mapping[str, Mapping[str, str]] = {
    "procurement": {
        MISSING: "M87 63(1)", INSUFFICIENT: "M87 63(1)", LATE: "M87 63(1)", FOREIGN: "TBR 26",
        SHARED: "M87 37(6)", REVOKED: "GPR 33", EXPIRES: "GPR 33",
    },
    "bidding_law": {
        MISSING: "TBR 26", INSUFFICIENT: "TBR 26", LATE: "TBR 26", FOREIGN: "TBR 26",
        SHARED: "TBR 40(6)", REVOKED: "TBR 26", EXPIRES: "TBR 26",
    },
}  # fmt: skip
"""The article behind each finding, by the law that governs the tender."""


@dataclass(frozen=True)
class Item:
    """One credit, or one guarantee. `payer` and `payer_account` are as the bank names them ("" for a
    guarantee), `at` when it was booked or handed in, `until` a guarantee's last day."""

    kind: str
    amount: Decimal
    payer: str
    payer_account: str
    at: datetime
    until: date | None = None
    revoked: bool = False


@dataclass(frozen=True)
class Payer:
    """Who should have paid: the enterprise's name, and its registered base account ("" when none)."""

    name: str
    account: str


def findings(item: Item, owner: Payer, deadline: datetime, valid_until: date) -> tuple[str, ...]:
    """What is wrong with one item; none of it counts then."""
    found = []
    if item.at >= deadline:
        found.append(LATE)
    if item.kind == TRANSFER and not own(item, owner):
        found.append(FOREIGN)
    if item.kind == GUARANTEE and (item.until is None or item.until < valid_until):
        found.append(EXPIRES)
    if item.revoked:
        found.append(REVOKED)
    return tuple(found)


def own(item: Item, owner: Payer) -> bool:
    """Paid by the enterprise itself: from its base account, or, while none is registered, by its name."""
    named = plain(item.payer) == plain(owner.name)
    return named and (not owner.account or plain(item.payer_account) == plain(owner.account))


def plain(text: str) -> str:
    """Without spaces, which banks set as they like."""
    return "".join(text.split())


def counted(items: Iterable[Item], owner: Payer, deadline: datetime, valid_until: date) -> Decimal:
    """The sum that secures the bid."""
    good = (item.amount for item in items if not findings(item, owner, deadline, valid_until))
    return sum(good, Decimal(0))


def verdict(
    items: Sequence[Item], owner: Payer, required: Decimal, deadline: datetime, valid_until: date
) -> tuple[str, ...]:
    """Everything to be said about one bidder's security, worst first; empty when it is in order.

    What is wrong with a single item is named only when the sum falls short because of it."""
    enough = counted(items, owner, deadline, valid_until) >= required
    if enough:
        return ()
    if not items:
        return (MISSING,)
    named = [code for item in items for code in findings(item, owner, deadline, valid_until)]
    return tuple(dict.fromkeys([INSUFFICIENT, *named]))


def shared_payers(by_bidder: Mapping[str, Iterable[Item]]) -> dict[str, frozenset[str]]:
    """Accounts that paid for two bidders or more (TBR 40(6), M87 37(6)): account → the bidders."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for bidder, items in by_bidder.items():
        for item in items:
            if item.kind == TRANSFER:
                found[plain(item.payer_account)].add(bidder)
    return {account: frozenset(bidders) for account, bidders in found.items() if len(bidders) > 1}
