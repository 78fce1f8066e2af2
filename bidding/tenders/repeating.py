"""Tendering again what ended without an award (重新招标), and what the law advises after repeated failures (多次废标)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bidding.tenders import drafts
from bidding.tenders.models import Tender
from bidding.tenders.service import locked, the_rulebook
from trading.accounts.models import User
from trading.acts import Actor, record
from trading.clock import database_now
from trading.errors import refuse
from trading.rulebook.book import Rule
from trading.rulebook.calendar import beijing_date
from trading.web import _

EXAMINE = {"procurement": "P15.examine"}
"""The rule to follow after every failure, by the law that applies."""
ANOTHER_WAY = {"procurement": "P15.another_method", "bidding_law": "T12.second_failure"}
"""The rule that offers another way once so many tenders have failed."""


def predecessors(session: Session, tender: Tender) -> list[Tender]:
    """The tenders that this one repeats, the latest first."""
    found: list[Tender] = []
    while tender.predecessor_id is not None:
        tender = session.get_one(Tender, tender.predecessor_id)
        found.append(tender)
    return found


def successor(session: Session, tender: Tender) -> Tender | None:
    """The tender that repeats this one, a draft included, or None."""
    query = select(Tender).where(Tender.predecessor_id == tender.id, Tender.state != "cancelled")
    return session.scalars(query.order_by(Tender.created_at.desc())).first()


def failures_of(session: Session, tender: Tender) -> int:
    """How often this purchase has failed, this tender included."""
    return sum(each.state == "failed" for each in (tender, *predecessors(session, tender)))


def advice(session: Session, registry: Any, tender: Tender, now: datetime) -> list[Rule]:
    """What the law tells the buyers to do about a failed tender before they tender again; empty for one that
    has not failed."""
    if tender.state != "failed":
        return []
    regime, book, day = drafts.kind_of(registry, tender.kind).regime, the_rulebook(), beijing_date(now)
    rules = [book.find(rule_of[regime], day) for rule_of in (EXAMINE, ANOTHER_WAY) if regime in rule_of]
    failures = failures_of(session, tender)
    return [rule for rule in rules if rule is not None and failures >= rule.integer]


def retender(session: Session, registry: Any, actor: Actor, user: User, code: str) -> Tender:
    """A new draft of a failed or cancelled tender, with the earliest lawful dates from today (重新招标).

    Entry `tender.retendered` on the new one; it keeps what the buyers were advised. Raises Refused
    `tender.not-ended`, `tender.retendered`."""
    old = locked(session, code)
    if old.state not in ("failed", "cancelled") or old.published_at is None:
        raise refuse("tender.not-ended", _("Only a failed or cancelled tender can be tendered again."))
    if (known := successor(session, old)) is not None:
        message = _("It is tendered again as ${code}.", mapping={"code": known.code})
        raise refuse("tender.retendered", message)
    now = database_now(session)
    form = drafts.draft_of(old)
    fresh = drafts.timetable(drafts.kind_of(registry, old.kind), form.method, now)
    command = type(form).model_validate(form.model_dump(mode="json") | fresh)
    made = drafts.create_draft(session, registry, actor, user, command)
    made.predecessor_id = old.id
    payload = {
        "predecessor": old.code,
        "how": old.state,
        "failures": failures_of(session, old),
        "advised": [rule.id for rule in advice(session, registry, old, now)],
    }
    record(session, actor, "tender.retendered", made.code, payload, now)
    session.flush()
    return made
