"""What the room of committees knows of a tender: facts, no rows. Pure; bidding provides them (port IPurchases)."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from expert_pool.selection.recusal import Parties

BEFORE_SESSION = ("published", "closed", "opening", "opened")
"""states in which a committee can still be drawn"""
SESSION = "evaluating"
"""the state in which the committee evaluates"""
RESULT_KNOWN = ("result_published", "awarded", "contracted")
"""states after the result notice, in which the law no longer keeps the names secret (M87 47, 69). A procedure that
fails or is cancelled has no such notice: its names stay sealed, for the regulator alone"""


@dataclass(frozen=True)
class Purchase:
    """A tender for its committee: `tenderer` and `agency` are USCC, `region` the buyer's six digits, `matters` the
    codes of tender and project, `regime` whose law applies (procurement | bidding_law), `committee` the published
    number of members (0: none was), `method` the method of procurement and `subject` what is bought (goods, services,
    works), `bidders` the USCC of those whose bids were opened, None before."""

    code: str
    state: str
    tenderer: str
    agency: str
    region: str
    matters: frozenset[str]
    budget: Decimal
    regime: str
    committee: int = 0
    complex: bool = False
    method: str = "open"
    subject: str = "goods"
    bidders: frozenset[str] | None = None

    @property
    def buyers(self) -> frozenset[str]:
        return frozenset({self.tenderer, self.agency})

    def parties(self) -> Parties:
        """As recusal judges them; with the bidders once they are known."""
        return Parties(self.matters, self.buyers, self.region, bidders=self.bidders or frozenset())
