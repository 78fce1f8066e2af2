"""Orders of the supervising authority (监管决定): made, shown with their consequences, signed, carried out.

An order is a signed document, an entry and a notice; the rooms that carry it out listen to the event, and
what cannot be carried out is refused before anything is issued.
"""

from __future__ import annotations

import hashlib
import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from trading.accounts import certificates
from trading.acts import Actor, record
from trading.clock import database_now, rfc3339
from trading.errors import refuse
from trading.events import OrderIssued
from trading.evidence import accept
from trading.ledger import canonical
from trading.notices.models import Notice
from trading.notices.service import publish_notice
from trading.rulebook.calendar import beijing_date, end_of
from trading.supervision.cases import NUMBERS
from trading.supervision.commands import IssueOrder
from trading.supervision.models import Case, Order
from trading.supervision.words import ORDERS_EN, ORDERS_ZH
from trading.web import _

KINDS = ("suspend", "resume", "correct", "re-evaluate", "new-committee", "void-award")
REPORTED = ("correct",)
"""Orders that the buyers have to report on."""


def find(session: Session, number: str) -> Order:
    """The order of a number. Raises Refused `order.unknown`."""
    found = session.scalars(select(Order).where(Order.number == number).with_for_update()).first()
    if found is None:
        raise refuse("order.unknown", _("There is no order of this number."))
    return found


def issued(session: Session, tender: str | None = None) -> list[Order]:
    """The issued orders (of one tender), newest first."""
    query = select(Order).where(Order.issued_at.is_not(None))
    if tender is not None:
        query = query.where(Order.tender == tender)
    return list(session.scalars(query.order_by(Order.issued_at.desc())))


def unanswered(session: Session) -> list[Order]:
    """Orders whose report is still to come, the earliest first."""
    query = select(Order).where(
        Order.issued_at.is_not(None), Order.answer_by.is_not(None), Order.answered_at.is_(None)
    )
    return list(session.scalars(query.order_by(Order.answer_by)))


def prepare(
    session: Session, officer: uuid.UUID, department: str, tender: Any, command: IssueOrder, document: str
) -> Order:
    """The order's bytes, to be looked at and signed; nothing has happened yet. Raises Refused
    `order.answer-by`, `order.case`."""
    now = database_now(session)
    if command.order in REPORTED and (command.answer_by is None or command.answer_by < beijing_date(now)):
        raise refuse("order.answer-by", _("Say by which day the buyers report."), field="answer_by")
    if (
        command.case
        and session.scalars(
            select(Case).where(Case.number == command.case, Case.tender == tender.code)
        ).first()
        is None
    ):
        raise refuse("order.case", _("There is no case of this number in this tender."), field="case")
    answer_by = end_of(command.answer_by) if command.order in REPORTED and command.answer_by else None
    order = Order(
        number=next_number(session, now), tender=tender.code, place=None, kind=command.order, department=department,
        reason=command.reason, article=command.article, document=document, case_number=command.case,
        answer_by=answer_by, officer_id=officer, made_at=now, raw=b"",
    )  # fmt: skip
    order.raw = canonical.dumps(
        {"v": 1, "typ": "ebid.order", "number": order.number, "tender": order.tender, "order": order.kind,
         "authority": department, "reason": order.reason, "article": order.article, "document": document,
         "case": order.case_number, "answer_by": rfc3339(answer_by) if answer_by else None, "at": rfc3339(now)}
    )  # fmt: skip
    session.add(order)
    session.flush()
    return order


def next_number(session: Session, now: datetime) -> str:
    session.execute(select(func.pg_advisory_xact_lock(NUMBERS)))
    prefix = f"O-{beijing_date(now).year}-"
    greatest = session.scalar(select(func.max(Order.number)).where(Order.number.startswith(prefix)))
    return f"{prefix}{int(greatest[len(prefix) :]) + 1 if greatest else 1:05}"


def issue(
    session: Session, registry: Any, actor: Actor, officer: uuid.UUID, number: str, cms: bytes, tender: Any
) -> Order:
    """The officer's signature makes it an order: filed, published, carried out. Entry `order.issued`, and
    those of what is carried out. Raises Refused `order.issued`, `order.not-yours`, `signature.*`,
    `certificate.*`, and whatever the rooms that carry it out refuse."""
    order, now = find(session, number), database_now(session)
    if order.issued_at is not None:
        raise refuse("order.issued", _("This order is issued already."))
    if order.officer_id != officer:
        raise refuse("order.not-yours", _("Another officer has prepared this order."))
    found = accept(session, registry, order.tender, order.raw, cms, now)
    certificates.own(session, officer, found.certificate_sha256, now)
    session.execute(select(func.pg_advisory_xact_lock(NUMBERS)))
    order.place = 1 + len(issued(session, order.tender))
    order.cms, order.issued_at = cms, now
    payload = {
        "number": order.number, "place": order.place, "order": order.kind, "authority": order.department,
        "reason": order.reason, "article": order.article, "document": order.document, "case": order.case_number,
        "answer_by": rfc3339(order.answer_by) if order.answer_by else None,
        "file": hashlib.sha256(order.raw).hexdigest(), "p7s": hashlib.sha256(cms).hexdigest(),
    }  # fmt: skip
    record(session, actor, "order.issued", order.tender, payload, now)
    put_up(session, registry, order, tender, now)
    registry.notify(
        OrderIssued(session, registry, order.tender, now, order.kind, order.number, order.reason, actor)
    )
    session.flush()
    return order


def put_up(session: Session, registry: Any, order: Order, tender: Any, now: datetime) -> Notice:
    """The order's notice on the board."""
    notice = session.scalars(
        select(Notice).where(Notice.tender == order.tender, Notice.kind == "tender")
    ).first()
    region = notice.region if notice else registry.settings["hall.region"]
    zh = [
        f"监管部门决定：{ORDERS_ZH[order.kind]}（{order.number}）。",
        f"理由：{order.reason}（{order.article}）。",
    ]
    en = [
        f"The authority orders: {ORDERS_EN[order.kind]} ({order.number}).",
        f"Reason: {order.reason} ({order.article}).",
    ]
    return publish_notice(
        session, registry["queue"], kind="order", tender=order.tender, title=tender.title, region=region,
        body=order.raw, cms=order.cms, at=now,
        shown={"title_en": tender.title_en, "buyer": order.department, "text": {"zh": zh, "en": en}},
    )  # fmt: skip


def answer(session: Session, actor: Actor, number: str, words: str, document: str = "") -> Order:
    """The buyers report what they corrected; entry `order.answered`. Raises Refused `order.closed`."""
    order, now = find(session, number), database_now(session)
    if order.issued_at is None or order.answer_by is None or order.answered_at is not None:
        raise refuse("order.closed", _("There is nothing to report on this order."))
    order.answered_at, order.answer, order.answer_document = now, words, document
    payload = {"number": number, "words": words, "document": document}
    record(session, actor, "order.answered", order.tender, payload, now)
    session.flush()
    return order
