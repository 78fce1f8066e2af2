"""What an evaluation puts on people's desks."""

from __future__ import annotations

from typing import Any

from pyramid.request import Request
from sqlalchemy import or_, select

from bidding.evaluation.models import Clarification
from bidding.evaluation.phases import STEP_OF_PHASE, Phase
from bidding.evaluation.progress import Evaluation, load
from bidding.tenders.models import Tender
from bidding.vault.models import Bid
from expert_pool.selection import replacing
from expert_pool.selection.service import panel_of, seat_for
from trading.parties.models import Party
from trading.web import Card, _


def member_cards(request: Request) -> list[Card]:
    """Evaluations in which the reader has a seat, with what there is to do."""
    running = select(Tender).where(Tender.state.in_(("opened", "evaluating"))).order_by(Tender.opens_at)
    cards = []
    for tender in request.db.scalars(running):
        if seat_for(request.db, request.keys, tender.code, request.identity.user_id) is None:
            continue
        note, now = todo(request, load(request.db, request.keys, tender))
        address = request.route_path("evaluation", code=tender.code)
        cards.append(Card(request.called(tender), address, note, "now" if now else "neutral"))
    return cards


def todo(request: Request, found: Evaluation) -> tuple[Any, bool]:
    """What a member has to do in an evaluation, and whether it waits for this member."""
    own = next((row for row in found.members if row.user_id == request.identity.user_id), None)
    if own is None:
        return _("Sign in to the evaluation"), True
    phase = found.phase(request.now())
    if own.recused_at:
        return _("You have no part in this evaluation any more"), False
    step = STEP_OF_PHASE.get(phase)
    if step and not found.has_voted(own.member, step):
        return _("A review waits for your signature"), True
    if phase is Phase.SCORING and found.scoring and own.head and found.scoring.facts_owed:
        return _("State the facts of the objective items: every sheet waits for them"), True
    if phase is Phase.SCORING and found.scoring and own.member not in found.scoring.locked:
        return _("The bids wait for your scores"), True
    if phase is Phase.SCORE_REASONS and found.scoring and found.scoring.owed(own.member):
        return _("A score of yours waits for its reason"), True
    if phase is Phase.SCORE_REASONS and found.scoring and found.scoring.disagreements:
        return _("Members differ on objective items: they must be corrected"), True
    if phase is Phase.CONSULTATION and own.head:
        return _("The talks: ask the suppliers, then call for final offers"), True
    if phase is Phase.REPORT:
        return _("The report is drawn up: read and sign it"), True
    return _("The evaluation waits for others"), False


def buyer_cards(request: Request) -> list[Card]:
    """Opened tenders without a committee."""
    own = request.identity.party_id
    opened = select(Tender).where(
        Tender.state == "opened", or_(Tender.tenderer_id == own, Tender.agency_id == own)
    )
    return [
        Card(
            request.called(tender),
            request.route_path("panel", code=tender.code),
            _("Import the committee's list"),
            "now",
        )
        for tender in request.db.scalars(opened.order_by(Tender.opens_at))
        if panel_of(request.db, tender.code) is None
    ] + vacancies(request)


def vacancies(request: Request) -> list[Card]:
    """Evaluations of the reader's organisation that wait for it: a seat is empty and nobody is on the way to it, or the
    recount contradicts the prices that are known."""
    own = request.identity.party_id
    evaluating = select(Tender).where(
        Tender.state == "evaluating", or_(Tender.tenderer_id == own, Tender.agency_id == own)
    )
    cards = []
    for tender in request.db.scalars(evaluating.order_by(Tender.opens_at)):
        if (panel := panel_of(request.db, tender.code)) is None:
            continue
        address = request.route_path("panel", code=tender.code)
        if replacing.stuck(request.db, request.registry, panel):
            words = _("A seat of the committee is empty: fill it, or stop the evaluation")
        elif load(request.db, request.keys, tender).phase(request.now()) is Phase.RECOUNT:
            words = _("The recount contradicts the prices that are known: stop the evaluation")
        else:
            continue
        cards.append(Card(request.called(tender), address, words, "late"))
    return cards


def bidder_cards(request: Request) -> list[Card]:
    """Questions of committees that the reader's enterprise can still answer."""
    query = (
        select(Tender)
        .join(Clarification, Clarification.tender_id == Tender.id)
        .join(Bid, Bid.id == Clarification.bid_id)
        .join(Party, Party.uscc == Bid.bidder_uscc)
        .where(
            Party.id == request.identity.party_id,
            Clarification.answered_at.is_(None),
            Clarification.due_at >= request.now(),
        )
        .distinct()
    )
    return [
        Card(request.called(tender), request.route_path("clarifications", code=tender.code),
             _("The committee asks you: answer in time"), "late")
        for tender in request.db.scalars(query)
    ]  # fmt: skip
