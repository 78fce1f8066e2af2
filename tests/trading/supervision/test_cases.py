"""Queries and complaints: in time, in order, to the right authority, and by nobody's name."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from pyramid.config import Configurator
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from bidding.tenders.models import Tender
from tests.helpers import make_party, make_user
from tests.tenders import make_buyers, published_tender
from tests.texting import telephones
from trading.acts import Actor
from trading.errors import Refused
from trading.ledger.service import entries_of
from trading.notices.models import Notice
from trading.outbox import Promise
from trading.parties.models import Party
from trading.supervision import case_clocks, cases, deciding, filing, telling
from trading.supervision.filing import Filer
from trading.supervision.models import Case


class Hall:
    """A tender with a result, a supplier, two authorities. The result is published on a Saturday that is a
    working day in place of a holiday; its notice period of one working day ends on Monday 2026-05-11."""

    def __init__(self, session: Session, registry: Any) -> None:
        self.session, self.registry, self.keys = session, registry, registry["keys"]
        self.buyers = make_buyers(session, registry)
        self.tender: Tender = published_tender(session, registry, self.buyers, closes_in=timedelta(hours=2))
        session.add(
            Notice(
                kind="result", tender=self.tender.code, title="t", region="440300", body=b"{}", cms=None, sha256="",
                shown={}, published_at=datetime(2026, 5, 9, 2, tzinfo=UTC),
            )
        )  # fmt: skip
        self.party = make_party(session)
        self.user = make_user(session, "bidder", party=self.party, keys=self.keys, name="质疑人甲")
        self.finance, self.planning = self.authority("财政局"), self.authority("发改委")
        session.flush()

    def authority(self, name: str) -> Party:
        party = make_party(self.session, name, kind="public-body")
        make_user(self.session, "regulator", party=party, keys=self.keys)
        return party

    @property
    def actor(self) -> Actor:
        return Actor(self.user.id, self.user.name, self.party.name, "192.0.2.9", self.keys.pseudonym)

    @property
    def filer(self) -> Filer:
        return Filer(self.user.id, self.user.name, self.party.id, self.party.name)

    def query(self, now: datetime | None, stage: Any = "result") -> Case:
        return filing.file_query(
            self.session, self.keys, self.actor, self.filer, self.tender, stage, ["评分错误", "资格不符"], "请重新评审",
            now=now,
        )  # fmt: skip

    def answer(self, query: Case, now: datetime) -> Case:
        return deciding.answer(
            self.session, self.buyers.actor, query.number, "rejected", "质疑不成立", now=now
        )

    def complain(
        self, query: Case, now: datetime, to: Party | None = None, matters: tuple[int, ...] = (1,)
    ) -> Case:
        return filing.file_complaint(
            self.session, self.keys, self.actor, self.filer, query.number, (to or self.finance).name, list(matters),
            "请求认定中标无效", now=now,
        )  # fmt: skip


@pytest.fixture
def hall(session: Session, config: Configurator) -> Hall:
    return Hall(session, config.registry)


def at(month: int, day: int) -> datetime:
    return datetime(2026, month, day, 2, tzinfo=UTC)


def refused(act: Any) -> tuple[str, str]:
    with pytest.raises(Refused) as error:
        act()
    return error.value.faults[0].code, error.value.faults[0].rule


def test_the_worked_calendar_comes_out_of_the_acts_themselves(hall: Hall) -> None:
    query = hall.query(at(5, 20))
    assert (query.known_on, query.file_until) == (date(2026, 5, 11), date(2026, 5, 20))
    assert case_clocks.due_limit(hall.session, query, at(5, 20)).last_day == date(2026, 5, 29)
    hall.answer(query, at(5, 26))
    assert case_clocks.complaint_limit(query).last_day == date(2026, 6, 22)
    assert hall.complain(query, at(6, 22)).state == "received"


def test_a_query_after_its_time_is_refused_with_the_article(hall: Hall) -> None:
    assert refused(lambda: hall.query(at(5, 21))) == ("query.late", "GPL 52")


def test_a_complaint_after_its_time_is_refused_with_the_article(hall: Hall) -> None:
    query = hall.query(at(5, 20))
    assert refused(lambda: hall.complain(query, at(6, 23))) == ("complaint.late", "GPL 55")


def test_a_complaint_waits_for_the_answer_or_the_end_of_its_time(hall: Hall) -> None:
    query = hall.query(at(5, 20))
    assert refused(lambda: hall.complain(query, at(5, 29))) == ("complaint.early", "GPL 55")
    assert hall.complain(query, at(5, 30)).number.startswith("C-2026-")


def test_a_complaint_is_limited_to_queried_matters(hall: Hall) -> None:
    query = hall.query(at(5, 20))
    hall.answer(query, at(5, 22))
    assert refused(lambda: hall.complain(query, at(6, 1), matters=(1, 3))) == ("complaint.matters", "GPR 55")
    made = hall.complain(query, at(6, 1), matters=(2,))
    assert cases.letter_of(hall.keys, made).matters == ["资格不符"]


def test_the_first_receiver_keeps_a_matter_and_the_second_is_sent_to_it(hall: Hall) -> None:
    query = hall.query(at(5, 20))
    hall.answer(query, at(5, 22))
    first = hall.complain(query, at(6, 1))
    second = hall.complain(query, at(6, 2), hall.planning)
    assert (second.state, second.kept_by, second.due_at) == ("routed", first.number, None)
    assert refused(lambda: hall.complain(query, at(6, 3)))[0] == "complaint.twice"
    assert refused(
        lambda: deciding.accept(hall.session, hall.actor, first.number, hall.planning.name, now=at(6, 3))
    ) == ("case.not-yours", "TBR 61")


def test_appraisal_stops_the_clock_with_its_paper_and_the_light_turns_red_when_late(hall: Hall) -> None:
    query = hall.query(at(5, 20))
    hall.answer(query, at(5, 22))
    made, who = hall.complain(query, at(6, 1)), hall.finance.name
    deciding.accept(hall.session, hall.actor, made.number, who, now=at(6, 2))
    plain = case_clocks.due_limit(hall.session, made, at(6, 2)).last_day

    def stop(document: str) -> Any:
        return deciding.pause(
            hall.session, hall.actor, made.number, who, "appraisal", "检测样品", document, now=at(6, 8)
        )

    assert refused(lambda: stop("")) == ("case.paper", "GPR 58")
    stop("ab" * 32)
    assert (made.due_at, case_clocks.light_of(hall.session, made, at(9, 1))) == (None, "paused")
    deciding.unpause(hall.session, hall.actor, made.number, who, now=at(6, 15))
    moved = case_clocks.due_limit(hall.session, made, at(6, 15)).last_day
    assert plain is not None and moved is not None and moved == plain + timedelta(days=7)
    assert case_clocks.light_of(hall.session, made, at(9, 1)) == "red"
    deciding.decide(hall.session, hall.actor, made.number, who, "upheld", "投诉成立", now=at(6, 16))
    assert case_clocks.light_of(hall.session, made, at(9, 1)) == "done"


def test_neither_the_database_nor_the_ledger_names_who_asks(hall: Hall) -> None:
    query = hall.query(None, "documents")
    rows = " ".join(str(row) for row in hall.session.execute(text("SELECT * FROM supervision_case")))
    for secret in (
        hall.party.name,
        str(hall.party.id),
        hall.party.uscc,
        hall.user.name,
        str(hall.user.id),
        "评分错误",
    ):
        assert secret not in rows
    entry = next(e for e in entries_of(hall.session, hall.tender.code) if e.entry.type == "query.filed")
    assert entry.entry.actor == "participant"
    public = json.dumps(entry.payloads[0].document, ensure_ascii=False)
    assert query.number in public
    assert hall.party.name not in public and str(hall.user.id) not in public


def test_an_enterprise_finds_its_own_cases_and_no_others(hall: Hall) -> None:
    query = hall.query(at(5, 20))
    other = make_party(hall.session)
    assert cases.own(hall.session, hall.keys, hall.party.id) == [query]
    assert cases.own(hall.session, hall.keys, other.id) == []
    stranger = Filer(hall.user.id, "x", other.id, other.name)
    with pytest.raises(Refused, match=r"case\.unknown"):
        filing.file_complaint(
            hall.session,
            hall.keys,
            hall.actor,
            stranger,
            query.number,
            hall.finance.name,
            [1],
            "x",
            now=at(6, 1),
        )


def test_there_is_nothing_to_query_before_it_has_happened(hall: Hall) -> None:
    hall.session.delete(hall.session.scalars(select(Notice).where(Notice.kind == "result")).one())
    hall.session.flush()
    assert refused(lambda: hall.query(at(5, 20)))[0] == "query.too-early"
    assert refused(lambda: hall.query(at(5, 20), "process"))[0] == "query.too-early"


def inquire(hall: Hall, now: datetime) -> Case:
    return filing.file_inquiry(
        hall.session,
        hall.keys,
        hall.actor,
        hall.filer,
        hall.tender,
        "documents",
        ["付款方式？"],
        "请说明",
        now=now,
    )


def test_an_inquiry_is_answered_within_three_working_days_and_no_complaint_follows(hall: Hall) -> None:
    made = inquire(hall, at(5, 20))
    assert made.number.startswith("I-2026-")
    assert case_clocks.due_limit(hall.session, made, at(5, 20)).last_day == date(2026, 5, 25)
    assert case_clocks.light_of(hall.session, made, at(5, 26)) == "red"
    assert refused(lambda: hall.complain(made, at(6, 1)))[0] == "case.unknown"
    deciding.answer(hall.session, hall.buyers.actor, made.number, "", "按合同约定付款", now=at(5, 22))
    assert (made.state, made.decision) == ("answered", "")
    kinds = [entry.entry.type for entry in entries_of(hall.session, hall.tender.code)]
    assert kinds[-2:] == ["inquiry.filed", "inquiry.answered"]
    filed = next(e for e in entries_of(hall.session, hall.tender.code) if e.entry.type == "inquiry.filed")
    assert filed.entry.actor == "participant"


def test_everything_against_one_step_is_queried_at_once(hall: Hall) -> None:
    """MOF Order 94 art. 10; another step, what was amended since, and a query taken back are no second query."""
    first = hall.query(at(5, 18))
    assert refused(lambda: hall.query(at(5, 19))) == ("query.once", "M94 10")
    mine, hall.party = hall.party, make_party(hall.session)
    assert hall.query(at(5, 19)).state == "open", "another enterprise's query is its own"
    hall.party = mine
    filing.withdraw(hall.session, hall.keys, hall.actor, hall.filer, first.number, now=at(5, 19))
    assert hall.query(at(5, 20)).state == "open"
    hall.query(None, "documents")
    assert refused(lambda: hall.query(None, "documents"))[0] == "query.once"
    notice = hall.session.scalars(select(Notice).where(Notice.kind == "tender")).one()
    notice.published_at += timedelta(days=1)  # as if amended after the query
    hall.session.flush()
    assert case_clocks.step_began(hall.session, hall.tender.code, "documents") == notice.published_at
    assert inquire(hall, at(5, 20)).kind == "inquiry", "a question is always free"


def test_a_query_is_not_answered_without_its_outcome(hall: Hall) -> None:
    query = hall.query(at(5, 20))
    assert (
        refused(
            lambda: deciding.answer(hall.session, hall.buyers.actor, query.number, "", "x", now=at(5, 22))
        )[0]
        == "case.decision"
    )


def test_only_who_filed_a_case_withdraws_it_and_then_it_is_over(hall: Hall) -> None:
    query = hall.query(at(5, 20))
    other = make_party(hall.session)
    stranger = Filer(hall.user.id, "x", other.id, other.name)
    take_back = lambda filer, number: filing.withdraw(  # noqa: E731
        hall.session, hall.keys, hall.actor, filer, number, now=at(5, 21)
    )
    assert refused(lambda: take_back(stranger, query.number))[0] == "case.unknown"
    take_back(hall.filer, query.number)
    assert (query.state, query.closed_at) == ("withdrawn", at(5, 21))
    assert query not in cases.open_cases(hall.session)
    assert refused(lambda: take_back(hall.filer, query.number))[0] == "case.closed"
    assert refused(lambda: hall.answer(query, at(5, 22)))[0] == "case.closed"
    assert refused(lambda: hall.complain(query, at(6, 1)))[0] == "case.closed"


def test_after_a_complaint_was_withdrawn_another_authority_may_receive_the_matter(hall: Hall) -> None:
    query = hall.query(at(5, 20))
    hall.answer(query, at(5, 22))
    first = hall.complain(query, at(6, 1))
    filing.withdraw(hall.session, hall.keys, hall.actor, hall.filer, first.number, now=at(6, 2))
    assert hall.complain(query, at(6, 3), hall.planning).state == "received"


def test_the_filer_is_told_of_the_answer_by_text_message_and_nobody_else(hall: Hall) -> None:
    hall.party.phone = "13800138000"
    query = hall.query(at(5, 20))
    hall.answer(query, at(5, 22))
    promised = hall.session.scalars(select(Promise.payload).where(Promise.topic == telling.TELL)).all()
    assert promised == [{"case": query.number, "state": "answered"}]
    gateway = telephones(hall.registry)
    telling.tell(hall.session, hall.registry, promised[0])
    ((number, text),) = gateway.sent.values()
    assert number == "13800138000" and query.number in text and "已答复" in text
    assert hall.party.name not in text and hall.tender.code not in text


def test_a_decision_may_be_reconsidered_within_sixty_days_and_a_third_unfounded_complaint_is_flagged(
    hall: Hall,
) -> None:
    found = []
    for day in (3, 4, 5):
        query = hall.query(at(5, 20))
        hall.answer(query, at(5, 22))
        complaint = hall.complain(query, at(6, 1))
        assert case_clocks.reconsideration_limit(complaint) is None
        deciding.accept(hall.session, hall.actor, complaint.number, hall.finance.name, now=at(6, 2))
        deciding.decide(hall.session, hall.actor, complaint.number, hall.finance.name, "rejected", "投诉缺乏事实依据",
                        now=at(6, day))  # fmt: skip
        found.append(deciding.unfounded(hall.session, complaint, at(6, day)))
        query.filed_at -= timedelta(days=30)  # as if about an earlier result: one step is queried once
    limit = case_clocks.reconsideration_limit(complaint)
    assert limit is not None and (limit.last_day, limit.rule.instrument, limit.rule.article) == (
        date(2026, 8, 4),
        "REC",
        "20",
    )
    assert [rule and rule.id for rule in found] == [None, None, "P18.unfounded"]
    assert deciding.unfounded(hall.session, complaint, at(6, 5) + timedelta(days=365)) is None
