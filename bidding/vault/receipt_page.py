"""A receipt checked for a stranger who has nothing but its text and the policy."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bidding.vault.encoding import sha256
from bidding.vault.policy import parse_policy
from bidding.vault.receipt import Check, Receipt, accepted, check_receipt, parse_receipt
from trading.errors import Refused
from trading.interfaces import ITimeStamper
from trading.ledger.canonical import dumps
from trading.web import _

WORDS = {
    1: _("Signed with the receipt key of the seal policy"),
    3: _("Its ledger entry can be made from its own fields"),
    4: _("The entry is in the tree of the checkpoint"),
    5: _("The checkpoint is signed by the log and cosigned by a witness"),
    7: _("Received before the deadline, by the hall and the time-stamping authority"),
}
STATES = {
    "PASS": (_("holds"), "good"),
    "FAIL": (_("does not hold"), "bad"),
    "WARN": (_("cannot be said"), "wait"),
    "PENDING": (_("still to come"), "wait"),
}


@dataclass(frozen=True)
class Checked:
    """A receipt with the outcome of its checks, `policy` being the policy's hash."""

    receipt: Receipt
    checks: list[Check]
    policy: str

    @property
    def good(self) -> bool:
        return accepted(self.checks)

    @property
    def lines(self) -> list[tuple[Any, Any, str]]:
        """(what was checked, outcome, tone) for the page."""
        return [(WORDS[c.number], *STATES[c.state.value]) for c in self.checks if c.number in WORDS]


def check_text(registry: Any, policy: bytes, text: str, moved_to: datetime | None = None) -> Checked:
    """Raises EncodingError (a ValueError) for what is no receipt. Whose bid it is, and the reader's clock,
    are not asked; `moved_to` as in check_receipt."""
    raw = dumps(json.loads(text))
    receipt = parse_receipt(raw)
    stamped = stamp_time(registry, receipt)
    parsed = parse_policy(policy)
    checks = check_receipt(raw, parsed, None, now=receipt.at, stamped_at=stamped, moved_to=moved_to)
    return Checked(receipt, checks, parsed.hash.hex())


def stamp_time(registry: Any, receipt: Receipt) -> datetime | None:
    """The verified time of the stamp in a receipt; None without one, or where none can be judged."""
    stamper = registry.queryUtility(ITimeStamper)
    if stamper is None or receipt.tsa is None:
        return None
    try:
        found: datetime = stamper.verify(receipt.tsa, sha256(receipt.leaf))
    except Refused:
        return None
    return found
