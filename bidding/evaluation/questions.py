"""Questions to bidders and their answers (澄清、说明、价格修正确认), in writing and signed.

M87 51: the committee asks in writing and the bidder answers in writing. M87 59: a correction binds when
the bidder confirms it. 财库〔2026〕2号: at least 30 minutes to explain an abnormally low price.
"""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from bidding.evaluation.abnormal import explanation_due
from bidding.evaluation.exact import fixed
from bidding.evaluation.models import Clarification
from bidding.evaluation.opened import OpenedBid
from bidding.evaluation.papers import ABNORMAL
from bidding.evaluation.progress import Evaluation
from bidding.tenders.models import Tender
from bidding.tenders.service import the_rulebook
from bidding.vault.models import Bid
from trading.acts import Actor, process, record
from trading.clock import rfc3339
from trading.ledger import canonical
from trading.outbox import promise
from trading.rulebook.calendar import beijing_date

DUE = "evaluation.question-due"
"""Topic of the promise that looks after an unanswered question."""
QUESTIONS = {
    "correction": "你单位报价文件前后不一致，按照财政部令第87号第五十九条修正后的报价为{total}元，请确认。不确认的，投标无效。",
    ABNORMAL: "你单位报价异常偏低（{lines}），请书面说明按该报价能够诚信履约的理由。不能证明其合理性的，投标无效。",
}
"""As recorded; pages show them in the reader's language by their kind."""
LINES = {
    "half_mean": "低于报价平均值线",
    "half_second_lowest": "低于次低报价线",
    "ceiling": "低于最高限价线",
    "committee": "评标委员会认为过低",
}


def minutes_to_answer(tender: Tender, at: datetime) -> int:
    """How long a bidder has: what the tender document says, never less than the rule."""
    least = the_rulebook().rule("LOW.minutes", beijing_date(at)).integer
    return max(least, int(tender.form.get("explanation_minutes") or 0))


def ask_by_law(session: Session, found: Evaluation, at: datetime) -> None:
    """Ask what must be asked: corrections to confirm, else low prices to explain; each once."""
    due = found.open_questions()
    asker = process("evaluation")
    for bid, corrected in due.confirmations.items():
        total = fixed(corrected.price)
        put(session, asker, found, found.bids[bid], "correction",
             QUESTIONS["correction"].format(total=total), at, total=total)  # fmt: skip
    for bid, lines in due.explanations.items():
        text = QUESTIONS[ABNORMAL].format(lines="、".join(LINES[line] for line in lines))
        put(session, asker, found, found.bids[bid], ABNORMAL, text, at)


def put(
    session: Session,
    actor: Actor,
    found: Evaluation,
    bid: OpenedBid,
    kind: str,
    text: str,
    at: datetime,
    asked_by: str = "",
    total: str = "",
) -> Clarification:
    """File a question and tell the ledger; entry `clarification.asked`."""
    tender = found.tender
    question = Clarification(
        id=uuid.uuid4(), tender_id=tender.id, round=tender.round, bid_id=bid.row.id, kind=kind, question=text, total=total,
        asked_by=asked_by, asked_at=at, due_at=explanation_due(at, minutes_to_answer(tender, at)),
    )  # fmt: skip
    session.add(question)
    session.flush()
    until = rfc3339(question.due_at)
    payload = {"ref": question.id.hex, "manifest": bid.manifest, "text": text, "kind": kind, "until": until}
    record(session, actor, "clarification.asked", tender.code, payload, at)
    if kind != "meaning":
        # An answer at the very end is in time, so what follows begins a millisecond later.
        promise(session, DUE, {"tender": tender.code}, question.due_at + timedelta(milliseconds=1))
    return question


# --- the bidder's side ----------------------------------------------------------------------------


def questions_to(session: Session, tender: Tender, uscc: str) -> list[Clarification]:
    """The questions to one bidder, newest first."""
    query = (
        select(Clarification)
        .join(Bid, Bid.id == Clarification.bid_id)
        .where(Clarification.tender_id == tender.id, Bid.bidder_uscc == uscc)
    )
    return list(session.scalars(query.order_by(Clarification.asked_at.desc())))


def confirmation_document(tender: Tender, manifest: str, total: str, confirmed: bool) -> bytes:
    """The bytes that a bidder signs to confirm or to deny a corrected price."""
    return canonical.dumps(
        {
            "v": 1,
            "typ": "ebid.price-confirmation",
            "tender": tender.code,
            "manifest": manifest,
            "total": total,
            "confirmed": confirmed,
        }
    )
