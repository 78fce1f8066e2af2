"""Confirming, publishing, giving up: the award's acts with real signatures."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from pyramid.config import Configurator
from sqlalchemy import select
from sqlalchemy.orm import Session

from bidding import exhibits
from bidding.awards import candidates, contracts, service
from bidding.awards.models import LoserNotice
from tests.awards import evaluated_tender, publish_award, standing
from tests.tenders import actor_for
from trading.clock import database_now
from trading.deals import service as deals
from trading.errors import Refused
from trading.ledger.service import entries_of
from trading.notices.service import notices_of
from trading.outbox import Promise
from trading.rulebook.calendar import beijing_date


def types(session: Session, code: str) -> list[str]:
    return [entry.entry.type for entry in entries_of(session, code)]


def payloads(session: Session, code: str, kind: str) -> list[Any]:
    found = [entry for entry in entries_of(session, code) if entry.entry.type == kind]
    return [entry.payloads[0].document for entry in found if entry.payloads[0]]


def refusal(refused: pytest.ExceptionInfo[Refused]) -> str:
    return refused.value.faults[0].code


def test_the_purchaser_publishes_result_and_award_with_one_act(
    session: Session, config: Configurator
) -> None:
    made = evaluated_tender(session, config.registry)
    award = publish_award(session, config.registry, made)
    code = made.tender.code
    assert made.tender.state == "awarded"
    assert types(session, code)[-7:] == ["result.published", "award.issued"] + ["loser.notified"] * 5
    assert json.loads(award.raw) == {
        "v": 1, "typ": "ebid.award", "tender": code, "lot": made.tender.lot.code, "manifest": made.manifests[0],
        "bidder": made.bidders[0].uscc, "price": "980000.00", "rank": 1,
    }  # fmt: skip
    notice = notices_of(session, code)[-1]
    assert (notice.kind, notice.body) == ("result", award.result)
    assert payloads(session, code, "result.published")[0]["result"] == notice.sha256


def test_the_result_names_every_bid_with_its_rank_or_its_reason(
    session: Session, config: Configurator
) -> None:
    made = evaluated_tender(session, config.registry)
    publish_award(session, config.registry, made)
    body = json.loads(notices_of(session, made.tender.code)[-1].body)
    assert [row["manifest"] for row in body["ranking"]] == made.manifests[:4]
    reasons = {row["manifest"]: row["reason"] for row in body["excluded"]}
    assert reasons == {
        made.manifests[4]: "not-qualified (M87 63(3))",
        made.manifests[5]: "not-opened (Order 20 31)",
    }


def test_the_notice_names_the_committee_and_the_excluded_in_both_languages(
    session: Session, config: Configurator
) -> None:
    made = evaluated_tender(session, config.registry)
    publish_award(session, config.registry, made)
    text = notices_of(session, made.tender.code)[-1].shown["text"]
    chinese, english = "\n".join(text["zh"]), "\n".join(text["en"])
    assert "评委甲" in chinese and "评委甲" in english
    assert "未通过资格审查（财政部令第 87 号第 63(3) 条）" in chinese
    assert "does not meet the qualification conditions (M87 63(3))" in english
    assert "980,000.00" in chinese and "980,000.00" in english


def test_a_loser_is_told_reason_and_rank_and_what_the_committee_wrote(
    session: Session, config: Configurator
) -> None:
    made = evaluated_tender(session, config.registry)
    publish_award(session, config.registry, made)
    bids = {bid.manifest_hash: bid.id for bid in standing(session, made).bids.values()}
    told = {n.bid_id: n for n in session.scalars(select(LoserNotice))}
    assert bids[made.manifests[0]] not in told
    second, unqualified = told[bids[made.manifests[1]]], told[bids[made.manifests[4]]]
    assert (second.rank, second.ground) == (2, "outranked")
    assert (unqualified.rank, unqualified.ground) == (None, "not-qualified")
    assert unqualified.details == "营业执照: 营业执照已过期"


def test_the_notice_runs_for_one_working_day(session: Session, config: Configurator) -> None:
    made = evaluated_tender(session, config.registry)
    award = publish_award(session, config.registry, made)
    assert award.publicity_ends_at == candidates.ends("P10.period", award.issued_at)


def test_an_agency_cannot_publish_before_the_purchaser_confirmed(
    session: Session, config: Configurator
) -> None:
    made = evaluated_tender(session, config.registry)
    registry, buyers = config.registry, made.buyers

    def agent_publishes() -> None:
        draft, at = service.prepare(session, made.tender), database_now(session)
        signed = {name: buyers.signer.sign(data, at) for name, data in service.signed_bytes(draft).items()}
        service.publish(
            session, registry, buyers.actor, buyers.agent.id, buyers.agent.party_id, made.tender, signed["award"],
            signed["result"],
        )  # fmt: skip

    with pytest.raises(Refused) as refused:
        agent_publishes()
    assert refusal(refused) == "award.unconfirmed" and made.tender.state == "evaluated"
    candidates.confirm(
        session, made.officer_actor(registry), made.officer.id, made.officer.party_id, made.tender.code
    )
    agent_publishes()
    assert made.tender.state == "awarded"


def test_an_agent_cannot_confirm_for_the_purchaser(session: Session, config: Configurator) -> None:
    made = evaluated_tender(session, config.registry)
    agent = made.buyers.agent
    with pytest.raises(Refused) as refused:
        candidates.confirm(session, made.buyers.actor, agent.id, agent.party_id, made.tender.code)
    assert refusal(refused) == "award.purchaser-only"


def test_silence_confirms_the_first_after_five_working_days(session: Session, config: Configurator) -> None:
    made = evaluated_tender(session, config.registry)
    candidates.begin(session, config.registry, {"tender": made.tender.code})
    promised = session.scalars(select(Promise).where(Promise.topic == candidates.SILENCE)).one()
    assert promised.due_at == candidates.ends("P10.confirm", standing(session, made).report.delivered_at)
    candidates.silence(session, config.registry, promised.payload)
    first, second, *_ = standing(session, made).candidates
    assert first.confirmed_at and first.confirmed_by is None and second.confirmed_at is None
    assert payloads(session, made.tender.code, "award.confirmed")[0]["basis"] == "M87 68"


def test_a_signature_over_other_bytes_publishes_nothing(session: Session, config: Configurator) -> None:
    made = evaluated_tender(session, config.registry)
    draft, at = service.prepare(session, made.tender), database_now(session)
    good = made.officer_signer.sign(draft.raw, at)
    with pytest.raises(Refused) as refused:
        service.publish(
            session, config.registry, made.officer_actor(config.registry), made.officer.id, made.officer.party_id,
            made.tender, good, made.officer_signer.sign(draft.raw, at),
        )  # fmt: skip
    assert refusal(refused).startswith("signature.")


def test_when_the_winner_gives_up_the_next_is_awarded_at_its_own_price(
    session: Session, config: Configurator
) -> None:
    made = evaluated_tender(session, config.registry)
    publish_award(session, config.registry, made)
    code = made.tender.code
    actor = actor_for(config.registry, made.officer)
    service.decline(session, config.registry, actor, made.tender, "资金链断裂")
    assert made.tender.state == "evaluated"
    assert not exhibits.unnamed(session, made.tender), "an award that falls takes nothing back"
    assert payloads(session, code, "award.declined") == [
        {"manifest": made.manifests[0], "reason": "资金链断裂", "basis": "GPR 49"}
    ]
    second = publish_award(session, config.registry, made)
    assert (second.number, second.result) == (2, None)
    assert json.loads(second.raw)["manifest"] == made.manifests[1]
    assert payloads(session, code, "award.issued")[1]["price"] == "1010000.00"
    assert types(session, code).count("result.published") == 1
    contract = deals.of_tender(session, code)
    assert contract is not None and (contract.manifest, contract.price) == (
        made.manifests[1],
        Decimal("1010000.00"),
    )


def test_only_recommended_candidates_can_be_awarded_and_then_the_tender_fails(
    session: Session, config: Configurator
) -> None:
    made = evaluated_tender(session, config.registry)
    actor = actor_for(config.registry, made.officer)
    for left in (2, 1, 0):
        publish_award(session, config.registry, made)
        service.decline(session, config.registry, actor, made.tender, "放弃")
        assert len(standing(session, made).left) == left
    assert made.tender.state == "failed" and not exhibits.unnamed(session, made.tender)
    assert notices_of(session, made.tender.code)[-1].kind == "failure"
    assert payloads(session, made.tender.code, "tender.failed") == [
        {"reason": "no-candidate-left", "article": "GPR 49"}
    ]


def test_a_contract_at_another_price_is_refused_and_at_the_awarded_price_ends_the_tender(
    session: Session, config: Configurator
) -> None:
    made = evaluated_tender(session, config.registry)
    publish_award(session, config.registry, made)
    actor, today = actor_for(config.registry, made.officer), beijing_date(database_now(session))
    said = {"signed_on": today, "file_name": "contract.pdf", "file": b"%PDF"}
    with pytest.raises(Refused) as refused:
        contracts.sign(session, config.registry, actor, made.tender, price=Decimal("979999.99"), **said)
    assert refusal(refused) == "contract.price"
    contract = contracts.sign(
        session, config.registry, actor, made.tender, price=Decimal("980000.00"), **said
    )
    assert made.tender.state == "contracted"
    paid = payloads(session, made.tender.code, "contract.signed")
    assert paid == [{"manifest": made.manifests[0], "price": "980000.00", "contract": contract.file_sha256}]
    contracts.publish(session, config.registry, made.tender)
    assert contract.published_at and notices_of(session, made.tender.code)[-1].kind == "contract"


def test_a_signed_contract_can_no_longer_be_given_up(session: Session, config: Configurator) -> None:
    made = evaluated_tender(session, config.registry)
    publish_award(session, config.registry, made)
    actor = actor_for(config.registry, made.officer)
    today = beijing_date(database_now(session))
    contracts.sign(
        session, config.registry, actor, made.tender, price=Decimal("980000.00"), signed_on=today,
        file_name="c.pdf", file=b"x",
    )  # fmt: skip
    with pytest.raises(Refused):
        service.decline(session, config.registry, actor, made.tender, "too late")
