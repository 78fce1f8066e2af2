"""Final offers stand still with the procurement that they belong to (随主项目暂停): its suspension is theirs, and when it goes
on they have the time again that was left. The signed policy stays; the log says until when offers are taken."""

from __future__ import annotations

from datetime import datetime

from bidding.offers import standing
from bidding.tenders.interruptions import RUNNING, Ground, file, interruptions_of
from bidding.tenders.models import Tender
from bidding.tenders.service import find, locked
from trading.acts import process
from trading.clock import parse_rfc3339, rfc3339
from trading.events import TenderEvent, TenderResumed, TenderSuspended

ACTOR = process("offers")


def suspended(event: TenderSuspended) -> None:
    """The procurement stands still: its final offers too. Entry `tender.suspended` on them."""
    child = running(event)
    if child is None or child.suspended_at is not None:
        return
    child.suspended_at = event.at
    file(event.session, event.registry, ACTOR, child, "suspended", ground(event), event.at)
    event.registry.notify(TenderSuspended(event.session, event.registry, child.code, event.at))


def resumed(event: TenderResumed) -> None:
    """It goes on: the deadline lies later by as long as they stood still. Entry `tender.resumed` on them."""
    child = running(event)
    if child is None or child.suspended_at is None:
        return
    if child.state == "published":
        child.deadline = child.opens_at = later(child, event.at)
    child.suspended_at = None
    file(event.session, event.registry, ACTOR, child, "resumed", ground(event), event.at)
    event.registry.notify(TenderResumed(event.session, event.registry, child.code, event.at))


def running(event: TenderEvent) -> Tender | None:
    """The final offers of the procurement, locked, once they are called for and until they are taken."""
    child = standing.child_of(event.session, find(event.session, event.tender))
    if child is None or child.state not in RUNNING:
        return None
    return locked(event.session, child.code)


def ground(event: TenderEvent) -> Ground:
    """Why the procurement stands still or goes on; its paper stays with it."""
    last = interruptions_of(event.session, find(event.session, event.tender))[-1]
    return Ground(last.reason, last.article, order=last.order)


def later(child: Tender, at: datetime) -> datetime:
    """The deadline of suspended offers that go on at `at`; counted by the log's milliseconds, as others count it."""
    assert child.suspended_at is not None, "asked of suspended offers"
    return child.deadline + (parse_rfc3339(rfc3339(at)) - parse_rfc3339(rfc3339(child.suspended_at)))
