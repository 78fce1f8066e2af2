"""Where a tender's openings stand (开标进度): begun or not, how long each waits, what is still to be decided.

While a tender is suspended nothing of an opening goes on; the time that was left is given back afterwards."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bidding.opening.models import EnvelopeOutcome, FaultDecision, Opening, SecondOpening
from bidding.tenders.interruptions import interruptions_of
from bidding.tenders.models import Tender
from bidding.vault.envelopes import first
from bidding.vault.models import Bid, Outcome
from bidding.vault.service import policy_of
from trading.acts import process
from trading.events import TenderResumed
from trading.live import announce
from trading.outbox import promise

SCHEDULER = process("opening")
TRY = "opening.try"
CUSTODIAN_MINUTES = "opening.custodian_minutes"
"""Setting: how long the hall waits for custodians after the bidders' window, before it decides without them."""
UNOPENED = ("REVOKED", "WITHDRAWN")


def find_opening(session: Session, tender: Tender) -> Opening | None:
    """The tender's opening session, once it has begun."""
    return session.scalars(select(Opening).where(Opening.tender_id == tender.id)).first()


def second_of(session: Session, tender: Tender) -> SecondOpening | None:
    """The tender's opening of the second envelopes, once it has begun."""
    return session.scalars(select(SecondOpening).where(SecondOpening.tender_id == tender.id)).first()


def tell(session: Session, registry: Any, tender: Tender, name: str, **data: Any) -> None:
    """Tell whoever watches this opening; the events name what changed and carry no content."""
    announce(session, registry["queue"], f"opening:{tender.code}", name, **data)


# --- how long it waits ------------------------------------------------------------------------------


def custodians_until(
    session: Session, registry: Any, tender: Tender, row: Opening | SecondOpening
) -> datetime:
    """When the hall stops waiting for custodians; what of their time a suspension took is added."""
    wait = timedelta(minutes=int(registry.settings[CUSTODIAN_MINUTES]))
    return row.window_ends_at + wait + lost_since(session, tender, row.window_ends_at)


def lost_since(session: Session, tender: Tender, since: datetime) -> timedelta:
    """How long the tender has been suspended in all after an instant, by suspensions that are over."""
    lost, began = timedelta(), None
    for each in interruptions_of(session, tender):
        if each.kind == "suspended":
            began = max(each.at, since)
        elif began is not None:
            lost, began = lost + max(each.at - began, timedelta()), None
    return lost


def give_back(
    event: TenderResumed, tender: Tender, row: Opening | SecondOpening | None, window: str, last: str
) -> None:
    """After a suspension: bidders have the time again that was left of their window, custodians theirs;
    `window` and `last` are the promises at the two ends."""
    if row is None or row.read_out_at is not None:
        return
    stops = [each.at for each in interruptions_of(event.session, tender) if each.kind == "suspended"]
    stopped = max(stops[-1], row.started_at)
    if stopped < row.window_ends_at:
        row.window_ends_at += event.at - stopped
        promise(event.session, window, {"tender": tender.code}, row.window_ends_at)
    until = custodians_until(event.session, event.registry, tender, row)
    promise(event.session, last, {"tender": tender.code}, until)
    promise(event.session, TRY, {"tender": tender.code})
    tell(event.session, event.registry, tender, "resumed")


# --- what is to be decided --------------------------------------------------------------------------


def undecided(session: Session, tender: Tender) -> list[Bid]:
    """Bids with an envelope that was not opened, of which the host has not decided yet whose fault it is: the
    first envelopes' until the opening record is signed, the second ones' after they are read out."""
    outcomes: type[Outcome] | type[EnvelopeOutcome] = Outcome
    if tender.state == "opening":
        stage = first(policy_of(session, tender)).name
    else:
        row = second_of(session, tender)
        if row is None or row.read_out_at is None:
            return []
        outcomes, stage = EnvelopeOutcome, row.stage
    query = (
        select(Bid)
        .join(outcomes, outcomes.bid_id == Bid.id)
        .outerjoin(FaultDecision, (FaultDecision.bid_id == Bid.id) & (FaultDecision.stage == stage))
        .where(Bid.tender_id == tender.id, outcomes.outcome.in_(UNOPENED), FaultDecision.id.is_(None))
    )
    return list(session.scalars(query.order_by(Bid.leaf_index)))
