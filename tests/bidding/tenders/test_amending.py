"""Amending a published tender: findings, custodians' keys, signatures, and what is kept of every version."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from bidding.tenders import amending, drafts, versions
from bidding.tenders.commands import DraftTender
from bidding.tenders.models import Amendment, Tender
from bidding.vault import custody, key_statements
from bidding.vault.models import CustodianKey
from bidding.vault.policy import parse_policy
from tests.tenders import (
    Buyers,
    custodian_seed,
    custodian_signer,
    published_tender,
)
from trading.clock import database_now, rfc3339
from trading.errors import Refused
from trading.events import TenderAmended
from trading.ledger.service import entries_of
from trading.notices.service import documents_of, notices_of
from trading.outbox import Promise


@pytest.fixture
def tender(session: Session, registry: Any, buyers: Buyers) -> Tender:
    return published_tender(session, registry, buyers)


def changed(tender: Tender, **fields: Any) -> DraftTender:
    return DraftTender.model_validate(tender.form | fields)


def draft(session: Session, registry: Any, tender: Tender, **fields: Any) -> Amendment:
    return amending.draft_amendment(session, registry, tender, changed(tender, **fields), "供应商提出疑问")


def later(tender: Tender, days: int = 4) -> str:
    return (tender.deadline + timedelta(days=days)).isoformat()


def cover(session: Session, registry: Any) -> int:
    """Every custodian answers what the hall wants of it; returns how many statements there were."""
    from bidding.vault.custodian_key import build_statement
    from trading.clock import parse_rfc3339

    count = 0
    for who in custody.custodians(registry.settings):
        for row in custody.wanted(session, registry.settings, registry["keys"], who.id)["keys"]:
            now = database_now(session)
            raw = build_statement(
                tender=row["tender"], lot=row["lot"], stage=row["stage"], custodian=who.id, org=who.org,
                cert_sha256=who.cert_sha256, index=who.index, seed=custodian_seed(who.index), created=now,
                release_after=parse_rfc3339(row["release_after"]), suite=row["suite"],
            )  # fmt: skip
            cms = custodian_signer(registry, who.id).sign(raw, now)
            key_statements.accept_statement(session, registry, raw, cms)
            count += 1
    return count


def publish(session: Session, registry: Any, buyers: Buyers, tender: Tender) -> Any:
    row = amending.prepare_amendment(session, registry, tender)
    at = database_now(session)
    signed = {name: buyers.signer.sign(data, at) for name, data in amending.signed_bytes(row).items()}
    return amending.publish_amendment(
        session, registry, buyers.actor, buyers.agent.id, tender, signed["notice"], signed.get("policy")
    )


def codes(refused: pytest.ExceptionInfo[Refused]) -> list[str]:
    return [fault.code for fault in refused.value.faults]


@pytest.fixture
def events(registry: Any) -> Iterator[list[TenderAmended]]:
    told: list[TenderAmended] = []
    registry.registerHandler(told.append, (TenderAmended,))
    yield told


def test_an_amendment_brings_a_new_version_of_documents_policy_and_notice(
    session: Session, registry: Any, buyers: Buyers, tender: Tender, events: list[TenderAmended]
) -> None:
    first = tender.policy_hash
    draft(session, registry, tender, delivery_days=20)
    notice = publish(session, registry, buyers, tender)
    one, two = versions.versions(session, tender)
    assert (one.number, two.number, tender.form["delivery_days"]) == (1, 2, 20)
    policy = parse_policy(two.policy)
    assert (policy.version, policy.replaces, policy.hash.hex()) == (2, first, tender.policy_hash)
    assert parse_policy(one.policy).version == 1
    said = json.loads(notice.body)
    assert said["changes"] == [{"field": "delivery_days", "old": "30", "new": "20"}]
    assert (said["version"], said["reseal"], said["affects_bids"], said["least_days"]) == (2, True, True, 15)
    assert said["replaces"] == notices_of(session, tender.code)[0].sha256
    assert {d.name for d in documents_of(session, tender.code)} == {
        "tender-document.pdf", "tender-document.json", "tender-document-v2.pdf", "tender-document-v2.json"
    }  # fmt: skip
    entry = entries_of(session, tender.code)[-1]
    assert entry.entry.type == "tender.amended" and entry.payloads[0] is not None
    assert (entry.payloads[0].document or {})["policy"] == tender.policy_hash
    assert [(event.policy, event.reseal) for event in events] == [(tender.policy_hash, True)]


def test_a_moved_deadline_needs_statements_that_cover_it_and_closes_the_tender_later(
    session: Session, registry: Any, buyers: Buyers, tender: Tender
) -> None:
    draft(session, registry, tender, deadline=later(tender))
    assert not amending.readiness_of(
        session, registry, tender, versions.open_amendment(session, tender)
    ).ready  # type: ignore[arg-type]
    with pytest.raises(Refused) as refused:
        amending.prepare_amendment(session, registry, tender)
    assert codes(refused) == ["tender.custodians"]
    assert cover(session, registry) == 3 and cover(session, registry) == 0
    publish(session, registry, buyers, tender)
    keys = session.scalars(select(CustodianKey).where(CustodianKey.tender_id == tender.id)).all()
    assert sorted((key.index, key.number) for key in keys) == [(i, n) for i in (1, 2, 3) for n in (1, 2)]
    assert rfc3339(tender.deadline) == json.loads(notices_of(session, tender.code)[-1].body)["deadline"]
    due = select(Promise.due_at).where(
        Promise.topic == "tender.close", Promise.payload["tender"].astext == tender.code
    )
    assert max(session.scalars(due)) == tender.deadline == tender.opens_at
    assert notices_of(session, tender.code)[0].shown["deadline"] == rfc3339(tender.deadline)


def test_a_change_that_affects_no_bid_leaves_the_policy_alone(
    session: Session, registry: Any, buyers: Buyers, tender: Tender, events: list[TenderAmended]
) -> None:
    before = tender.policy_hash
    row = draft(session, registry, tender, contact="王敏 0755-0000")
    prepared = amending.prepare_amendment(session, registry, tender)
    assert list(amending.signed_bytes(prepared)) == ["notice"] and prepared is row
    publish(session, registry, buyers, tender)
    assert tender.policy_hash == before and [event.reseal for event in events] == [False]
    # The next one that does counts the policy's versions, not the documents'.
    draft(session, registry, tender, warranty_months=60)
    publish(session, registry, buyers, tender)
    assert [v.number for v in versions.versions(session, tender)] == [1, 2, 3]
    assert parse_policy(versions.versions(session, tender)[-1].policy).version == 2


def test_a_change_too_near_the_deadline_is_refused_until_the_deadline_moves(
    session: Session, registry: Any, buyers: Buyers
) -> None:
    tender = published_tender(session, registry, buyers, closes_in=timedelta(days=3))
    row = draft(session, registry, tender, delivery_days=20)
    (found,) = amending.readiness_of(session, registry, tender, row).blocking
    assert (found.rule, found.field) == ("P5", "deadline")
    with pytest.raises(Refused) as refused:
        amending.prepare_amendment(session, registry, tender)
    assert codes(refused) == ["rule.P5"]
    moved = amending.proposed_deadline(registry, tender, database_now(session))
    draft(session, registry, tender, delivery_days=20, deadline=moved.isoformat())
    cover(session, registry)
    publish(session, registry, buyers, tender)
    assert tender.deadline == moved.replace(microsecond=0)


def test_what_cannot_be_amended_is_refused_at_once(session: Session, registry: Any, tender: Tender) -> None:
    for fields, code in (
        ({"deadline": (tender.deadline - timedelta(days=1)).isoformat()}, "amendment.earlier"),
        ({"tenderer": "another"}, "amendment.fixed"),
        ({}, "amendment.nothing"),
    ):
        with pytest.raises(Refused) as refused:
            draft(session, registry, tender, **fields)
        assert codes(refused) == [code]
    with pytest.raises(Refused) as refused:
        amending.draft_amendment(session, registry, tender, changed(tender, delivery_days=9), "  ")
    assert codes(refused) == ["amendment.reason"]
    draft(session, registry, tender, qualification="1. 注册资本一亿元")
    with pytest.raises(Refused) as refused:
        amending.prepare_amendment(session, registry, tender)
    assert "rule.P5" in codes(refused)


def test_what_the_gates_refuse_in_a_tender_they_refuse_in_an_amendment(
    session: Session, registry: Any, tender: Tender
) -> None:
    draft(session, registry, tender, bid_security="900000.00")
    with pytest.raises(Refused) as refused:
        amending.prepare_amendment(session, registry, tender)
    assert codes(refused) == ["rule.P6"]


def test_an_amendment_changed_after_it_was_shown_must_be_signed_again(
    session: Session, registry: Any, buyers: Buyers, tender: Tender
) -> None:
    draft(session, registry, tender, delivery_days=20)
    made = amending.signed_bytes(amending.prepare_amendment(session, registry, tender))
    at = database_now(session)
    notice, policy = (buyers.signer.sign(made[name], at) for name in ("notice", "policy"))
    draft(session, registry, tender, delivery_days=21)
    with pytest.raises(Refused) as refused:
        amending.publish_amendment(session, registry, buyers.actor, buyers.agent.id, tender, notice, policy)
    assert codes(refused) == ["tender.stale"]
    assert len(versions.versions(session, tender)) == 1


def test_a_signature_over_another_policy_is_refused(
    session: Session, registry: Any, buyers: Buyers, tender: Tender
) -> None:
    draft(session, registry, tender, delivery_days=20)
    row = amending.prepare_amendment(session, registry, tender)
    at = database_now(session)
    notice = buyers.signer.sign(row.notice or b"", at)
    with pytest.raises(Refused) as refused:
        amending.publish_amendment(session, registry, buyers.actor, buyers.agent.id, tender, notice, notice)
    assert codes(refused) == ["policy.signature"]


def test_a_discarded_amendment_leaves_nothing_and_asks_custodians_for_nothing(
    session: Session, registry: Any, tender: Tender
) -> None:
    draft(session, registry, tender, deadline=later(tender))
    amending.discard_amendment(session, tender)
    assert versions.open_amendment(session, tender) is None and cover(session, registry) == 0
    assert not [e for e in entries_of(session, tender.code) if e.entry.type == "tender.amended"]


def test_after_the_deadline_only_a_suspended_tender_is_amended(
    session: Session, registry: Any, buyers: Buyers
) -> None:
    tender = published_tender(session, registry, buyers, closes_in=timedelta(days=3))
    tender.deadline = tender.opens_at = database_now(session) - timedelta(hours=1)
    session.flush()
    with pytest.raises(Refused) as refused:
        draft(session, registry, tender, deadline=later(tender))
    assert codes(refused) == ["amendment.state"]
    tender.suspended_at = tender.deadline - timedelta(hours=1)
    draft(session, registry, tender, deadline=later(tender))
    cover(session, registry)
    publish(session, registry, buyers, tender)
    assert tender.deadline > database_now(session)


def test_a_draft_of_a_tender_is_edited_not_amended(session: Session, registry: Any, tender: Tender) -> None:
    with pytest.raises(Refused):
        drafts.edit_draft(session, registry, tender, changed(tender, delivery_days=20))
