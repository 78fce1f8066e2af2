"""A bid as the opening laid it open (已开标的投标)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from bidding.evaluation import pricesheet
from bidding.vault.models import Bid, Outcome
from trading.errors import Refused
from trading.ledger import canonical


@dataclass(frozen=True)
class OpenedBid:
    """A bid that was opened. `sheet` is its price sheet's JSON, None when it is not canonical."""

    id: str
    name: str
    manifest: str
    row: Bid
    outcome: Outcome

    @cached_property
    def sheet(self) -> Any:
        try:
            return canonical.loads(self.outcome.price_sheet or b"")
        except canonical.CanonicalError:
            return None

    @property
    def read(self) -> pricesheet.PriceSheet | None:
        """The price sheet, or None when it cannot be used (M87 63(6))."""
        try:
            return pricesheet.parse(self.sheet)
        except Refused:
            return None
