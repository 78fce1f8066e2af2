"""When the keys of a stage may be given (解密时段): at the opening, and for a second envelope when the host has
begun its opening, for the bids that passed the review and no other."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from bidding.opening.models import Opening, SecondOpening
from bidding.tenders.models import Tender
from bidding.vault.closing import valid_bids
from bidding.vault.models import Bid
from bidding.vault.policy import Policy, Stage


@dataclass(frozen=True)
class Sitting:
    """The opening of one stage, while it lasts, and the bids that are opened in it."""

    stage: Stage
    started_at: datetime
    window_ends_at: datetime
    bids: tuple[Bid, ...]


def sitting_of(session: Session, tender: Tender, policy: Policy, name: str) -> Sitting | None:
    """The stage's sitting while it is under way; None before and after it, and while the tender is
    suspended."""
    stage = policy.stage(name)
    if stage is None or tender.suspended_at is not None:
        return None
    bids = valid_bids(session, tender)
    if stage is policy.stages[0]:
        opening = session.scalars(select(Opening).where(Opening.tender_id == tender.id)).first()
        if tender.state != "opening" or opening is None or opening.read_out_at is not None:
            return None
        return Sitting(stage, opening.started_at, opening.window_ends_at, tuple(bids))
    second = session.scalars(select(SecondOpening).where(SecondOpening.tender_id == tender.id)).first()
    if tender.state != "evaluating" or second is None or second.read_out_at is not None:
        return None
    passed = frozenset(json.loads(second.act)["bids"])
    chosen = tuple(bid for bid in bids if bid.manifest_hash in passed)
    return Sitting(stage, second.started_at, second.window_ends_at, chosen)


def present_sitting(session: Session, tender: Tender, policy: Policy) -> Sitting | None:
    """The sitting that is under way now."""
    found = (sitting_of(session, tender, policy, stage.name) for stage in policy.stages)
    return next((sitting for sitting in found if sitting is not None), None)
