"""A bid that was not opened: what the hall collects, what a bidder claims, what the host decides."""

from __future__ import annotations

import json

import pytest
from sqlalchemy.orm import Session
from webtest import TestApp

from bidding.opening import faults, service
from bidding.opening.models import FaultDecision
from bidding.vault import restoring
from bidding.vault.closing import valid_bids
from bidding.vault.models import Bid
from bidding.vault.receipts import receipt_of
from tests.bidding.opening.staging import Stage
from tests.bidding.opening.test_service import damage, outcomes, payloads
from tests.bidding.vault.scene import CODE
from trading.acts import Actor
from trading.errors import Refused
from trading.events import BidDecided


def give_up(stage: Stage) -> None:
    """Both windows pass without the third bidder and without custodians."""
    stage.close()
    stage.release(0)
    stage.release(1)
    for seconds in (700, 3700):
        stage.pass_time(seconds)
        stage.work()


def actor_of(stage: Stage, number: int) -> Actor:
    who = stage.bidders[number]
    return Actor(who.bidder.user_id, who.name, who.name, "192.0.2.7", b"secret")


def test_nothing_is_signed_before_the_host_has_decided_and_it_may_decide_otherwise_than_the_rule(
    stage: Stage, app: TestApp
) -> None:
    told: list[BidDecided] = []
    stage.scene.config.add_subscriber(told.append, BidDecided)
    stage.scene.config.commit()
    give_up(stage)
    registry = stage.scene.registry
    with stage.scene.db() as session:
        with pytest.raises(Refused) as refused:
            service.record_to_sign(session, stage.tender(session))
        assert refused.value.faults[0].code == "decision.open"
        receipt = receipt_of(
            session, stage.scene.means, stage.tender(session), outcomes_bid(session, stage, 2)
        )
    with stage.scene.db() as session:
        text = (receipt or b"").decode()
        row = faults.claim(session, registry, actor_of(stage, 2), CODE, "The page did not answer.", text)
        assert row.receipt_holds is True
        wrong = faults.receipt_holds(
            session, registry, stage.tender(session), outcomes_bid(session, stage, 1), text
        )
        assert wrong is False
    host, signer = stage.host(app)
    shown = host.get(f"/tenders/{CODE}/opening/cases").text
    assert "The page did not answer." in shown
    assert "its receipt is genuine and for this bid" in shown
    assert "none was given" in shown
    stage.decide(host, 2, "platform")
    with stage.scene.db() as session:
        found = outcomes(session)["Cedar"]
        assert (found.outcome, found.fault) == ("WITHDRAWN", "platform")
        decided = payloads(session, "bid.decided")[-1]
        assert (decided["proposed"], decided["fault"]) == ("bidder", "platform")
        assert decided["evidence"]["custodians"] == {"answered": 0, "needed": 2}
        assert payloads(session, "bid.opened")[-1]["outcome"] == "WITHDRAWN"
        assert '"WITHDRAWN"' in (stage.opening().record or b"").decode()
    stage.sign_record(host, signer)
    assert [(event.outcome, event.fault) for event in told] == [
        ("OK", ""),
        ("OK", ""),
        ("WITHDRAWN", "platform"),
    ]


def outcomes_bid(session: Session, stage: Stage, number: int) -> Bid:

    return valid_bids(session, stage.tender(session))[number]


def test_one_corrupt_byte_shows_as_a_hash_that_is_not_the_receipts_and_is_the_platforms_fault(
    stage: Stage,
) -> None:
    stage.close()
    damage(stage, 2)
    for number in range(3):
        stage.release(number)
    with stage.scene.db() as session:
        assert outcomes(session)["Cedar"].outcome == "STORAGE_FAULT"
    assert stage.opening().read_out_at is None
    for seconds in (700, 3700):
        stage.pass_time(seconds)
        stage.work()
    with stage.scene.db() as session:
        case = faults.cases(session, stage.tender(session))[0]
        assert case.proposed == "platform"
        row = next(row for row in case.evidence["stored"] if not row["equal"])
        assert row["signed"] != row["stored"]
        assert session.query(FaultDecision).count() == 0
        assert json.dumps(case.evidence)


def test_the_bidder_may_hand_the_same_bytes_in_again_and_no_others(stage: Stage) -> None:
    stage.close()
    damage(stage, 2)
    for number in range(3):
        stage.release(number)
    who, data = stage.bidders[2], stage.bids[2].parts["price-sheet"]
    with stage.scene.db() as session:
        bid = restoring.damaged_bid(session, stage.tender(session), who.bidder.uscc)
        assert bid is not None
        rows = restoring.damaged_pieces(session, stage.scene.means.store, bid)
        assert [(row.part, row.number) for row in rows] == [("price-sheet", 0)]
        with pytest.raises(Refused) as refused:
            hand_in(session, stage, data[:-1] + bytes([data[-1] ^ 2]))
        assert refused.value.faults[0].code == "restore.other"
    with stage.scene.db() as session:
        hand_in(session, stage, data)
    stage.work()
    with stage.scene.db() as session:
        assert outcomes(session)["Cedar"].outcome == "OK"
        assert len(payloads(session, "bid.restored")) == 1
    assert stage.opening().read_out_at is not None


def hand_in(session: Session, stage: Stage, data: bytes) -> None:
    who = stage.bidders[2]
    restoring.restore(
        session, stage.scene.means, who.bidder, actor_of(stage, 2), CODE, "price-sheet", 0, data
    )
