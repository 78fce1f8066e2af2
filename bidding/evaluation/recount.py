"""Whether the review still says whose prices are known (复核结果与已开报价的一致性; Order 87 art. 49).

Second envelopes are opened, and final offers asked for, of the bids that passed the review and of no others. When a member
is replaced afterwards the votes are counted anew. If others pass than those whose prices are known, nobody can go on
fairly: some prices should not have been seen, or some are missing.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from bidding.evaluation.models import Review
from bidding.evaluation.opened import OpenedBid
from bidding.evaluation.papers import QUALIFICATION
from bidding.offers import standing
from bidding.opening.models import SecondOpening
from bidding.tenders.models import Tender


@dataclass(frozen=True)
class KnownPrices:
    """The bids (manifests) whose prices were opened or asked for; `reviewed_here` when the evaluation that counts decided
    on that, and not an earlier one."""

    bids: frozenset[str]
    reviewed_here: bool

    def contradict(self, bids: Mapping[str, OpenedBid], qualified: Iterable[str]) -> bool:
        """Whether those of the opened `bids` who pass now are others. Of an evaluation made anew whoever fails is left out,
        as in any other; only a bid whose price is missing keeps it from going on."""
        passed = frozenset(bids[bid].manifest for bid in qualified)
        return passed != self.bids if self.reviewed_here else not passed <= self.bids


def known_prices(
    session: Session, tender: Tender, second: SecondOpening | None, reviews: Sequence[Review]
) -> KnownPrices | None:
    """Whose prices are known, None while nobody's are, or where they were read out with everything else. `reviews`
    are all of the evaluation that counts, void ones too."""

    def known(raw: bytes, name: str, at: datetime) -> KnownPrices:
        here = any(row.step == QUALIFICATION and row.at <= at for row in reviews)
        return KnownPrices(frozenset(json.loads(raw)[name]), here)

    if second is not None:
        return known(second.act, "bids", second.started_at)
    offers = standing.offers_of(session, tender)
    if offers is not None and offers.called_at is not None:
        return known(offers.call or b"", "remaining", offers.called_at)
    return None
