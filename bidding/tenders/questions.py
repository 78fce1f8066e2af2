"""Questions about published documents (疑问) and clarifications (澄清), which never name who asked.

Whoever may bid and has taken the documents may ask. Who it was is sealed like the downloads: encrypted in
the row, a blinded leaf in the ledger. The buyers read the words only; the answer goes to everybody.
"""

from __future__ import annotations

import hashlib
import json
import os
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session
from translationstring import TranslationStringFactory

from bidding.tenders.models import Question, Tender
from bidding.tenders.service import locked, method_of, the_calendar, the_rulebook
from bidding.tenders.telling import tell_later
from trading.accounts import certificates
from trading.acts import Actor, record
from trading.clock import database_now, rfc3339
from trading.errors import refuse
from trading.evidence import accept
from trading.ledger import canonical
from trading.ledger.service import append_blinded
from trading.notices.models import Notice
from trading.notices.service import has_taken, publish_notice
from trading.rulebook.calendar import DayKind, beijing_date, subtract_days
from trading.rulebook.gates import amendment_rule
from trading.secrets import HallKeys

_ = TranslationStringFactory("tradehall")

PURPOSE = "question"
LONGEST = 4000
"""characters of a question or an answer"""
MOST_OPEN = 20
"""Questions of one tender that one account may have without an answer."""


def last_day(tender: Tender, regime: Any) -> date:
    """The last day on which an answer can still change the documents without moving the deadline."""
    rule = the_rulebook().rule(amendment_rule(method_of(tender), regime), beijing_date(tender.deadline))
    kind: DayKind = "working_day" if rule.unit == "working_day" else "day"
    return subtract_days(kind, rule.integer, beijing_date(tender.deadline), the_calendar())


def may_ask(session: Session, keys: HallKeys, tender: Tender, user_id: uuid.UUID, now: datetime) -> str:
    """ "" when this account may ask now, else why not (a msgid). That it may bid is the permission's to say."""
    if tender.state != "published" or now >= tender.deadline:
        return str(_("Questions are answered until the bid deadline."))
    if not has_taken(session, keys, tender.code, str(user_id)):
        return str(_("Take the documents first, while you are logged in: then you can ask about them."))
    return ""


def ask(
    session: Session, keys: HallKeys, tender: Tender, user_id: uuid.UUID, address: str, text: str,
    rng: Callable[[int], bytes] = os.urandom,
) -> Question:  # fmt: skip
    """A question. Raises Refused `question.closed`, `question.text`, `question.many`."""
    locked(session, tender.code)
    now, text = database_now(session), text.strip()
    if why := may_ask(session, keys, tender, user_id, now):
        raise refuse("question.closed", why)
    if not text or len(text) > LONGEST:
        raise refuse("question.text", _("Write your question, in at most 4000 characters."), field="text")
    rows = questions_of(session, tender)
    mine = [row for row in rows if row.answered_at is None and _asked(keys, row)["user"] == str(user_id)]
    if len(mine) >= MOST_OPEN:
        raise refuse("question.many", _("Many questions of yours wait for an answer already."))
    asker = {
        "user": str(user_id),
        "address": address,
        "text": text,
        "at": rfc3339(now),
        "nonce": rng(16).hex(),
    }
    entry, salt = append_blinded(
        session, "register", tender=tender.code, lot=tender.lot.code, seq=0, digest=_digest(asker), at=now,
        rng=rng,
    )  # fmt: skip
    number = (
        session.scalar(select(func.max(Question.number)).where(Question.tender_id == tender.id)) or 0
    ) + 1
    sealed = keys.seal(canonical.dumps({"asker": asker, "salt": salt.hex()}), PURPOSE, rng)
    row = Question(tender_id=tender.id, number=number, sealed=sealed, entry_id=entry, asked_at=now)
    session.add(row)
    session.flush()
    return row


def _digest(asker: dict[str, Any]) -> bytes:
    return hashlib.sha256(canonical.dumps(asker)).digest()


def _asked(keys: HallKeys, row: Question) -> dict[str, Any]:
    asker: dict[str, Any] = json.loads(keys.unseal(row.sealed, PURPOSE))["asker"]
    return asker


def words_of(keys: HallKeys, row: Question) -> str:
    """What was asked, as it is published or to be; nothing of who asked but what the words themselves tell."""
    return str(json.loads(row.body)["question"] if row.body else _asked(keys, row)["text"])


def questions_of(session: Session, tender: Tender) -> list[Question]:
    """Every question, oldest first: for the buyers, who see words and time."""
    query = select(Question).where(Question.tender_id == tender.id).order_by(Question.number)
    return list(session.scalars(query))


def clarified(session: Session, tender: Tender) -> list[Question]:
    """The published clarifications, in their order."""
    rows = [row for row in questions_of(session, tender) if row.answered_at is not None]
    return sorted(rows, key=lambda row: row.number)


def question_of(session: Session, tender: Tender, number: int) -> Question:
    """Raises Refused `question.unknown`."""
    query = select(Question).where(Question.tender_id == tender.id, Question.number == number)
    row = session.scalars(query).first()
    if row is None:
        raise refuse("question.unknown", _("There is no such question."))
    return row


# --- answering ------------------------------------------------------------------------------------


def draft_answer(session: Session, tender: Tender, number: int, text: str, answer: str) -> Question:
    """Write the answer, and the question as it will be published: what could tell who asked is taken out of
    it. Makes the bytes to sign. Raises Refused `question.*`."""
    locked(session, tender.code)
    row = question_of(session, tender, number)
    if row.answered_at is not None:
        raise refuse("question.answered", _("This question is answered already."))
    text, answer = text.strip(), answer.strip()
    for name, words in (("text", text), ("answer", answer)):
        if not words or len(words) > LONGEST:
            raise refuse(
                "question.text", _("Write question and answer, each in at most 4000 characters."), field=name
            )
    row.answer = answer
    row.body = canonical.dumps(
        {
            "v": 1,
            "typ": "ebid.clarification",
            "tender": tender.code,
            "lot": tender.lot.code,
            "number": number,
            "question": text,
            "answer": answer,
        }
    )
    session.flush()
    return row


def publish_answer(
    session: Session, registry: Any, actor: Actor, user_id: uuid.UUID, tender: Tender, number: int, cms: bytes
) -> Notice:
    """Put the signed clarification on the board; entry `tender.clarified`. Downloaders find it on their desks.

    Raises Refused `question.*`, `signature.*`, `certificate.*`."""
    locked(session, tender.code)
    row, now = question_of(session, tender, number), database_now(session)
    if row.answered_at is not None or row.body is None:
        raise refuse("question.answered", _("This question is answered already, or has no answer yet."))
    if tender.state != "published" or now >= tender.deadline:
        raise refuse("question.closed", _("Questions are answered until the bid deadline."))
    found = accept(session, registry, tender.code, row.body, cms, now)
    certificates.own(session, user_id, found.certificate_sha256, now)
    row.cms, row.answered_at = cms, now
    said = json.loads(row.body)
    paragraphs = {
        "zh": [f"问：{said['question']}", f"答：{said['answer']}"],
        "en": [f"Question: {said['question']}", f"Answer: {said['answer']}"],
    }
    notice = publish_notice(
        session, registry["queue"], kind="clarification", tender=tender.code, title=tender.title,
        region=tender.lot.project.region, body=row.body, cms=cms, at=now,
        shown={"title_en": tender.title_en, "agency": tender.agency.name, "text": paragraphs},
        listed=not tender.limited,
    )  # fmt: skip
    payload = {"number": number, "clarification": notice.sha256, "p7s": hashlib.sha256(cms).hexdigest()}
    record(session, actor, "tender.clarified", tender.code, payload, now)
    tell_later(session, tender.code, "clarified", now)
    return notice


# --- after the deadline ---------------------------------------------------------------------------


@dataclass(frozen=True)
class Asked:
    """The opening of a question's leaf: kind "register", seq 0."""

    at: str
    entry_id: int
    digest: bytes
    salt: bytes


def asked_of(session: Session, keys: HallKeys, tender: Tender) -> list[Asked]:
    """The openings of a tender's questions. Only for use after the deadline."""
    found = []
    for row in questions_of(session, tender):
        opened = json.loads(keys.unseal(row.sealed, PURPOSE))
        asker = opened["asker"]
        found.append(Asked(asker["at"], row.entry_id, _digest(asker), bytes.fromhex(opened["salt"])))
    return found
