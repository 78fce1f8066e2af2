"""The sealed prices of a works by reasonable low price (名录内密封报价): a limited tender of their own, whose vault, close and
opening are those of every tender; and what the opened prices give."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bidding.lottery.models import PRICES, SmallWorks
from bidding.lottery.pricing import Offer, Ranking, reasonable_low
from bidding.roster import law
from bidding.tenders.invited import invite_exactly
from bidding.tenders.models import Tender
from bidding.tenders.service import advance
from bidding.vault.models import Bid, Outcome
from trading.accounts.models import User
from trading.acts import Actor, process, record
from trading.clock import rfc3339
from trading.parties.models import Party
from trading.projects import codes
from trading.projects.models import Lot, Project

HALL = process("prices")
LEAST = timedelta(hours=1)
"""what firms have at least between the frozen list and the deadline for prices"""
FEWEST = 3
"""so many prices are compared; fewer fail the works"""
WINDOW = timedelta(minutes=30)
"""time for firms to decrypt at the opening"""
OVER = ("handed_over", "failed", "cancelled")


def draft(session: Session, registry: Any, actor: Actor, works: SmallWorks, now: datetime) -> Tender:
    """The tender for the prices, as a draft that nobody is invited to yet: so that the custodians' keys are here when
    the list is frozen. Entry `tender.drafted` of its code."""
    project = session.scalars(select(Project).where(Project.code == works.code[:-3])).one()
    lot = Lot(
        project=project, number=1, code=codes.lot_code(works.code, 1), name=works.title, budget=works.estimate,
        ceiling=works.ceiling,
    )  # fmt: skip
    agency = session.get(Party, works.agency_id) if works.agency_id else None
    book = law.the_rulebook(registry)
    assert works.draw_at is not None, "published works have their times"
    child = Tender(
        code=f"{works.code}-P1", kind="small_works", state="draft", title=f"{works.title}（密封报价）",
        title_en="", lot=lot, tenderer=works.tenderer, agency=agency or works.tenderer,
        agent=session.get_one(User, actor.user_id), method="lowest-price", budget=works.estimate,
        ceiling=works.ceiling, security=0, form=form_of(works), rules=rules_of(works), rulebook_version=book.version,
        rulebook_hash=book.sha256, deadline=works.draw_at, opens_at=works.draw_at,
        bidder_window_s=int(WINDOW.total_seconds()), created_at=now, limited=True,
    )  # fmt: skip
    session.add(child)
    session.flush()
    invite_exactly(session, registry["keys"], child, ())
    record(session, actor, "tender.drafted", child.code, {"title": child.title, "kind": child.kind}, now)
    return child


def form_of(works: SmallWorks) -> dict[str, Any]:
    """What the rooms of bidding read of a tender: one price for the whole works."""
    assert works.draw_at is not None, "published works have their times"
    return {
        "prices_of": works.code, "method": works.method, "deadline": rfc3339(works.draw_at), "envelopes": 1,
        "vault_mode": "either", "decryption_minutes": int(WINDOW.total_seconds()) // 60, "bid_security": "0",
        "delivery_days": works.form["days"], "item_name": [works.title], "item_unit": ["项"],
        "item_quantity": ["1"],
    }  # fmt: skip


def rules_of(works: SmallWorks) -> dict[str, Any]:
    """The rules by which the prices are compared, exactly as they are published and signed."""
    return {
        "v": 1, "typ": "ebid.evaluation", "method": "reasonable-low", "formula": "F1", "minimum": FEWEST,
        "ceiling": f"{works.ceiling:.2f}", "k_values": works.k_values,
        "items": {"qualification": [], "conformity": []},
    }  # fmt: skip


def tender_of(session: Session, works: SmallWorks) -> Tender | None:
    """The tender for the prices, once the works are published."""
    return session.scalars(select(Tender).where(Tender.code == f"{works.code}-P1")).first()


def end(session: Session, registry: Any, works: SmallWorks, now: datetime) -> None:
    """Works that end take their sealed prices along: nobody opens them. Entry `tender.cancelled`."""
    child = tender_of(session, works)
    if child is None or child.state in OVER:
        return
    step, reason = ("discard" if child.state == "draft" else "cancel"), f"{works.code} ended"
    advance(session, registry, child, step, now, cancellation_reason=reason)
    record(session, HALL, "tender.cancelled", child.code, {"reason": reason}, now)


def are_open(session: Session, works: SmallWorks) -> bool:
    """Whether the prices are open, and on record."""
    child = tender_of(session, works)
    return child is not None and child.state == "handed_over"


def opened(session: Session, child: Tender) -> list[tuple[Bid, Offer]]:
    """The prices that were opened, in the order in which the ledger holds them. Only for use after the opening."""
    rows = session.execute(
        select(Bid, Outcome)
        .join(Outcome, Outcome.bid_id == Bid.id)
        .where(Bid.tender_id == child.id, Bid.status == "valid", Bid.kind == "bid", Outcome.outcome == "OK")
        .order_by(Bid.leaf_index)
    )
    return [(bid, Offer(bid.bidder_uscc or "", price_in(outcome))) for bid, outcome in rows]


def price_in(outcome: Outcome) -> Decimal:
    """The total of an opened price sheet."""
    return Decimal(json.loads(outcome.price_sheet or b"")["opening"]["total"])


def k_of(works: SmallWorks) -> str:
    """K in force: the printed one, or the drawn; "" while it is to be drawn."""
    if not works.steps:
        return works.k_values[0]
    return str(works.drawn["k"][0]).removeprefix("K=") if "k" in works.drawn else ""


def ranking_of(session: Session, works: SmallWorks) -> Ranking | None:
    """F1 over the opened prices with every step; None while they are sealed, K is not drawn, or no price is valid."""
    child, k = tender_of(session, works), k_of(works)
    if child is None or child.state != "handed_over" or not k:
        return None
    return reasonable_low([offer for _bid, offer in opened(session, child)], works.ceiling, k)


def price_of(session: Session, works: SmallWorks, org: str) -> Decimal:
    """What a firm has offered."""
    child = tender_of(session, works)
    assert child is not None, "prices are taken of a works by price"
    return next(offer.price for _bid, offer in opened(session, child) if offer.id == org)


def rank(session: Session, works: SmallWorks, now: datetime) -> None:
    """Fix the order of turns by the opened prices and K; entry `works.ranked`. Without a valid price it is empty."""
    found = ranking_of(session, works)
    works.drawn = {**works.drawn, PRICES: found.order if found else []}
    payload = {
        "k": k_of(works), "mean": str(found.mean) if found else "",
        "benchmark": str(found.benchmark) if found else "", "order": works.drawn[PRICES],
    }  # fmt: skip
    record(session, HALL, "works.ranked", works.code, payload, now)
