"""The candidates of an evaluated tender (中标候选人): from the report, confirmed in rank order (M87 68).

The purchaser has five working days from receiving the report; if it is silent, the law confirms the
first in rank.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bidding.awards.models import Award, Candidate
from bidding.awards.standings import HandedIn, Place, standings
from bidding.evaluation.models import EvaluationReport
from bidding.tenders.models import Tender
from bidding.tenders.service import locked, must_go_on, the_calendar, the_rulebook
from bidding.vault.models import Bid, Outcome
from trading.acts import Actor, process, record
from trading.clock import database_now
from trading.errors import refuse
from trading.events import TenderResumed
from trading.outbox import promise
from trading.rulebook.calendar import beijing_date
from trading.rulebook.clocks import Clock, due
from trading.web import _

SILENCE = "award.silence"
CONFIRM, NOTICE, PERIOD = "P10.confirm", "P10.notice", "P10.period"


@dataclass
class Standing:
    """Everything about how a tender ended: every bid's place, the candidates, the awards."""

    tender: Tender
    report: EvaluationReport
    bids: dict[str, Bid]
    """the valid bids of the close, by manifest hash"""
    places: list[Place]
    candidates: list[Candidate]
    awards: list[Award]
    """of all evaluations"""

    @cached_property
    def by_bid(self) -> dict[uuid.UUID, Place]:
        return {self.bids[place.bid.manifest].id: place for place in self.places}

    def place_of(self, candidate: Candidate) -> Place:
        return self.by_bid[candidate.bid_id]

    @property
    def left(self) -> list[Candidate]:
        """The candidates who have not given up, in rank order."""
        return [candidate for candidate in self.candidates if candidate.declined_at is None]

    @property
    def next(self) -> Candidate | None:
        """Whom the award goes to, or has gone to."""
        return self.left[0] if self.left else None

    @property
    def issued(self) -> list[Award]:
        """The awards issued after the evaluation that counts, in order."""
        mine = {candidate.id for candidate in self.candidates}
        return [a for a in self.awards if a.issued_at is not None and a.candidate_id in mine]

    @property
    def standing_award(self) -> Award | None:
        """The award that holds now."""
        last = self.issued[-1] if self.issued else None
        return last if last and last.withdrawn_at is None else None


def report_of(session: Session, tender: Tender) -> EvaluationReport | None:
    """The delivered report of a tender, or None."""
    query = select(EvaluationReport).where(
        EvaluationReport.tender_id == tender.id,
        EvaluationReport.round == tender.round,
        EvaluationReport.delivered_at.is_not(None),
    )
    return session.scalars(query).first()


def load(session: Session, tender: Tender) -> Standing:
    """Where everything stands; candidates are made of the report when there are none yet. Raises Refused
    `award.not-evaluated`."""
    report = report_of(session, tender)
    if report is None:
        raise refuse("award.not-evaluated", _("The evaluation report is not delivered yet."))
    rows = session.execute(
        select(Bid, Outcome.outcome)
        .outerjoin(Outcome, Outcome.bid_id == Bid.id)
        .where(Bid.tender_id == tender.id, Bid.status == "valid", Bid.kind == "bid")
    ).all()
    bids = {row.Bid.manifest_hash: row.Bid for row in rows}
    handed_in = [
        HandedIn(row.Bid.bidder_uscc, row.Bid.bidder_name, row.Bid.manifest_hash, row.outcome == "OK")
        for row in rows
    ]
    places = standings(json.loads(report.raw), json.loads(report.inputs), handed_in)
    candidates = session.scalars(
        select(Candidate)
        .where(Candidate.tender_id == tender.id, Candidate.round == tender.round)
        .order_by(Candidate.rank, Candidate.bid_id)
    ).all()
    awards = session.scalars(select(Award).where(Award.tender_id == tender.id).order_by(Award.number)).all()
    standing = Standing(tender, report, bids, places, list(candidates), list(awards))
    if not standing.candidates:
        standing.candidates = recommend(session, standing)
    return standing


def recommend(session: Session, standing: Standing) -> list[Candidate]:
    """The candidates that the report recommends: as many as the tender document said, in rank order."""
    most = standing.tender.rules.get("candidates", 3)
    rows = [
        Candidate(
            tender_id=standing.tender.id, round=standing.tender.round, bid_id=standing.bids[place.bid.manifest].id, rank=place.rank,
            price=Decimal(place.price or "0"), evaluation_price=Decimal(place.evaluation_price or "0"),
            decline_reason="",
        )
        for place in standing.places
        if place.rank is not None and place.rank <= most
    ]  # fmt: skip
    session.add_all(rows)
    session.flush()
    return rows


# --- confirmation ---------------------------------------------------------------------------------


def confirm_by(standing: Standing) -> datetime:
    """The first instant at which silence has confirmed the first candidate."""
    delivered = standing.report.delivered_at
    assert delivered is not None, "only delivered reports are loaded"
    return ends(CONFIRM, delivered)


def ends(rule: str, started: datetime) -> datetime:
    """The first instant after a period that a rule gives from `started`."""
    instants = due(Clock.of(the_rulebook().rule(rule, beijing_date(started)), started), the_calendar())
    assert instants is not None, "a clock without pauses ends"
    return instants.red


def begin(session: Session, registry: Any, payload: dict[str, Any]) -> None:
    """Keeps the promise that the report's delivery made: the candidates stand, the clock of the
    purchaser's confirmation runs."""
    tender = locked(session, payload["tender"])
    if tender.state == "evaluated":
        promise(session, SILENCE, {"tender": tender.code}, confirm_by(load(session, tender)))


def silence(session: Session, registry: Any, payload: dict[str, Any]) -> None:
    """Keeps the promise `award.silence`: the purchaser has let the time pass, the law confirms rank 1."""
    tender = locked(session, payload["tender"])
    if tender.state != "evaluated" or tender.suspended_at is not None:
        return
    standing = load(session, tender)
    if any(each.confirmed_at or each.declined_at for each in standing.candidates):
        return
    _confirm(session, process("scheduler"), standing, None, database_now(session))


def resume(event: TenderResumed) -> None:
    """After a suspension the time for the purchaser's confirmation is judged anew."""
    tender = locked(event.session, event.tender)
    if tender.state == "evaluated":
        due_at = confirm_by(load(event.session, tender))
        promise(event.session, SILENCE, {"tender": tender.code}, max(event.at, due_at))


def confirm(
    session: Session, actor: Actor, user_id: uuid.UUID, party_id: uuid.UUID | None, code: str
) -> Candidate:
    """The purchaser confirms the first candidate who has not given up; its agency may then sign and
    publish. Entry `award.confirmed`. Raises Refused `award.purchaser-only`, `award.not-now`."""
    tender = locked(session, code)
    standing = load(session, tender)
    candidate = in_turn(standing)
    if party_id != tender.tenderer_id:
        raise refuse("award.purchaser-only", _("The purchaser itself confirms the winner."), rule="M87 68")
    if candidate.confirmed_at is None:
        _confirm(session, actor, standing, user_id, database_now(session))
    return candidate


def in_turn(standing: Standing) -> Candidate:
    """The candidate to be confirmed and awarded now. Raises Refused `award.not-now`, `tender.suspended`."""
    must_go_on(standing.tender)
    if standing.tender.state != "evaluated" or standing.next is None:
        raise refuse("award.not-now", _("There is no winner to be confirmed at this stage."))
    return standing.next


def _confirm(
    session: Session, actor: Actor, standing: Standing, user_id: uuid.UUID | None, at: datetime
) -> None:
    candidate = in_turn(standing)
    candidate.confirmed_at, candidate.confirmed_by = at, user_id
    payload = {
        "manifest": standing.place_of(candidate).bid.manifest,
        "rank": candidate.rank,
        "basis": "" if user_id else "M87 68",
    }
    record(session, actor, "award.confirmed", standing.tender.code, payload, at)
    session.flush()


def losers(standing: Standing) -> Sequence[Place]:
    """Every place but that of the candidate in turn."""
    winner = standing.next
    return [place for place in standing.places if winner is None or place is not standing.place_of(winner)]
