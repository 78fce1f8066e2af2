"""What an order of the authority does to an award (监管决定): void it, or have the bids evaluated again."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from bidding.awards.candidates import Standing, load, report_of
from bidding.evaluation import rounds
from bidding.tenders import interruptions
from bidding.tenders.interruptions import Ground
from bidding.tenders.models import Tender
from bidding.tenders.service import advance, locked
from trading.acts import Actor, record
from trading.clock import database_now
from trading.deals import service as deals
from trading.errors import refuse
from trading.events import OrderIssued
from trading.web import _

AGAIN = ("re-evaluate", "new-committee")


def obey(event: OrderIssued) -> None:
    """Carries out an order to void the award or to evaluate again."""
    if event.order == "void-award":
        void(event.session, event.registry, event.actor, event.tender, event.ref, event.reason)
    elif event.order in AGAIN:
        tender = locked(event.session, event.tender)
        withdraw(event.session, event.actor, tender, event.ref, event.reason)
        rounds.begin(
            event.session, event.registry, event.actor, tender, event.ref, event.reason,
            another=event.order == "new-committee",
        )  # fmt: skip


def void(session: Session, registry: Any, actor: Actor, code: str, order: str, reason: str) -> Tender:
    """The award is void (中标无效): the next in rank may be confirmed; with nobody left the tender fails.

    Entry `award.voided`. Raises Refused `award.none`, `contract.signed`."""
    tender = locked(session, code)
    standing = withdraw(session, actor, tender, order, reason)
    if standing is None:
        raise refuse("award.none", _("There is no award that could be voided."))
    left, now = len(standing.left) + 1, database_now(session)
    if left > 1:
        advance(session, registry, tender, "void_award", now, order=order, candidates=left)
    else:
        ground = Ground(reason, article="GPL 36", order=order)
        interruptions.fail(session, registry, actor, code, ground)
    return tender


def withdraw(session: Session, actor: Actor, tender: Tender, order: str, reason: str) -> Standing | None:
    """Take back the award that stands; None when there is none. The winner is told on its page, and
    everybody by the notice. Raises Refused `contract.signed`."""
    if report_of(session, tender) is None:
        return None
    standing = load(session, tender)
    award, candidate = standing.standing_award, standing.next
    if award is None or candidate is None:
        return None
    deals.no_longer_expected(session, tender.code)
    now: datetime = database_now(session)
    award.withdrawn_at = candidate.declined_at = now
    candidate.decline_reason, candidate.voided_by = reason, order
    manifest = standing.place_of(candidate).bid.manifest
    payload = {"manifest": manifest, "order": order, "reason": reason}
    record(session, actor, "award.voided", tender.code, payload, now)
    session.flush()
    return standing
