"""The docket (公示): every query, complaint and order as everybody may read it, without who filed it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from trading.deals.days import last_day_before
from trading.notices.models import Notice
from trading.rulebook.clocks import Light
from trading.supervision import case_clocks
from trading.supervision.models import Case, Order

PAGE = 30


@dataclass(frozen=True)
class Row:
    """A case on the docket. `due` is the last day of what comes next, None when the clock stands still or
    the case is closed."""

    case: Case
    title: str
    title_en: str
    parent: str
    due: date | None
    light: Light


@dataclass(frozen=True)
class Docket:
    """One page of the docket."""

    rows: list[Row]
    total: int
    page: int
    pages: int


def docket(session: Session, now: datetime, *, text: str = "", page: int = 1) -> Docket:
    """The cases, the newest first; `text` is looked for in numbers, tenders' codes and titles."""
    query = select(Case)
    if wanted := text.strip():
        titled = select(Notice.tender).where(
            Notice.kind == "tender", Notice.title.icontains(wanted, autoescape=True)
        )
        number = Case.number.icontains(wanted, autoescape=True) | Case.tender.icontains(
            wanted, autoescape=True
        )
        query = query.where(number | Case.tender.in_(titled))
    total = session.execute(select(func.count()).select_from(query.subquery())).scalar_one()
    pages = max(1, -(-total // PAGE))
    page = min(max(1, page), pages)
    newest = query.order_by(Case.filed_at.desc(), Case.number.desc()).offset((page - 1) * PAGE).limit(PAGE)
    return Docket(rows(session, list(session.scalars(newest)), now), total, page, pages)


def rows(session: Session, found: list[Case], now: datetime) -> list[Row]:
    """The cases with what is shown beside them."""
    return [row(session, case, now) for case in found]


def row(session: Session, case: Case, now: datetime) -> Row:
    notice = session.scalars(
        select(Notice).where(Notice.tender == case.tender, Notice.kind == "tender")
    ).first()
    parent = session.get(Case, case.parent_id) if case.parent_id else None
    due = last_day_before(case.due_at) if case.due_at and case.closed_at is None else None
    return Row(
        case, notice.title if notice else case.tender, notice.shown.get("title_en", "") if notice else "",
        parent.number if parent else "", due, case_clocks.light_of(session, case, now),
    )  # fmt: skip


def order_light(order: Order, now: datetime) -> Light:
    """Red when a report is overdue; the last day but one is not told apart, since the officer names the day."""
    if order.answer_by is None or order.answered_at is not None:
        return "done"
    assert order.issued_at is not None, "only issued orders are shown"
    if now >= order.answer_by:
        return "red"
    return "yellow" if (now - order.issued_at) * 5 >= (order.answer_by - order.issued_at) * 4 else "green"
