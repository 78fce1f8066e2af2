"""The evaluation's acts (评标): the committee votes, asks, signs its report, and what follows of itself.

Every act locks the tender, so that two members' last votes cannot pass each other by.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from bidding.evaluation import papers, questions, report
from bidding.evaluation.models import Clarification, Review, TieDraw
from bidding.evaluation.papers import ABNORMAL, STEPS
from bidding.evaluation.phases import STEP_OF_PHASE, Phase
from bidding.evaluation.progress import Evaluation, is_open, load
from bidding.tenders.models import Tender
from bidding.tenders.service import locked, must_go_on
from bidding.vault.models import Bid
from expert_pool.selection.models import PanelMember
from trading.accounts import certificates
from trading.acts import Actor, record
from trading.clock import database_now
from trading.draws import roster
from trading.errors import refuse
from trading.evidence import accept
from trading.web import _

ASKABLE = (Phase.QUALIFICATION, Phase.CONSULTATION, Phase.CONFORMITY, Phase.JUDGEMENT, Phase.SCORING)


# --- votes ----------------------------------------------------------------------------------------


def own_seat(found: Evaluation, actor: Actor) -> PanelMember:
    """The actor's place among those who have signed in. Raises Refused `panel.not-yours`."""
    for member in found.seated:
        if member.user_id == actor.user_id:
            return member
    raise refuse("panel.not-yours", _("You are not a member of this committee"), rule="M87 46")


def draft_review(
    session: Session,
    registry: Any,
    actor: Actor,
    tender: Tender,
    step: str,
    votes: Sequence[dict[str, Any]],
    findings: Sequence[dict[str, Any]] = (),
) -> bytes:
    """The bytes that a member signs for these votes; nothing is stored. Raises Refused `review.*`."""
    found, member = _voting(session, registry, actor, tender, step, database_now(session))
    return papers.review_document(found.sheet_for(step, member.member), votes, findings)


def sign_review(
    session: Session, registry: Any, actor: Actor, code: str, step: str, raw: bytes, cms: bytes
) -> Review:
    """Lock a member's signed votes of one step. Entry `review.signed` (`abnormal.voted` for the judgement
    on explanations). Raises Refused `review.*`, `signature.*`."""
    tender = locked(session, code)
    must_go_on(tender)
    at = database_now(session)
    found, member = _voting(session, registry, actor, tender, step, at)
    papers.read_review(found.sheet_for(step, member.member), raw)
    accept_from(session, registry, found, member, raw, cms, at)
    row = Review(
        tender_id=tender.id, round=tender.round, member=member.member, step=step, raw=raw,
        number=1 + sum((each.member, each.step) == (member.member, step) for each in found.reviews),
        sha256=hashlib.sha256(raw).hexdigest(), cms=cms, at=at,
    )  # fmt: skip
    session.add(row)
    session.flush()
    name, kind = ("judgement", "abnormal.voted") if step == ABNORMAL else ("review", "review.signed")
    payload = {"member": member.member, name: row.sha256, "p7s": hashlib.sha256(cms).hexdigest()}
    record(session, actor, kind, code, payload, at)
    if step == ABNORMAL:
        _record_judgements(session, registry, actor, tender, at)
    proceed(session, registry, tender, at)
    return row


def _voting(
    session: Session, registry: Any, actor: Actor, tender: Tender, step: str, at: datetime
) -> tuple[Evaluation, PanelMember]:
    """The evaluation and the member, when it is the member's turn to vote on this step."""
    found = load(session, registry["keys"], tender)
    member = own_seat(found, actor)
    if step in STEPS and found.has_voted(member.member, step):
        raise refuse("review.locked", _("You have signed this review; it can no longer be changed"))
    if STEP_OF_PHASE.get(found.phase(at)) != step:
        raise refuse("review.not-now", _("This review is not open now"))
    return found, member


def accept_from(
    session: Session,
    registry: Any,
    found: Evaluation,
    member: PanelMember,
    raw: bytes,
    cms: bytes,
    at: datetime,
) -> None:
    """Judge a member's signature: it must be by the certificate in the panel document."""
    evidence = accept(session, registry, found.tender.code, raw, cms, at)
    if evidence.certificate_sha256 != found.seat(member.member).cert_sha256:
        raise refuse(
            "signature.other-certificate",
            _("Sign with the certificate that the committee's list was made with"),
        )


def _record_judgements(session: Session, registry: Any, actor: Actor, tender: Tender, at: datetime) -> None:
    """Once everybody has voted: one entry `abnormal.explained` for each explanation judged."""
    found = load(session, registry["keys"], tender)
    for bid in found.subjects(ABNORMAL):
        judged = found.judgement(bid)
        if judged is not None:
            payload = {
                "manifest": found.bids[bid].manifest,
                "accepted": judged.accepted,
                "reason": judged.reason,
            }
            record(session, actor, "abnormal.explained", tender.code, payload, at)


# --- what follows of itself -----------------------------------------------------------------------


def proceed(session: Session, registry: Any, tender: Tender, at: datetime) -> None:
    """Do what needs nobody's decision: ask what the law says must be asked, draw up the report. Safe to
    repeat; the caller has locked the tender."""
    found = load(session, registry["keys"], tender)
    phase = found.phase(at)
    if phase in (Phase.CORRECTIONS, Phase.EXPLANATIONS):
        questions.ask_by_law(session, found, at)
    elif phase == Phase.REPORT and found.report is None:
        report.draw_up(session, found, at)


def question_due(session: Session, registry: Any, payload: dict[str, Any]) -> None:
    """Keeps the promise `evaluation.question-due`: the time for an answer is over."""
    tender = locked(session, payload["tender"])
    proceed(session, registry, tender, database_now(session))


def record_draw(
    session: Session, registry: Any, actor: Actor, code: str, order: Sequence[str], officer: str, how: str
) -> TieDraw:
    """The head records the order that a lot gave to tied bids, and who conducted the draw. Entry
    `tie.drawn`. Raises Refused `draw.*`."""
    tender = locked(session, code)
    at = database_now(session)
    found = load(session, registry["keys"], tender)
    head_only(found, actor)
    if found.phase(at) != Phase.DRAW:
        raise refuse("draw.not-now", _("There is no tie to be decided by lot"))
    if roster.ready(registry.settings):
        raise refuse("draw.by-ceremony", _("Ties are decided here by a draw that everybody can check"))
    tied = [set(tie.bids) for tie in found.result().ties]
    if set(order) not in tied or len(set(order)) != len(order):
        raise refuse("draw.others", _("The draw must name exactly the tied bids, each once"), field="order")
    row = TieDraw(tender_id=tender.id, round=tender.round, order=list(order), officer=officer, how=how, at=at)
    session.add(row)
    session.flush()
    payload = {"bids": list(order), "officer": officer, "how": how}
    record(session, actor, "tie.drawn", code, payload, at)
    proceed(session, registry, tender, at)
    return row


def head_only(found: Evaluation, actor: Actor) -> PanelMember:
    """The actor as the committee's head. Raises Refused `panel.head-only`."""
    member = own_seat(found, actor)
    if not member.head:
        raise refuse("panel.head-only", _("Only the head of the committee does this"), rule="M87 45")
    return member


# --- questions and answers --------------------------------------------------------------------------


def ask(session: Session, registry: Any, actor: Actor, code: str, manifest: str, text: str) -> Clarification:
    """The head asks what a bid means (澄清). Entry `clarification.asked`. Raises Refused
    `clarification.*`."""
    tender = locked(session, code)
    at = database_now(session)
    found = load(session, registry["keys"], tender)
    member = head_only(found, actor)
    bid = next((bid for bid in found.bids.values() if bid.manifest == manifest), None)
    if bid is None:
        raise refuse("clarification.no-bid", _("There is no such bid"), field="bid")
    if found.phase(at) not in ASKABLE:
        raise refuse("clarification.not-now", _("Questions can be asked while the committee reviews"))
    return questions.put(session, actor, found, bid, "meaning", text, at, member.member)


def answer(
    session: Session,
    registry: Any,
    actor: Actor,
    code: str,
    ref: str,
    *,
    uscc: str,
    cms: bytes,
    text: str = "",
    confirmed: bool | None = None,
) -> Clarification:
    """The bidder answers: a signed text, or a signed confirmation or denial of a corrected price.

    Entry `clarification.answered`, or `price.confirmed`. Raises Refused `clarification.*`,
    `signature.*`, `certificate.*`.
    """
    tender = locked(session, code)
    at = database_now(session)
    question = next((q for q in questions.questions_to(session, tender, uscc) if q.id.hex == ref), None)
    if question is None:
        raise refuse("clarification.unknown", _("There is no such question to you"))
    if question.answered_at is not None:
        raise refuse("clarification.answered", _("You have answered this question"))
    if not is_open(question, at):
        raise refuse("clarification.late", _("The time to answer is over"), rule="M87 51")
    manifest = session.get_one(Bid, question.bid_id).manifest_hash or ""
    text = text.replace("\r\n", "\n")
    if question.kind == "correction":
        if confirmed is None:
            raise refuse("clarification.choice", _("Say whether you confirm the corrected price"))
        raw = questions.confirmation_document(tender, manifest, question.total, confirmed)
    elif text.strip():
        raw = text.encode()
    else:
        raise refuse("clarification.empty", _("Write an answer"), field="answer")
    _judge_bidder(session, registry, actor, tender, uscc, raw, cms, at)
    question.raw, question.cms, question.answered_at = raw, cms, at
    payload: dict[str, Any] = {"ref": ref, "text": text}
    if question.kind == "correction":
        question.confirmed = confirmed
        payload = {"manifest": manifest, "confirmed": confirmed, "total": question.total}
        record(session, actor, "price.confirmed", code, payload, at)
    else:
        question.answer = text
        record(session, actor, "clarification.answered", code, payload, at)
    session.flush()
    proceed(session, registry, tender, at)
    return question


def _judge_bidder(
    session: Session,
    registry: Any,
    actor: Actor,
    tender: Tender,
    uscc: str,
    raw: bytes,
    cms: bytes,
    at: datetime,
) -> None:
    """The signature is of the bidder's enterprise, by a certificate in the account that answers."""
    evidence = accept(session, registry, tender.code, raw, cms, at)
    assert actor.user_id is not None, "only people answer"
    certificates.own(session, actor.user_id, evidence.certificate_sha256, at)
    if evidence.organisation_id != uscc:
        raise refuse("signature.other-organisation", _("Sign with a certificate of the bidding enterprise"))


# --- the report -----------------------------------------------------------------------------------


def sign_report(
    session: Session,
    registry: Any,
    actor: Actor,
    code: str,
    cms: bytes,
    dissent: str = "",
    dissent_cms: bytes | None = None,
) -> None:
    """A member signs the report, with or without a written dissent. Entry `report.signed`. Raises Refused
    `report.*`, `signature.*`."""
    tender = locked(session, code)
    at = database_now(session)
    found = load(session, registry["keys"], tender)
    member = own_seat(found, actor)
    drawn = report.unsigned_by(session, found, member.member, at)
    accept_from(session, registry, found, member, drawn.raw, cms, at)
    text = dissent.replace("\r\n", "\n")
    if text.strip():
        if dissent_cms is None:
            raise refuse("report.dissent-unsigned", _("A dissent must be signed too"), rule="M87 61")
        accept_from(session, registry, found, member, text.encode(), dissent_cms, at)
    report.keep_signature(session, actor, found, member.member, cms, text, dissent_cms, at)


def deliver(session: Session, registry: Any, actor: Actor, code: str) -> None:
    """The head hands the signed report over. Entry `evaluation.reported`; the tender is evaluated, or has
    failed. Raises Refused `report.*`."""
    tender = locked(session, code)
    at = database_now(session)
    found = load(session, registry["keys"], tender)
    head_only(found, actor)
    signatures = report.complete_signatures(session, found)
    for signature in signatures:
        # The entry's instant is when a verifier judges them: what they rest on must be as fresh.
        accept(session, registry, code, report.drawn_up(found).raw, signature.cms, at)
    report.deliver(session, registry, actor, found, signatures, at)
