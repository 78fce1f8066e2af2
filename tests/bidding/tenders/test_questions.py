"""Questions and clarifications: everybody reads the answer, nobody learns who asked."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text as sql
from sqlalchemy.orm import Session

from bidding.tenders import questions
from bidding.tenders.models import Tender
from tests.helpers import make_party, make_user
from tests.tenders import Buyers, published_tender
from trading.accounts.models import User
from trading.clock import database_now
from trading.errors import Refused
from trading.ledger.service import entries_of
from trading.notices.service import notices_of, take_document

ADDRESS = "198.51.100.77"


@pytest.fixture
def tender(session: Session, registry: Any, buyers: Buyers) -> Tender:
    return published_tender(session, registry, buyers)


@pytest.fixture
def bidder(session: Session, registry: Any, tender: Tender) -> User:
    party = make_party(session, "好奇的供应商有限公司")
    user = make_user(session, "bidder", party=party, keys=registry["keys"], name="问问题的人")
    take(session, registry, tender, user)
    return user


def take(session: Session, registry: Any, tender: Tender, user: User | None) -> None:
    take_document(
        session, registry, registry["keys"], tender=tender.code, lot=tender.lot.code,
        name="tender-document.pdf", address=ADDRESS, user=str(user.id) if user else "",
    )  # fmt: skip


def ask(session: Session, registry: Any, tender: Tender, user: User, text: str = "内存可否为 16 GB？") -> Any:
    return questions.ask(session, registry["keys"], tender, user.id, ADDRESS, text)


def answer(session: Session, registry: Any, buyers: Buyers, tender: Tender, number: int) -> Any:
    row = questions.draft_answer(session, tender, number, "内存可否为 16 GB？", "可以。")
    cms = buyers.signer.sign(row.body or b"", database_now(session))
    return questions.publish_answer(session, registry, buyers.actor, buyers.agent.id, tender, number, cms)


def code_of(refused: pytest.ExceptionInfo[Refused]) -> str:
    return refused.value.faults[0].code


def test_a_clarification_reaches_the_board_signed_and_without_the_asker(
    session: Session, registry: Any, buyers: Buyers, tender: Tender, bidder: User
) -> None:
    row = ask(session, registry, tender, bidder)
    notice = answer(session, registry, buyers, tender, row.number)
    said = json.loads(notice.body)
    assert (said["number"], said["answer"]) == (1, "可以。") and notice.cms
    assert [n.kind for n in notices_of(session, tender.code)] == ["tender", "clarification"]
    entry = entries_of(session, tender.code)[-1]
    assert entry.entry.type == "tender.clarified" and entry.payloads[0] is not None
    assert (entry.payloads[0].document or {})["clarification"] == notice.sha256


def test_nothing_that_is_stored_names_the_asker(
    session: Session, registry: Any, buyers: Buyers, tender: Tender, bidder: User
) -> None:
    tables = ("tender_question", "notice", "ledger_entry", "ledger_payload", "download", "live_event")

    def stored() -> set[str]:
        session.flush()
        return {row for name in tables for row in session.scalars(sql(f"SELECT t::text FROM {name} t"))}

    before = stored()
    answer(session, registry, buyers, tender, ask(session, registry, tender, bidder).number)
    new = stored() - before
    assert len(new) >= 4
    for secret in (str(bidder.id), ADDRESS, bidder.name, "好奇的供应商有限公司"):
        assert not any(form in row for row in new for form in (secret, secret.encode().hex())), secret


def test_asking_is_one_entry_that_cannot_be_told_from_a_bid(
    session: Session, registry: Any, tender: Tender, bidder: User
) -> None:
    before = len(entries_of(session, tender.code))
    row = ask(session, registry, tender, bidder)
    assert len(entries_of(session, tender.code)) == before
    body = session.execute(
        sql("SELECT body FROM ledger_entry WHERE id = :id"), {"id": row.entry_id}
    ).scalar_one()
    assert set(json.loads(bytes(body))) == {"v", "typ", "c"}
    (asked,) = questions.asked_of(session, registry["keys"], tender)
    assert asked.entry_id == row.entry_id and len(asked.digest) == len(asked.salt) == 32


def test_only_who_has_taken_the_documents_may_ask(session: Session, registry: Any, tender: Tender) -> None:
    stranger = make_user(session, "bidder", party=make_party(session), keys=registry["keys"])
    take(session, registry, tender, None)
    with pytest.raises(Refused) as refused:
        ask(session, registry, tender, stranger)
    assert code_of(refused) == "question.closed"


def test_after_the_deadline_nobody_asks_and_nobody_answers(
    session: Session, registry: Any, buyers: Buyers, tender: Tender, bidder: User
) -> None:
    row = ask(session, registry, tender, bidder)
    tender.deadline = database_now(session) - timedelta(seconds=1)
    session.flush()
    with pytest.raises(Refused) as refused:
        ask(session, registry, tender, bidder)
    assert code_of(refused) == "question.closed"
    with pytest.raises(Refused) as refused:
        answer(session, registry, buyers, tender, row.number)
    assert code_of(refused) == "question.closed"


def test_a_question_is_answered_once_and_never_empty(
    session: Session, registry: Any, buyers: Buyers, tender: Tender, bidder: User
) -> None:
    with pytest.raises(Refused) as refused:
        ask(session, registry, tender, bidder, "  ")
    assert code_of(refused) == "question.text"
    row = ask(session, registry, tender, bidder)
    answer(session, registry, buyers, tender, row.number)
    with pytest.raises(Refused) as refused:
        answer(session, registry, buyers, tender, row.number)
    assert code_of(refused) == "question.answered"


def test_the_last_day_for_questions_leaves_the_law_its_fifteen_days(
    session: Session, registry: Any, buyers: Buyers
) -> None:
    tender = published_tender(session, registry, buyers)
    last = questions.last_day(tender, "procurement")
    assert (tender.deadline.astimezone().date() - last).days in (15, 16)
