"""What stops a tender (暂停、恢复、终止、废标): by the buyers' decision, or by the authority's order.

Each has a reason, its article, a paper where there is one, a notice that everybody reads (bidders and
downloaders are told that way: nobody is named) and one entry. What runs while a tender stands still is
decided by the lifecycle's guards; the rooms with promises of their own listen to the events.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bidding.tenders.lifecycle import DECIDED, UNDER_WAY
from bidding.tenders.models import Interruption, Tender
from bidding.tenders.service import advance, locked
from trading.acts import Actor, record
from trading.clock import BEIJING, database_now, rfc3339
from trading.errors import refuse
from trading.events import OrderIssued, TenderResumed, TenderSuspended
from trading.ledger import canonical
from trading.live import announce
from trading.notices.models import Notice
from trading.notices.service import publish_notice
from trading.web import _

RUNNING = (*UNDER_WAY, *(state for state in DECIDED if state not in UNDER_WAY))
"""The states in which there is something to suspend."""
ARTICLES = {"suspended": "GPR 54", "resumed": "GPR 54", "cancelled": "M87 29", "failed": "GPL 36"}
"""The article by which buyers decide it themselves."""
NOTICES = {
    "suspended": "suspension",
    "resumed": "resumption",
    "cancelled": "cancellation",
    "failed": "failure",
}
WORDS = {
    "suspended": (
        "本项目自即日起暂停，恢复时间另行公告。暂停期间不接收投标文件，不截标、不开标、不定标。",
        "The procedure is suspended from now on until its resumption is published. Meanwhile no bid is admitted, "
        "and there is no closing, opening or award.",
    ),
    "resumed": ("本项目自即日起恢复进行。", "The procedure goes on from now."),
    "cancelled": ("本项目终止招标。", "The tender is cancelled."),
    "failed": ("本项目废标，将依法重新组织采购。", "The tender has failed. It will be tendered again."),
}


@dataclass(frozen=True)
class Ground:
    """Why: a reason to publish, its article, the paper's SHA-256 and the order's number ("" for none)."""

    reason: str
    article: str = ""
    document: str = ""
    order: str = ""


def interruptions_of(session: Session, tender: Tender) -> list[Interruption]:
    """Everything that stopped or resumed a tender, oldest first."""
    query = select(Interruption).where(Interruption.tender_id == tender.id)
    return list(session.scalars(query.order_by(Interruption.at, Interruption.id)))


def suspend(session: Session, registry: Any, actor: Actor, code: str, ground: Ground) -> Tender:
    """The procedure stands still (暂停): the close is revoked, nothing is admitted, opened or awarded.

    Entry `tender.suspended`. Raises Refused `tender.suspended` (it is already), `tender.step`, `tender.final-offers`."""
    tender = by_itself(locked(session, code))
    if tender.state not in RUNNING:
        raise refuse("tender.step", _("This is not possible at the present stage."))
    if tender.suspended_at is not None:
        raise refuse("tender.suspended", _("The procedure is already suspended."))
    now = database_now(session)
    tender.suspended_at = now
    file(session, registry, actor, tender, "suspended", ground, now)
    registry.notify(TenderSuspended(session, registry, code, now))
    return tender


def resume(session: Session, registry: Any, actor: Actor, code: str, ground: Ground) -> Tender:
    """The procedure goes on (恢复). Entry `tender.resumed`. Raises Refused `tender.not-suspended`,
    `tender.suspended-by-order` (only the authority lifts what it ordered), `tender.final-offers`, and
    `tender.deadline-needed` while the time to bid is not what the suspension found."""
    tender = by_itself(locked(session, code))
    if tender.suspended_at is None:
        raise refuse("tender.not-suspended", _("The procedure is not suspended."))
    if suspended_by_order(session, tender) and not ground.order:
        raise refuse(
            "tender.suspended-by-order", _("The authority has ordered this suspension: only its order ends it."),
            rule="GPL 57",
        )  # fmt: skip
    now = database_now(session)
    if tender.state == "published" and deadline_lost(tender, now):
        raise refuse(
            "tender.deadline-needed",
            _("The suspension has used up the time to bid: set a new deadline by amendment."),
            rule="M87 27", remedy=_("Publish an amendment with a lawful deadline, then resume."),
        )  # fmt: skip
    tender.suspended_at = None
    file(session, registry, actor, tender, "resumed", ground, now)
    registry.notify(TenderResumed(session, registry, code, now))
    return tender


def by_itself(tender: Tender) -> Tender:
    """The tender, unless it only collects the final offers of another: those stand still, go on and end with it, and not by themselves.
    Raises Refused `tender.final-offers`."""
    if tender.gathers:
        raise refuse(
            "tender.final-offers", _("Final offers follow the procurement that they belong to."),
            remedy=_("Stop the procurement itself."),
        )  # fmt: skip
    return tender


@dataclass(frozen=True)
class Standstill:
    """Why a tender stands still, and how much time to bid was left when it began (None: bids are no longer taken)."""

    why: Interruption
    left: timedelta | None

    @property
    def minutes(self) -> int:
        """Whole minutes that were left."""
        return int((self.left or timedelta()).total_seconds() // 60)


def standstill(session: Session, tender: Tender) -> Standstill | None:
    """The suspension that lasts; None for a tender that goes on."""
    stops = [each for each in interruptions_of(session, tender) if each.kind == "suspended"]
    if tender.suspended_at is None or not stops:
        return None
    left = tender.deadline - tender.suspended_at
    return Standstill(stops[-1], left if tender.state == "published" and left > timedelta() else None)


def suspended_by_order(session: Session, tender: Tender) -> bool:
    """Whether the suspension that lasts was ordered by the authority."""
    stops = [each for each in interruptions_of(session, tender) if each.kind == "suspended"]
    return tender.suspended_at is not None and bool(stops) and bool(stops[-1].order)


def deadline_lost(tender: Tender, now: datetime) -> bool:
    """Whether the suspension took more than half of the time that was left to bid when it began."""
    assert tender.suspended_at is not None, "asked of a suspended tender"
    return tender.deadline - now < (tender.deadline - tender.suspended_at) / 2


def cancel(session: Session, registry: Any, actor: Actor, code: str, ground: Ground) -> Tender:
    """The purchase is given up (终止招标). Entry `tender.cancelled`. Raises Refused `tender.step`."""
    return end(
        session, registry, actor, code, "cancel", "cancelled", ground, cancellation_reason=ground.reason
    )


def fail(session: Session, registry: Any, actor: Actor, code: str, ground: Ground) -> Tender:
    """The tender fails for an unlawful act or because the purchase is void (废标, GPL 36). Entry
    `tender.failed`. Raises Refused `tender.step`."""
    step = "fail_for_unlawful_act"
    return end(session, registry, actor, code, step, "failed", ground, unlawful_act=ground.reason)


def end(
    session: Session,
    registry: Any,
    actor: Actor,
    code: str,
    step: str,
    how: str,
    ground: Ground,
    **facts: Any,
) -> Tender:
    tender = by_itself(locked(session, code))
    now = database_now(session)
    file(session, registry, actor, tender, how, ground, now)
    return advance(session, registry, tender, step, now, **facts)


def file(
    session: Session, registry: Any, actor: Actor, tender: Tender, kind: str, ground: Ground, now: datetime
) -> None:
    """The row, the entry, the notice, and the word to whoever watches."""
    article = ground.article or ARTICLES[kind]
    session.add(
        Interruption(
            tender_id=tender.id, kind=kind, reason=ground.reason, article=article, document=ground.document,
            order=ground.order, at=now,
        )
    )  # fmt: skip
    payload = {
        "reason": ground.reason,
        "article": article,
        "document": ground.document,
        "order": ground.order,
    }
    if kind in ("suspended", "resumed"):
        payload["deadline"] = rfc3339(tender.deadline)
    record(session, actor, f"tender.{kind}", tender.code, payload, now)
    put_up(session, registry, tender, kind, payload, now)
    announce(session, registry["queue"], f"tender:{tender.code}", "state", state=tender.state)


def put_up(
    session: Session, registry: Any, tender: Tender, kind: str, payload: dict[str, str], now: datetime
) -> Notice:
    """The notice (暂停公告、恢复公告、终止公告、废标公告)."""
    body = {
        "v": 1,
        "typ": f"ebid.{NOTICES[kind]}",
        "tender": tender.code,
        "lot": tender.lot.code,
        "at": rfc3339(now),
    }
    chinese, english = WORDS[kind]
    by_order = payload["order"]
    zh = [chinese, f"理由：{payload['reason']}（{payload['article']}）。"]
    en = [english, f"Reason: {payload['reason']} ({payload['article']})."]
    if by_order:
        zh.append(f"依据：监管部门决定 {by_order}。")
        en.append(f"By order {by_order} of the supervising authority.")
    if kind == "resumed" and tender.state == "published":
        local = tender.deadline.astimezone(BEIJING).strftime("%Y-%m-%d %H:%M")
        zh.append(f"投标截止时间：{local}（北京时间）。")
        en.append(f"Bid deadline: {local} (Beijing).")
    return publish_notice(
        session, registry["queue"], kind=NOTICES[kind], tender=tender.code, title=tender.title,
        region=tender.lot.project.region, body=canonical.dumps(body | payload), cms=None, at=now,
        shown={"title_en": tender.title_en, "buyer": tender.tenderer.name, "agency": tender.agency.name,
               "text": {"zh": zh, "en": en}},
        listed=not tender.limited or kind in ("cancelled", "failed"),
    )  # fmt: skip


def obey(event: OrderIssued) -> None:
    """Carries out an order to suspend or to resume."""
    if event.order not in ("suspend", "resume"):
        return
    act = suspend if event.order == "suspend" else resume
    ground = Ground(event.reason, article="GPL 57", order=event.ref)
    act(event.session, event.registry, event.actor, event.tender, ground)
