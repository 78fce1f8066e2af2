"""Publishing a tender: real signatures, the custodians' keys, and what is kept of it."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

import tradehall_verify as verifier
from bidding.evaluation.lowest import evaluate_json
from bidding.tenders import drafts, papers, publication
from bidding.tenders.commands import DraftTender
from bidding.tenders.models import Publication
from bidding.tenders.readiness import publishable
from bidding.vault.models import SealPolicy
from bidding.vault.policy import parse_policy
from tests.helpers import make_user
from tests.tenders import Buyers, deliver_keys, make_draft, publish_draft, published_tender, signer_of
from trading.clock import database_now, rfc3339
from trading.errors import Refused
from trading.evidence import evidence_of
from trading.interfaces import IFileStore
from trading.ledger.service import entries_of
from trading.notices.service import documents_of, file_key, notices_of
from trading.outbox import Promise


def ready(session: Session, registry: Any, buyers: Buyers) -> Any:
    tender = make_draft(session, registry, buyers)
    deliver_keys(session, registry, tender)
    return tender


def publish_with(
    session: Session, registry: Any, buyers: Buyers, tender: Any, notice: bytes, policy: bytes
) -> Any:
    return publication.publish(session, registry, buyers.actor, buyers.agent.id, tender, notice, policy)


def refusal(
    session: Session, registry: Any, buyers: Buyers, tender: Any, notice: bytes, policy: bytes
) -> str:
    """The code of the refusal; the tender stays a draft."""
    with pytest.raises(Refused) as refused, session.begin_nested():
        publish_with(session, registry, buyers, tender, notice, policy)
    session.expire_all()
    assert tender.state == "draft" and not notices_of(session, tender.code)
    return refused.value.faults[0].code


def listed_files(session: Session, tender: Any) -> list[dict[str, Any]]:
    """The rows of the published list of documents."""
    row = session.scalars(select(Publication).where(Publication.tender_id == tender.id)).one()
    rows: list[dict[str, Any]] = json.loads(row.documents)["files"]
    return rows


def test_a_hall_that_asks_for_sm3_publishes_both_digests_of_every_paper(
    session: Session, registry: Any, buyers: Buyers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(registry.settings, "hall.sm3", "true")
    tender = published_tender(session, registry, buyers)
    (notice,) = notices_of(session, tender.code)
    said, row = (
        json.loads(notice.body),
        session.scalars(select(Publication).where(Publication.tender_id == tender.id)).one(),
    )
    policy = session.scalars(select(SealPolicy).where(SealPolicy.tender_id == tender.id)).one().raw
    papers = {"policy": policy, "documents": row.documents, "evaluation": row.evaluation}
    assert said["sm3"] == {name: verifier.sm3(data).hex() for name, data in papers.items()}
    store = registry.getUtility(IFileStore)
    for file in listed_files(session, tender):
        assert file["sm3"] == verifier.sm3(store.get(file_key(file["sha256"]))).hex()


def test_a_published_tender_leaves_everything_a_stranger_needs(
    session: Session, registry: Any, buyers: Buyers
) -> None:
    tender = published_tender(session, registry, buyers)
    (notice,) = notices_of(session, tender.code)
    policy = session.scalars(select(SealPolicy).where(SealPolicy.tender_id == tender.id)).one()
    body = json.loads(notice.body)
    assert tender.state == "published" and tender.published_at == notice.published_at
    assert (body["policy"], body["tender"], body["lot"]) == (policy.sha256, tender.code, tender.lot.code)
    assert body["deadline"] == body["open_at"] == rfc3339(tender.deadline)
    assert body["rulebook"] == {"version": tender.rulebook_version, "sha256": tender.rulebook_hash}
    assert "sm3" not in body and all("sm3" not in row for row in listed_files(session, tender))
    read = parse_policy(policy.raw)
    (stage,) = read.stages
    assert (stage.mode, stage.t, stage.n, stage.bidder_window_s) == ("either", 2, 3, 1800)
    assert [(part.name, part.public_after_open) for part in read.parts] == [
        ("price-sheet", True),
        ("documents", False),
    ]
    store = registry.getUtility(IFileStore)
    for document in documents_of(session, tender.code):
        data = store.get(file_key(document.sha256))
        assert hashlib.sha256(data).hexdigest() == document.sha256 and len(data) == document.size
    promise = session.scalars(select(Promise).where(Promise.payload["tender"].astext == tender.code)).one()
    assert (promise.topic, promise.due_at) == ("tender.close", tender.deadline)
    assert {file.kind for file in evidence_of(session, tender.code)} == {"cert", "crl"}


def test_the_ledger_entry_names_the_published_bytes(session: Session, registry: Any, buyers: Buyers) -> None:
    tender = published_tender(session, registry, buyers)
    (notice,) = notices_of(session, tender.code)
    entry = entries_of(session, tender.code)[-1]
    body = json.loads(notice.body)
    assert entry.entry.type == "tender.published" and entry.payloads[0] is not None
    payload = entry.payloads[0].document
    assert payload is not None and notice.cms is not None
    assert payload["notice"] == notice.sha256 and payload["p7s"] == hashlib.sha256(notice.cms).hexdigest()
    assert [payload[n] for n in ("policy", "documents", "evaluation")] == [
        body[n] for n in ("policy", "documents", "evaluation")
    ]
    person = entry.payloads[1]
    assert person is not None and person.document is not None and person.document["address"] == "192.0.2.7"


def test_the_published_rules_are_rules_that_the_evaluation_can_use(
    session: Session, registry: Any, buyers: Buyers
) -> None:
    tender = published_tender(session, registry, buyers)
    outcome = evaluate_json({"rules": tender.rules, "bids": [], "draws": []})
    assert outcome["failure"]["code"] == "fewer-than-three-bidders"
    assert len(tender.rules["items"]["qualification"]) == 5 and len(tender.rules["items"]["conformity"]) == 6


def test_without_every_custodians_key_nothing_can_be_signed(
    session: Session, registry: Any, buyers: Buyers
) -> None:
    tender = make_draft(session, registry, buyers)
    deliver_keys(session, registry, tender, 1, 3)
    readiness = publishable(session, registry, tender)
    assert [custodian.key is not None for custodian in readiness.custodians] == [True, False, True]
    with pytest.raises(Refused) as refused:
        publication.prepare(session, registry, tender)
    assert refused.value.faults[0].code == "tender.custodians"


def test_what_the_rulebook_refuses_cannot_be_signed(session: Session, registry: Any, buyers: Buyers) -> None:
    tender = make_draft(session, registry, buyers, bid_security="48000.01")
    deliver_keys(session, registry, tender)
    with pytest.raises(Refused) as refused:
        publication.prepare(session, registry, tender)
    (fault,) = refused.value.faults
    assert (fault.code, fault.field, fault.remedy) == ("rule.P6", "bid_security", "48000.00")


def test_the_bytes_to_sign_stay_the_same_until_something_changes(
    session: Session, registry: Any, buyers: Buyers
) -> None:
    tender = ready(session, registry, buyers)
    first = publication.prepare(session, registry, tender).notice
    assert publication.prepare(session, registry, tender).notice == first
    drafts.edit_draft(
        session, registry, tender, DraftTender.model_validate(tender.form | {"title": "Other desks"})
    )
    assert publication.prepare(session, registry, tender).notice != first


def test_a_signature_over_other_bytes_is_refused(session: Session, registry: Any, buyers: Buyers) -> None:
    tender = ready(session, registry, buyers)
    made, at = publication.prepare(session, registry, tender), database_now(session)
    sign = buyers.signer.sign
    tampered = made.notice.replace(b"2026", b"2027", 1)
    assert (
        refusal(session, registry, buyers, tender, sign(tampered, at), sign(made.policy, at))
        == "signature.invalid"
    )
    swapped = refusal(session, registry, buyers, tender, sign(made.notice, at), sign(made.notice, at))
    assert swapped == "policy.signature"


def test_a_certificate_that_is_not_the_agents_own_is_refused(
    session: Session, registry: Any, buyers: Buyers
) -> None:
    tender = ready(session, registry, buyers)
    made, at = publication.prepare(session, registry, tender), database_now(session)
    colleague = signer_of(session, registry, make_user(session, "agent", party=buyers.agency))
    both = colleague.sign(made.notice, at), colleague.sign(made.policy, at)
    assert refusal(session, registry, buyers, tender, *both) == "certificate.not-yours"
    mixed = buyers.signer.sign(made.notice, at), colleague.sign(made.policy, at)
    assert refusal(session, registry, buyers, tender, *mixed) == "policy.signature"


def test_a_draft_that_changed_after_it_was_shown_must_be_signed_again(
    session: Session, registry: Any, buyers: Buyers
) -> None:
    tender = ready(session, registry, buyers)
    made, at = publication.prepare(session, registry, tender), database_now(session)
    signed = buyers.signer.sign(made.notice, at), buyers.signer.sign(made.policy, at)
    drafts.edit_draft(
        session, registry, tender, DraftTender.model_validate(tender.form | {"budget": "2500000.00"})
    )
    assert refusal(session, registry, buyers, tender, *signed) == "tender.stale"


def test_a_custodians_statement_with_a_bad_signature_stops_the_publication(
    session: Session, registry: Any, buyers: Buyers
) -> None:
    tender = ready(session, registry, buyers)
    key = drafts.custodian_keys(session, tender)[1]
    key.cms = drafts.custodian_keys(session, tender)[0].cms
    session.flush()
    made, at = publication.prepare(session, registry, tender), database_now(session)
    signed = buyers.signer.sign(made.notice, at), buyers.signer.sign(made.policy, at)
    assert refusal(session, registry, buyers, tender, *signed) == "policy.signature"


def test_a_published_tender_is_not_published_again_nor_edited(
    session: Session, registry: Any, buyers: Buyers
) -> None:
    tender = published_tender(session, registry, buyers)
    for act in (
        lambda: publication.prepare(session, registry, tender),
        lambda: publish_with(session, registry, buyers, tender, b"", b""),
        lambda: drafts.edit_draft(session, registry, tender, drafts.draft_of(tender)),
    ):
        with pytest.raises(Refused) as refused:
            act()
        assert refused.value.faults[0].code == "tender.not-draft"


def test_a_refusal_that_was_set_aside_no_longer_stops_the_publication(
    session: Session, registry: Any, buyers: Buyers
) -> None:
    tender = make_draft(session, registry, buyers, deadline=database_now(session) + timedelta(hours=2))
    assert publishable(session, registry, tender).blocking
    publish_draft(session, registry, buyers, tender)
    assert tender.state == "published"


def test_the_documents_are_the_same_bytes_when_made_again(
    session: Session, registry: Any, buyers: Buyers
) -> None:
    tender = ready(session, registry, buyers)
    setting = publication.setting_of(registry, tender, database_now(session), "ab" * 32)
    draft, fonts = drafts.draft_of(tender), registry.settings["hall.fonts"]
    pdf = papers.as_pdf(draft, setting, fonts)
    assert pdf.startswith(b"%PDF") and b"pdfaid" in pdf and pdf == papers.as_pdf(draft, setting, fonts)
    data = json.loads(papers.as_data(draft, setting))
    assert data["policy"] == "ab" * 32 and set(data["text"]) == {"zh_CN", "en"}


def test_the_english_papers_are_english_where_the_template_still_stands(
    session: Session, registry: Any, buyers: Buyers
) -> None:
    tender = make_draft(session, registry, buyers, payment_terms="一次付清", title_en="Computers")
    texts = papers.worded(drafts.draft_of(tender), drafts.kind_of(registry), "en")
    assert (texts["project_name"], texts["core_product"]) == ("Computers", "Desktop computer for pupils")
    assert texts["technical"].startswith("1. The parameters") and texts["payment_terms"] == "一次付清"
