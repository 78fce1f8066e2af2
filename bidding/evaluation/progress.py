"""Where an evaluation stands: everything decided so far, read at once, and what comes next.

Nothing is stored about the phase: it follows from what has been signed, asked and answered.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bidding.evaluation import lowest, papers, review, steps
from bidding.evaluation.corrections import Corrected
from bidding.evaluation.criteria import METHOD
from bidding.evaluation.inputs import Bid as Evaluated
from bidding.evaluation.inputs import Rules, parse_bids, parse_rules
from bidding.evaluation.models import (
    Clarification,
    EvaluationReport,
    Review,
    ScoreFacts,
    ScorePaper,
    ScoreSheet,
    TieDraw,
    facts_purpose,
    sheet_purpose,
)
from bidding.evaluation.opened import OpenedBid
from bidding.evaluation.papers import ABNORMAL, CONFORMITY, QUALIFICATION, STEPS, Sheet
from bidding.evaluation.phases import Phase
from bidding.evaluation.recount import KnownPrices, known_prices
from bidding.evaluation.result import Result
from bidding.evaluation.score_progress import Scoring
from bidding.evaluation.scoring_inputs import ScoringRules, parse_scoring_rules
from bidding.evaluation.steps import OpenQuestions
from bidding.offers import standing
from bidding.offers.models import FinalOffers
from bidding.opening.models import SecondOpening
from bidding.tenders.models import Tender
from bidding.vault.envelopes import stages_of
from bidding.vault.models import Bid, Outcome
from expert_pool.selection import service as committee
from expert_pool.selection.models import Panel, PanelMember
from expert_pool.selection.panel_list import Seat
from trading.ledger import canonical
from trading.secrets import HallKeys

REASON, CORRECTION = "reason", "correction"
"""kinds of papers about locked scores"""


@dataclass
class Evaluation:
    """Everything about one tender's evaluation."""

    tender: Tender
    panel: Panel | None
    seats: list[Seat]
    members: list[PanelMember]
    bids: dict[str, OpenedBid]
    reviews: list[Review]
    questions: list[Clarification]
    draws: list[TieDraw]
    report: EvaluationReport | None
    price_sealed: bool = False
    """two envelopes, and the second ones are not open yet"""
    talks: bool = False
    """a consultation or negotiation: prices come in final offers"""
    offers: FinalOffers | None = None
    """the final offers, once the talks have ended"""
    known_prices: KnownPrices | None = None
    """whose prices the review has led to"""
    locked_sheets: Mapping[str, Sequence[bytes]] = field(default_factory=dict)
    """the members' signed score sheets; `scoring` gives nothing of them out before all are there"""
    score_papers: Sequence[ScorePaper] = ()
    corrections_filed: int = 0
    """how many corrections there are, those of replaced members too"""
    stated_facts: bytes | None = None
    """what the head stated of objective criteria, the last time"""
    _decided: dict[bool | None, list[dict[str, Any]]] = field(default_factory=dict)

    @cached_property
    def rules(self) -> Rules:
        if self.tender.rules.get("method") == METHOD:
            return parse_scoring_rules(self.tender.rules)
        return parse_rules(self.tender.rules)

    @property
    def seated(self) -> list[PanelMember]:
        """The members who have signed in."""
        return [member for member in self.members if member.signed_in_at and not member.recused_at]

    @property
    def complete(self) -> bool:
        """Whether every seat is taken."""
        return self.panel is not None and len(self.seated) == self.panel.size

    @property
    def head(self) -> PanelMember | None:
        """Who leads the committee; None before there is a head, and while a replaced one has no successor."""
        return next((row for row in self.seated if row.head), None)

    def seat(self, member: str) -> Seat:
        """The seat of a pseudonym."""
        return next(seat for seat in self.seats if seat.member == member)

    # -- votes ------------------------------------------------------------------------------------

    def subjects(self, step: str) -> list[str]:
        """The bids (ids, ascending) that a step is about; later steps know theirs once the earlier ones
        are through."""
        if step == QUALIFICATION:
            return sorted(self.bids)
        if step == ABNORMAL:
            return sorted(self.bid_of(q).id for q in self.asked(ABNORMAL) if q.answered_at)
        if not self.locked(QUALIFICATION):
            return []
        qualified = self.qualified()
        if len(qualified) < self.rules.minimum:
            return []
        return [bid for bid in qualified if self.bids[bid].read is not None]

    def items(self, step: str) -> tuple[str, ...]:
        """The items that a step examines."""
        if step == QUALIFICATION:
            return self.rules.qualification_items
        return self.rules.conformity_items if step == CONFORMITY else ()

    def sheet_for(self, step: str, member: str) -> Sheet:
        """What a member votes on in a step."""
        bids = tuple(self.unvoted(member, step)) or tuple(self.subjects(step))
        claims = {bid: read.claims for bid in bids if (read := self.bids[bid].read) is not None}
        return Sheet(self.tender.code, step, member, bids, self.items(step), claims, self.tender.round)

    def unvoted(self, member: str, step: str) -> list[str]:
        """The bids of a step that a member has not voted on: all, or those that came to it when the votes of a
        replaced member fell away."""
        voted = {
            vote["bid"] for said in self._decoded[step] if said["member"] == member for vote in said["votes"]
        }
        return [bid for bid in self.subjects(step) if bid not in voted]

    def has_voted(self, member: str, step: str) -> bool:
        """Whether a member's votes of a step are locked."""
        return any(said["member"] == member for said in self._decoded[step]) and not self.unvoted(
            member, step
        )

    def voted(self, step: str) -> set[str]:
        """The members whose votes of a step are locked."""
        return {row.member for row in self.seated if self.has_voted(row.member, step)}

    def locked(self, step: str) -> bool:
        """Whether every member has voted: only then does anybody see the others' votes."""
        if step == CONFORMITY and not self.locked(QUALIFICATION):
            return False
        if step != QUALIFICATION and not self.subjects(step):
            return True
        return self.complete and self.voted(step) == {member.member for member in self.seated}

    def documents(self, step: str) -> list[dict[str, Any]]:
        """The signed documents of a step, once all are there."""
        return self._decoded.get(step, []) if self.locked(step) else []

    @cached_property
    def _decoded(self) -> dict[str, list[dict[str, Any]]]:
        return {step: [json.loads(row.raw) for row in self.reviews if row.step == step] for step in STEPS}

    def votes(self, step: str, bid: str) -> list[review.ItemVotes]:
        """All votes on a bid in a step, once everybody has voted."""
        return papers.item_votes(self.documents(step), bid, self.items(step))

    def qualified(self) -> list[str]:
        """The bids that pass the qualification review by majority, ascending."""
        return self._qualified

    @cached_property
    def _qualified(self) -> list[str]:
        items = self.items(QUALIFICATION)
        return [bid for bid in sorted(self.bids) if review.passes(items, self.votes(QUALIFICATION, bid))]

    # -- questions ----------------------------------------------------------------------------------

    def asked(self, kind: str) -> list[Clarification]:
        """The questions of a kind, oldest first."""
        return [question for question in self.questions if question.kind == kind]

    def bid_of(self, question: Clarification) -> OpenedBid:
        """The bid that a question is about."""
        return next(bid for bid in self.bids.values() if bid.row.id == question.bid_id)

    def question(self, kind: str, bid: str) -> Clarification | None:
        """The one correction or low-price question to a bidder."""
        return next((q for q in self.asked(kind) if self.bid_of(q).id == bid), None)

    def waiting(self, kind: str, now: datetime) -> bool:
        """Whether a question of a kind can still be answered."""
        return any(is_open(question, now) for question in self.asked(kind))

    def open_questions(self) -> OpenQuestions:
        """What must be asked or has been asked; a correction left unanswered counts as denied here."""
        bids = self.evaluated(unanswered=False)
        found = steps.open_questions(self.rules, bids)
        return OpenQuestions(self._unasked(found.confirmations), self._unasked_prices(found.explanations))

    def _unasked(self, found: Mapping[str, Corrected]) -> dict[str, Corrected]:
        return {bid: corrected for bid, corrected in found.items() if not self.question("correction", bid)}

    def _unasked_prices(self, found: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        return {bid: names for bid, names in found.items() if not self.question(ABNORMAL, bid)}

    # -- decisions ------------------------------------------------------------------------------------

    def decisions(self, bid: str, unanswered: bool | None = None) -> dict[str, Any]:
        """What people decided about a bid, as evaluation.md 1.3 writes it. `unanswered` is what a
        correction counts as that the bidder was asked about and has not answered."""
        correction = self.question("correction", bid)
        confirmed = correction.confirmed if correction else None
        if correction and confirmed is None:
            confirmed = unanswered
        found = papers.findings(self.documents(CONFORMITY), bid)
        left = {"left": True} if self.offers is not None and bid in self.offers.left else {}
        return left | {
            "qualification": papers.votes_json(self.votes(QUALIFICATION, bid)),
            "conformity": papers.votes_json(self.votes(CONFORMITY, bid)),
            "confirmed": confirmed,
            "abnormal": self._abnormal(bid, found.suspected),
            "brand": found.brand,
            "claims_refused": list(found.claims_refused),
        }

    def _abnormal(self, bid: str, suspected: bool) -> dict[str, bool] | None:
        question = self.question(ABNORMAL, bid)
        if question is None and not suspected:
            return None
        explained = question is not None and question.answered_at is not None
        judged = self.judgement(bid) if explained else None
        accepted = judged is not None and judged.accepted
        return {"suspected": suspected, "explained": explained, "accepted": accepted}

    def judgement(self, bid: str) -> papers.Judgement | None:
        """The committee's judgement of a bidder's explanation, once everybody has voted."""
        documents = self.documents(ABNORMAL)
        return papers.judgement(documents, bid) if documents and bid in self.subjects(ABNORMAL) else None

    def decided(self, unanswered: bool | None = None) -> list[dict[str, Any]]:
        """The bids with the decisions about them (evaluation.md 1)."""
        if unanswered not in self._decided:
            self._decided[unanswered] = [
                {"id": bid, "sheet": self.bids[bid].sheet, "decisions": self.decisions(bid, unanswered)}
                for bid in sorted(self.bids)
            ]
        return self._decided[unanswered]

    def inputs(self) -> dict[str, Any]:
        """The evaluation's inputs (evaluation.md 1, 5.1)."""
        found: dict[str, Any] = {"rules": self.tender.rules, "bids": self.decided()}
        if self.scoring is not None:
            found |= self.scoring.as_inputs()
        return found | ({"draws": [list(draw.order) for draw in self.draws]} if self.draws else {})

    def evaluated(self, unanswered: bool | None = None) -> Sequence[Evaluated]:
        return parse_bids(self.decided(unanswered))

    def result(self) -> Result:
        """The evaluation's result from everything decided so far."""
        if self.scoring is not None:
            return self.scoring.result
        return lowest.evaluate(self.rules, self.evaluated(), [tuple(draw.order) for draw in self.draws])

    # -- scores -----------------------------------------------------------------------------------------

    @cached_property
    def scoring(self) -> Scoring | None:
        """The scoring of a tender by comprehensive scoring, None by lowest price."""
        if not isinstance(self.rules, ScoringRules):
            return None
        return Scoring(
            tender=self.tender.code,
            round=self.tender.round,
            rules=self.rules,
            members=tuple(row.member for row in sorted(self.seated, key=lambda row: row.seat)),
            decided=self.decided(),
            draws=[tuple(draw.order) for draw in self.draws],
            signed={
                member: [entry for raw in sheets for entry in canonical.loads(raw)["scores"]]
                for member, sheets in self.locked_sheets.items()
            },
            reasons=self._papers(REASON),
            filed=self._papers(CORRECTION),
            numbered=self.corrections_filed,
            facts=canonical.loads(self.stated_facts) if self.stated_facts else None,
            whole=self.complete,
        )

    def _papers(self, kind: str) -> list[dict[str, Any]]:
        return [canonical.loads(paper.raw) for paper in self.score_papers if paper.kind == kind]

    def _scoring_phase(self) -> Phase | None:
        """What the scoring waits for; None when it is over, or when there is none."""
        scoring = self.scoring
        if scoring is None or not scoring.bids:
            return None
        if not scoring.complete:
            return Phase.SCORING
        return Phase.SCORE_REASONS if scoring.owed() or scoring.disagreements else None

    # -- the phase ------------------------------------------------------------------------------------

    def phase(self, now: datetime) -> Phase:
        """What the evaluation waits for at `now`."""
        if self.report is not None:
            return Phase.DELIVERED if self.report.delivered_at else Phase.REPORT
        if self.tender.state != "evaluating":
            return Phase.SIGN_IN
        if not self.complete or self.head is None:
            return Phase.REPLACEMENT
        if not self.locked(QUALIFICATION):
            return Phase.QUALIFICATION
        if self.known_prices and self.known_prices.contradict(self.bids, self.qualified()):
            return Phase.RECOUNT
        enough = len(self.qualified()) >= self.rules.minimum
        if self.price_sealed and enough:
            return Phase.SECOND_ENVELOPE
        if self.talks and enough and (self.offers is None or self.offers.taken_at is None):
            return Phase.CONSULTATION if self.offers is None else Phase.FINAL_OFFERS
        if not self.locked(CONFORMITY):
            return Phase.CONFORMITY
        if self.waiting("correction", now) or self.open_questions().confirmations:
            return Phase.CORRECTIONS
        if self.waiting(ABNORMAL, now) or self.open_questions().explanations:
            return Phase.EXPLANATIONS
        if not self.locked(ABNORMAL):
            return Phase.JUDGEMENT
        if waits := self._scoring_phase():
            return waits
        return Phase.DRAW if self.result().outcome == "tie" else Phase.REPORT


def is_open(question: Clarification, now: datetime) -> bool:
    """Whether a question can be answered at `now`: an answer at the very end is in time."""
    return question.answered_at is None and now <= question.due_at


def load(session: Session, keys: HallKeys, tender: Tender) -> Evaluation:
    """The evaluation of a tender whose bids were opened: the one that counts (earlier ones stay on record)."""
    panel = committee.panel_of(session, tender.code)
    opened = session.execute(
        select(Bid, Outcome)
        .join(Outcome, Outcome.bid_id == Bid.id)
        .where(Bid.tender_id == tender.id, Bid.status == "valid", Outcome.outcome == "OK")
    ).all()
    bids = [
        OpenedBid(row.bidder_uscc or "", row.bidder_name or "", row.manifest_hash or "", row, outcome)
        for row, outcome in opened
    ]

    def rows(model: Any, order: Any) -> list[Any]:
        here = select(model).where(model.tender_id == tender.id, model.round == tender.round)
        return list(session.scalars(here.order_by(order)))

    members = committee.members_of(session, panel) if panel else []
    present = {row.member for row in members if row.signed_in_at and not row.recused_at}

    def theirs(model: Any, order: Any) -> list[Any]:
        """What those concluded who sit; what a replaced member did is void (M87 49)."""
        return [row for row in rows(model, order) if row.member in present]

    sheets: dict[str, list[bytes]] = {}
    for sheet in theirs(ScoreSheet, ScoreSheet.at):
        sheets.setdefault(sheet.member, []).append(keys.unseal(sheet.sealed, sheet_purpose(sheet)))
    filed, reports = rows(ScorePaper, ScorePaper.number), rows(EvaluationReport, EvaluationReport.drawn_up_at)
    opened_later = session.scalar(select(SecondOpening).where(SecondOpening.tender_id == tender.id))
    facts = theirs(ScoreFacts, ScoreFacts.number)
    return Evaluation(
        tender=tender,
        panel=panel,
        seats=committee.seats_of(keys, panel) if panel else [],
        members=members,
        bids={bid.id: bid for bid in bids},
        reviews=[row for row in theirs(Review, Review.at) if row.step in STEPS],
        questions=rows(Clarification, Clarification.asked_at),
        draws=rows(TieDraw, TieDraw.at),
        report=next((r for r in reports if r.void_at is None), None),
        price_sealed=len(stages_of(tender.form)) > 1 and not (opened_later and opened_later.read_out_at),
        talks=standing.talks(tender),
        offers=standing.offers_of(session, tender),
        known_prices=known_prices(session, tender, opened_later, rows(Review, Review.at)),
        locked_sheets=sheets,
        score_papers=[paper for paper in filed if paper.member in present],
        corrections_filed=sum(paper.kind == CORRECTION for paper in filed),
        stated_facts=keys.unseal(facts[-1].sealed, facts_purpose(facts[-1])) if facts else None,
    )
