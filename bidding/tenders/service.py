"""The tender's services: find, draft, publish, and the one place where its state changes."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session
from translationstring import TranslationStringFactory

from bidding.tenders.facts import Facts
from bidding.tenders.lifecycle import TENDER
from bidding.tenders.models import Tender
from trading.clock import database_now
from trading.errors import Fault, Refused, refuse
from trading.events import TenderEnded
from trading.lifecycle import StepRefused
from trading.live import announce
from trading.rulebook.book import Rulebook
from trading.rulebook.calendar import Calendar, beijing_date
from trading.rulebook.methods import OPEN, least_offers

_ = TranslationStringFactory("tradehall")


ENDS = ("failed", "cancelled", "contracted")


@cache
def the_rulebook() -> Rulebook:
    """The rulebook in force here, read once a process."""
    return Rulebook.load()


@cache
def the_calendar() -> Calendar:
    """The working-day calendar, read once a process."""
    return Calendar.load()


def find(session: Session, code: str) -> Tender:
    """The tender of a code. Raises Refused `tender.unknown`."""
    tender = session.scalars(select(Tender).where(Tender.code == code)).first()
    if tender is None:
        raise refuse("tender.unknown", _("There is no tender of this code."), field="tender")
    return tender


def locked(session: Session, code: str) -> Tender:
    """The tender of a code, its row locked until the transaction ends. Raises Refused `tender.unknown`.

    Rows that were read before the lock are read anew: whoever held it may have changed them."""
    found = select(Tender).where(Tender.code == code).with_for_update(of=Tender)
    tender = session.scalars(found.execution_options(populate_existing=True)).first()
    if tender is None:
        raise refuse("tender.unknown", _("There is no tender of this code."), field="tender")
    for row in session.identity_map.values():
        if row is not tender:
            session.expire(row)
    return tender


def must_go_on(tender: Tender) -> None:
    """Raises Refused `tender.suspended` for an act that waits while the procedure is suspended."""
    if tender.suspended_at is not None:
        raise refuse(
            "tender.suspended", _("The procedure is suspended until a query or complaint is decided."),
            remedy=_("Try again once its resumption is published."),
        )  # fmt: skip


def minimum(rule_id: str, at: datetime) -> int:
    """A count that the rulebook asks for on the Beijing day of `at`, such as P7 (bidders)."""
    return the_rulebook().rule(rule_id, beijing_date(at)).integer


def least_offers_of(method: str, ground: str, subject: str, at: datetime) -> int:
    """How many bidders it lawfully takes for a publication at `at`, such as P7 for open tenders."""
    return least_offers(method, the_rulebook(), beijing_date(at), ground, subject).integer


def method_of(tender: Tender) -> str:
    """The method of procurement (采购方式): trading.rulebook.methods. Forms of earlier days are open tenders'."""
    return str(tender.form.get("method") or OPEN)


def least_bidders(tender: Tender, at: datetime) -> int:
    """How many bidders it takes: what the published rules say, before that the rulebook's P7."""
    return int(tender.rules.get("minimum") or minimum("P7", at))


def moved_deadline(tender: Tender) -> datetime | None:
    """Until when final offers are taken where a suspension has moved the deadline of their signed policy; None for any
    other tender, whose deadline only a signed amendment moves."""
    return tender.deadline if tender.parent_id is not None else None


def facts_of(tender: Tender, now: datetime, **given: Any) -> Facts:
    """The facts of a step at `now`; `given` overrides the defaults that Facts explains."""
    bidders = least_bidders(tender, now)
    qualified = min(bidders, minimum("P7.qualified", now))
    counted: dict[str, Any] = {"bids_at_close": bidders, "bids_opened": bidders, "qualified": qualified}
    counted["suspended"] = tender.suspended_at is not None
    counted["gathers_offers"] = tender.gathers
    return Facts(
        state=tender.state,
        now=now,
        deadline=tender.deadline,
        opening_at=tender.opens_at,
        minimum_bidders=bidders,
        minimum_qualified=qualified,
        **(counted | given),
    )


def advance(
    session: Session, registry: Any, tender: Tender, step: str, now: datetime | None = None, **facts: Any
) -> Tender:
    """Take one step of the tender's life; the only place where `tender.state` changes.

    Locks the tender's row, reads the clock after the lock (unless the caller names the instant at which
    it judged), checks the step's guards over `facts` (fields of bidding.tenders.facts.Facts) tells
    watchers of the channel `tender:<code>`, and at an end the rooms that follow (TenderEnded). Writes no ledger entry: that is the act's own. `registry`
    may be None where no queue is needed. Raises Refused with code `tender.step` and each guard's reason.
    """
    session.flush()
    session.refresh(tender, ["state", "deadline", "opens_at", "suspended_at"], with_for_update={"of": Tender})
    judged = facts_of(tender, now or database_now(session), **facts)
    try:
        TENDER.apply(step, judged)
    except StepRefused as refused:
        raise Refused([Fault("tender.step", reason) for reason in refused.reasons]) from refused
    tender.state = judged.state
    session.flush()
    queue = registry["queue"] if registry is not None else None
    announce(session, queue, f"tender:{tender.code}", "state", state=tender.state)
    if registry is not None and tender.state in ENDS:
        registry.notify(TenderEnded(session, registry, tender.code, judged.now, tender.state))
    return tender
