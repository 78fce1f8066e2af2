"""The deals that turnover is counted of (成交项目): awards that stand, by what the board shows of them."""

from __future__ import annotations

from datetime import time
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Select, case, func, select
from sqlalchemy.orm import Session

from bidding.awards.models import Award, Candidate
from bidding.awards.turnover import Deal, Month, Row, Sum
from bidding.tenders.drafts import kind_of
from bidding.tenders.models import Tender
from bidding.tenders.papers import template_of
from trading.notices.models import Notice
from trading.parties.models import Party
from trading.rulebook.calendar import at_beijing

STATES = ("awarded", "contracted")
LIMIT = case((Tender.ceiling > 0, Tender.ceiling), else_=Tender.budget)


def deals_of(session: Session, registry: Any, month: Month) -> list[Deal]:
    """The deals of a month, the newest notice first, by one query. A deal belongs to the month of the notice that
    names its winner; who was awarded and gave up, or whose award was voided, is in none."""
    subject = _subjects(registry)
    query = standing(
        select(
            Tender.code, Tender.title, Tender.title_en, Party.name, Notice.shown["winner"].astext, Tender.kind,
            Tender.form["template"].astext, Notice.region, Candidate.price, LIMIT, Notice.id, Notice.published_at,
        ),
        month, month.later(1),
    ).order_by(Notice.published_at.desc(), Tender.code)  # fmt: skip
    return [
        Deal(
            tender=code, title=title, title_en=title_en, buyer=buyer, winner=winner or "", kind=kind,
            subject=subject(kind, template or ""), region=region, price=price, limit=limit, notice=str(notice), at=at,
        )
        for code, title, title_en, buyer, winner, kind, template, region, price, limit, notice, at in session.execute(query)
    ]  # fmt: skip


def months_of(session: Session, year: int) -> list[Row]:
    """The months of a year in which there are deals, with their exact sums."""
    month: ColumnElement[str] = func.to_char(func.timezone("Asia/Shanghai", Notice.published_at), "YYYY-MM")
    query = standing(
        select(month.label("in_month"), func.count(), func.sum(Candidate.price), func.sum(LIMIT)),
        Month(year, 1), Month(year + 1, 1),
    )  # fmt: skip
    rows = session.execute(query.group_by("in_month").order_by("in_month"))
    return [Row(key, Sum(count, price, limit)) for key, count, price, limit in rows]


def standing(query: Select[Any], begins: Month, ends: Month) -> Select[Any]:
    """Of awards that were issued and stand, with a notice on the board from `begins` until before `ends`."""
    first, after = (at_beijing(each.first_day, time()) for each in (begins, ends))
    return (
        query.select_from(Notice)
        .join(Award, Award.result_notice_id == Notice.id)
        .join(Candidate, Candidate.id == Award.candidate_id)
        .join(Tender, Tender.id == Award.tender_id)
        .join(Party, Party.id == Tender.tenderer_id)
        .where(
            Notice.kind.in_(("result", "award")), Notice.listed, Notice.published_at >= first,
            Notice.published_at < after, Award.issued_at.is_not(None), Award.withdrawn_at.is_(None),
            Candidate.declined_at.is_(None), Tender.state.in_(STATES),
        )
    )  # fmt: skip


def _subjects(registry: Any) -> Any:
    """(kind, template) → what is bought; goods where no template says."""

    @cache
    def subject(kind: str, template: str) -> str:
        return str(template_of(kind_of(registry, kind), template)["subject"]) if template else "goods"

    return subject
