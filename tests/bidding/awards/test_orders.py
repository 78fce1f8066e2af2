"""What the authority's orders do to a tender: voided awards, new evaluations, and everything kept."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from pyramid.config import Configurator
from sqlalchemy import select
from sqlalchemy.orm import Session

from bidding.awards.models import Award
from bidding.evaluation.models import EvaluationReport
from bidding.tenders import interruptions, repeating
from bidding.tenders.interruptions import Ground
from expert_pool.selection import service as committee
from expert_pool.selection.panel_list import seats_to_bytes
from plugins.x509_signatures.signer import FileSigner
from tests.awards import Evaluated, evaluated_tender, publish_award, standing
from tests.helpers import make_party, make_user
from tests.tenders import actor_for, signer_of
from trading.accounts.models import User
from trading.acts import Actor
from trading.clock import database_now
from trading.deals import service as deals
from trading.errors import Refused
from trading.ledger.service import entries_of
from trading.rulebook.calendar import beijing_date
from trading.supervision import orders, suspensions
from trading.supervision.commands import IssueOrder
from trading.supervision.models import Order


class Authority:
    """A regulator with a certificate."""

    def __init__(self, session: Session, registry: Any) -> None:
        self.session, self.registry = session, registry
        self.party = make_party(session, "示例市财政局监管处", kind="public-body")
        self.user: User = make_user(session, "regulator", party=self.party, keys=registry["keys"])
        self.actor: Actor = actor_for(registry, self.user, self.party.name)
        self.signer: FileSigner = signer_of(session, registry, self.user)

    def issue(self, tender: Any, kind: str, **more: Any) -> Order:
        command = IssueOrder.model_validate({"order": kind, "reason": "投诉成立", "article": "GPL 56"} | more)
        made = orders.prepare(self.session, self.user.id, self.party.name, tender, command, "")
        cms = self.signer.sign(made.raw, database_now(self.session))
        return orders.issue(self.session, self.registry, self.actor, self.user.id, made.number, cms, tender)


@pytest.fixture
def authority(session: Session, config: Configurator) -> Authority:
    return Authority(session, config.registry)


@pytest.fixture
def made(session: Session, config: Configurator) -> Evaluated:
    return evaluated_tender(session, config.registry)


def types(session: Session, code: str) -> list[str]:
    return [entry.entry.type for entry in entries_of(session, code)]


def refused(act: Any) -> str:
    with pytest.raises(Refused) as error:
        act()
    return error.value.faults[0].code


def test_a_voided_award_passes_to_the_next_and_stays_on_record(
    session: Session, config: Configurator, authority: Authority, made: Evaluated
) -> None:
    first, code = publish_award(session, config.registry, made), made.tender.code
    order = authority.issue(made.tender, "void-award")
    assert made.tender.state == "evaluated"
    assert types(session, code)[-2:] == ["order.issued", "award.voided"]
    assert deals.of_tender(session, code) is None
    assert first.withdrawn_at is not None and first.raw and first.cms
    second = publish_award(session, config.registry, made)
    assert (second.number, made.tender.state) == (2, "awarded")
    assert standing(session, made).candidates[0].voided_by == order.number
    assert session.scalars(select(Award).where(Award.tender_id == made.tender.id)).all() == [first, second]


def test_the_tender_fails_when_the_only_candidate_is_voided(
    session: Session, config: Configurator, authority: Authority
) -> None:
    alone = evaluated_tender(session, config.registry, ranked=1)
    publish_award(session, config.registry, alone)
    authority.issue(alone.tender, "void-award")
    assert alone.tender.state == "failed"
    assert types(session, alone.tender.code)[-3:] == ["order.issued", "award.voided", "tender.failed"]


def test_an_order_that_cannot_be_carried_out_is_refused(
    session: Session, authority: Authority, made: Evaluated
) -> None:
    assert refused(lambda: authority.issue(made.tender, "void-award")) == "award.none"
    assert refused(lambda: authority.issue(made.tender, "resume")) == "tender.not-suspended"


def test_a_new_evaluation_keeps_the_report_and_begins_a_round(
    session: Session, config: Configurator, authority: Authority, made: Evaluated
) -> None:
    publish_award(session, config.registry, made)
    authority.issue(made.tender, "new-committee")
    assert (made.tender.state, made.tender.round) == ("opened", 2)
    assert types(session, made.tender.code)[-3:] == ["order.issued", "award.voided", "evaluation.reopened"]
    assert committee.panel_of(session, made.tender.code) is None
    assert len(committee.panels_of(session, made.tender.code)) == 1
    kept = session.scalars(select(EvaluationReport).where(EvaluationReport.tender_id == made.tender.id)).all()
    assert [report.round for report in kept] == [1]
    assert refused(lambda: standing(session, made)) == "award.not-evaluated"


def test_the_same_committee_votes_again_when_the_order_says_so(
    session: Session, config: Configurator, authority: Authority, made: Evaluated
) -> None:
    panel, keys = committee.panel_of(session, made.tender.code), config.registry["keys"]
    assert panel is not None
    panel.sealed = keys.seal(seats_to_bytes([]), f"panel/{made.tender.code}")
    authority.issue(made.tender, "re-evaluate")
    assert (made.tender.state, made.tender.round) == ("evaluating", 2)
    assert committee.panel_of(session, made.tender.code) is panel


def test_nothing_is_awarded_while_the_authority_has_suspended_it(
    session: Session, config: Configurator, authority: Authority, made: Evaluated
) -> None:
    authority.issue(made.tender, "suspend")
    assert refused(lambda: publish_award(session, config.registry, made)) == "tender.suspended"
    authority.issue(made.tender, "resume")
    publish_award(session, config.registry, made)
    assert made.tender.state == "awarded"


def test_an_ordered_suspension_has_a_light_for_its_thirty_days_and_only_an_order_ends_it(
    session: Session, authority: Authority, made: Evaluated
) -> None:
    authority.issue(made.tender, "suspend")
    now = database_now(session)
    standing = suspensions.of_tender(session, made.tender, now)
    assert standing is not None
    assert standing.limit.last_day == beijing_date(now) + timedelta(days=30)
    lights = [
        suspensions.of_tender(session, made.tender, now + timedelta(days=days)).limit.light
        for days in (1, 26, 31)
    ]
    assert lights == ["green", "yellow", "red"]
    ground = Ground("我方恢复")
    assert (
        refused(
            lambda: interruptions.resume(
                session, authority.registry, made.buyers.actor, made.tender.code, ground
            )
        )
        == "tender.suspended-by-order"
    )
    authority.issue(made.tender, "resume")
    assert suspensions.of_tender(session, made.tender, now) is None
    interruptions.suspend(session, authority.registry, made.buyers.actor, made.tender.code, ground)
    assert suspensions.of_tender(session, made.tender, now) is None, (
        "the buyers' own suspension has no such limit"
    )


def test_orders_of_a_tender_are_counted_and_an_order_is_issued_once_by_who_prepared_it(
    session: Session, config: Configurator, authority: Authority, made: Evaluated
) -> None:
    first = authority.issue(made.tender, "suspend")
    second = authority.issue(made.tender, "resume")
    assert (first.place, second.place) == (1, 2)
    again = lambda: orders.issue(  # noqa: E731
        session, config.registry, authority.actor, authority.user.id, first.number, b"", made.tender
    )
    assert refused(again) == "order.issued"
    command = IssueOrder.model_validate({"order": "suspend", "reason": "x", "article": "GPL 57"})
    waiting = orders.prepare(session, authority.user.id, "", made.tender, command, "")
    other = make_user(session, "regulator", keys=config.registry["keys"])
    assert (
        refused(
            lambda: orders.issue(
                session, config.registry, authority.actor, other.id, waiting.number, b"", made.tender
            )
        )
        == "order.not-yours"
    )


def test_an_order_to_correct_needs_a_day_and_is_reported_on_once(
    session: Session, authority: Authority, made: Evaluated
) -> None:
    assert refused(lambda: authority.issue(made.tender, "correct")) == "order.answer-by"
    day = database_now(session).date().isoformat()
    order = authority.issue(made.tender, "correct", answer_by="2099-01-05")
    assert orders.unanswered(session) == [order], day
    orders.answer(session, made.buyers.actor, order.number, "已改正")
    assert orders.unanswered(session) == []
    assert refused(lambda: orders.answer(session, made.buyers.actor, order.number, "again")) == "order.closed"


def test_a_failed_tender_is_repeated_once_and_knows_how_often_it_failed(
    session: Session, config: Configurator, made: Evaluated
) -> None:
    registry, buyers = config.registry, made.buyers
    ground = Ground("发现违法行为")
    assert (
        refused(lambda: repeating.retender(session, registry, buyers.actor, buyers.agent, made.tender.code))
        == "tender.not-ended"
    )
    interruptions.fail(session, registry, buyers.actor, made.tender.code, ground)
    again = repeating.retender(session, registry, buyers.actor, buyers.agent, made.tender.code)
    assert (again.state, again.predecessor_id, again.title) == ("draft", made.tender.id, made.tender.title)
    assert again.deadline > database_now(session)
    entry = next(e for e in entries_of(session, again.code) if e.entry.type == "tender.retendered")
    assert entry.payloads[0].document == {
        "predecessor": made.tender.code, "how": "failed", "failures": 1, "advised": ["P15.examine"],
    }  # fmt: skip
    assert (
        refused(lambda: repeating.retender(session, registry, buyers.actor, buyers.agent, made.tender.code))
        == "tender.retendered"
    )


def test_after_a_second_failure_another_method_is_advised_and_that_stays_on_record(
    session: Session, config: Configurator, made: Evaluated
) -> None:
    registry, buyers, first = config.registry, made.buyers, made.tender
    assert repeating.advice(session, registry, first, database_now(session)) == []
    interruptions.fail(session, registry, buyers.actor, first.code, Ground("发现违法行为"))
    assert [rule.id for rule in repeating.advice(session, registry, first, database_now(session))] == [
        "P15.examine"
    ]
    second = repeating.retender(session, registry, buyers.actor, buyers.agent, first.code)
    second.state, second.published_at = "failed", database_now(session)
    advised = repeating.advice(session, registry, second, database_now(session))
    assert [rule.id for rule in advised] == ["P15.examine", "P15.another_method"]
    assert (
        "报财政部门批准" in advised[1].words("zh_CN")
        and advised[1].citation("zh_CN") == "财政部令第87号 第43条"
    )
    third = repeating.retender(session, registry, buyers.actor, buyers.agent, second.code)
    entry = next(e for e in entries_of(session, third.code) if e.entry.type == "tender.retendered")
    assert entry.payloads[0].document["advised"] == ["P15.examine", "P15.another_method"]
    assert entry.payloads[0].document["failures"] == 2
