"""The deadlines between the report and the award (定标、公示时限): the purchaser's confirmation, the publication of
the result, and the period of its publicity."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bidding.awards.candidates import CONFIRM, NOTICE, PERIOD
from bidding.awards.models import Award, Candidate
from bidding.evaluation.models import EvaluationReport
from bidding.tenders.models import Tender
from trading.deadlines import Deadline, of_tender
from trading.rulebook import here
from trading.rulebook.calendar import beijing_date
from trading.web import _


def clocks(session: Session, registry: Any, now: datetime) -> list[Deadline]:
    """Of every tender that is evaluated and has no published result, and of results whose publicity runs."""
    return [*to_confirm(session), *publicity(session, now)]


def to_confirm(session: Session) -> Iterator[Deadline]:
    confirmed = func.max(Candidate.confirmed_at)
    mine = (Candidate.tender_id == Tender.id) & (Candidate.round == Tender.round)
    query = (
        select(Tender, EvaluationReport.delivered_at, select(confirmed).where(mine).scalar_subquery())
        .join(EvaluationReport, EvaluationReport.tender_id == Tender.id)
        .where(EvaluationReport.round == Tender.round, EvaluationReport.delivered_at.is_not(None))
        .where(Tender.state == "evaluated")
        .order_by(EvaluationReport.delivered_at)
    )
    for tender, delivered, decided in session.execute(query):
        started = decided or delivered
        rule = here.rulebook().rule(NOTICE if decided else CONFIRM, beijing_date(started))
        words = _("Result to be published") if decided else _("Winner to be confirmed")
        yield of_tender(tender, words, started, rule)


def publicity(session: Session, now: datetime) -> Iterator[Deadline]:
    query = select(Tender, Award).join(Award, Award.tender_id == Tender.id)
    query = query.where(Award.publicity_ends_at > now, Award.issued_at.is_not(None))
    for tender, award in session.execute(query.order_by(Award.publicity_ends_at)):
        yield of_tender(
            tender, _("Publicity of the result"), award.issued_at, due=award.publicity_ends_at, kind="period",
            department="", party_id=None, item=PERIOD, key=f"tender/{tender.code}/{PERIOD}/{award.number}",
        )  # fmt: skip
