"""What each may see of talks and final offers (磋商信息): who sits in the group, who buys, who supervises. A supplier sees
its own questions and the call, never who else remains."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from pyramid.httpexceptions import HTTPForbidden, HTTPNotFound
from pyramid.request import Request

from bidding.evaluation.progress import Evaluation, OpenedBid, Phase, load
from bidding.offers import standing
from bidding.offers.answers import TalksAnswer
from bidding.offers.calling import LEAST, readiness_of
from bidding.offers.models import FinalOffers, RequirementChange
from bidding.tenders.models import Tender
from expert_pool.selection.models import PanelMember
from trading.clock import rfc3339
from trading.permissions import Permission, Role


@dataclass(frozen=True)
class Talks:
    """The talks of a tender as a reader may see them. `own` is the reader's seat in the group, None for others."""

    tender: Tender
    found: Evaluation
    phase: Phase
    own: PanelMember | None
    changes: list[RequirementChange]
    offers: FinalOffers | None
    child: Tender | None
    keys_ready: bool
    late: bool
    """whether too little is left of the time for offers to call for them"""

    @property
    def head(self) -> bool:
        return self.own is not None and self.own.head

    @property
    def remaining(self) -> list[OpenedBid]:
        """The suppliers that passed the review, by name."""
        if not self.found.locked("qualification"):
            return []
        return sorted((self.found.bids[bid] for bid in self.found.qualified()), key=lambda bid: bid.name)

    def talked(self, bid: OpenedBid) -> int:
        """How many questions a supplier was asked."""
        return sum(q.bid_id == bid.row.id for q in self.found.asked("meaning"))


def talks_of(request: Request) -> Talks:
    """The talks of the tender in the address. Raises 404 where there are none, Forbidden for a reader who has
    no part in them."""
    tender: Tender = request.context
    if not standing.talks(tender):
        raise HTTPNotFound()
    found = load(request.db, request.keys, tender)
    own = next((row for row in found.seated if row.user_id == request.identity.user_id), None)
    buys = bool(request.has_permission(Permission.MANAGE_TENDER))
    if own is None and not buys and Role.REGULATOR not in request.identity.roles:
        raise HTTPForbidden()
    now: datetime = request.now()
    child = standing.child_of(request.db, tender)
    drafted = child is not None and child.state == "draft"
    return Talks(
        tender=tender,
        found=found,
        phase=found.phase(now),
        own=own,
        changes=standing.changes_of(request.db, tender),
        offers=standing.offers_of(request.db, tender),
        child=child,
        keys_ready=bool(child and drafted and readiness_of(request.db, request.registry, child).keys_ready),
        late=bool(child and drafted and child.deadline - now < LEAST),
    )


def as_json(seen: Talks) -> TalksAnswer:
    """The same for programs; prices are in none of it."""
    child, offers = seen.child, seen.offers
    return {
        "tender": seen.tender.code,
        "phase": seen.phase.value,
        "remaining": [
            {"bid": bid.id, "name": bid.name, "manifest": bid.manifest, "questions": seen.talked(bid)}
            for bid in seen.remaining
        ],
        "changes": [
            {"number": row.number, "subject": row.subject, "text": row.text, "decision": row.decision}
            for row in seen.changes
        ],
        "offers": None
        if child is None or offers is None
        else {
            "tender": child.code,
            "state": child.state,
            "deadline": rfc3339(child.deadline),
            "suspended": rfc3339(child.suspended_at) if child.suspended_at else None,
            "keys_ready": seen.keys_ready,
            "late": seen.late,
            "called": rfc3339(offers.called_at) if offers.called_at else None,
            "taken": rfc3339(offers.taken_at) if offers.taken_at else None,
        },
    }
