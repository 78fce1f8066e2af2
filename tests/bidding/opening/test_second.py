"""A second envelope that its bidder does not decrypt: read out by the rule, decided by the host, with effect on
the outcomes that are published."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from webtest import TestApp

from bidding.deposits.standing import _unopened
from bidding.evaluation import service as evaluation
from bidding.opening import faults, second
from bidding.opening.models import SecondOpening
from bidding.opening.standing import second_of, undecided
from bidding.vault.closing import valid_bids
from bidding.vault.models import SealPolicy
from bidding.vault.policy import parse_policy
from tests.bidding.opening.staging import Stage, sheet
from tests.bidding.opening.test_faults import actor_of
from tests.bidding.opening.test_service import payloads
from tests.bidding.vault.scene import CODE, Scene, tenderer_signer
from trading import clock
from trading.errors import Refused
from trading.events import BidDecided
from trading.ledger.canonical import dumps, loads
from trading.outbox import promise


@pytest.fixture
def stage(scene: Scene) -> Stage:
    """Three bids of two envelopes are in, of which bidders alone hold the keys."""
    two_envelopes(scene)
    made = Stage(scene)
    for name, total in (("Alder", "101.00"), ("Birch", "102.50"), ("Cedar", "103.75")):
        made.bid(name, sheet(total))
    return made


def two_envelopes(scene: Scene) -> None:
    former = loads(scene.policy.raw)
    first = former["stages"][0] | {"mode": "bidder", "custodians": [], "t": 0, "n": 0}
    parts = [part | {"stage": "price"} if part["name"] == "price-sheet" else part for part in former["parts"]]
    changed = former | {"stages": [first, first | {"name": "price"}], "parts": parts}
    scene.policy = parse_policy(dumps(changed))
    with scene.db() as session:
        tender = Stage(scene).tender(session)
        tender.policy_hash = scene.policy.hash.hex()
        cms = tenderer_signer(scene).sign(scene.policy.raw, clock.now())
        session.add(
            SealPolicy(
                tender_id=tender.id, version=2, sha256=tender.policy_hash, raw=scene.policy.raw, cms=cms,
                signed_at=clock.now(),
            )
        )  # fmt: skip


def open_second(stage: Stage) -> None:
    """The technical review has passed all three; the host has signed."""
    with stage.scene.db() as session:
        tender = stage.tender(session)
        tender.state, now = "evaluating", clock.now()
        manifests = sorted(bid.manifest.hash.hex() for bid in stage.bids)
        row = SecondOpening(
            tender_id=tender.id, stage="price", act=dumps({"bids": manifests}), cms=b"", started_at=now,
            window_ends_at=now + timedelta(seconds=600),
        )  # fmt: skip
        session.add(row)
        promise(session, second.WINDOW_ENDED, {"tender": CODE}, row.window_ends_at)


def test_the_host_decides_on_a_price_envelope_that_its_bidder_did_not_decrypt(
    stage: Stage, app: TestApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[BidDecided] = []
    stage.scene.config.add_subscriber(told.append, BidDecided)
    stage.scene.config.commit()
    monkeypatch.setattr(evaluation, "proceed", lambda *_: None)
    stage.close()
    for number in range(3):
        stage.release(number)
    open_second(stage)
    stage.release(0, stage="price")
    stage.release(1, stage="price")
    stage.pass_time(700)
    stage.work()
    cedar = stage.bids[2].manifest.hash.hex()
    registry = stage.scene.registry
    assert [event.outcome for event in told] == ["OK", "OK"], "nothing is said of the third yet"
    with stage.scene.db() as session:
        tender = stage.tender(session)
        assert [bid.bidder_name for bid in undecided(session, tender)] == ["Cedar"]
        (case,) = faults.cases(session, tender)
        assert (case.stage.name, case.proposed, case.evidence["keys"]) == ("price", "bidder", [])
        assert _unopened(session, case.bid.id) is None, "no effect on its security before the decision"
        faults.claim(session, registry, actor_of(stage, 2), CODE, "The page did not answer.")
    host, _signer = stage.host(app)
    assert "Decide on the bids that were not opened" in host.get("/desk")
    assert "See the evidence and decide" in host.get(f"/tenders/{CODE}/opening")
    assert "The page did not answer." in host.get(f"/tenders/{CODE}/opening/cases")
    stage.decide(host, 2, "platform")
    with stage.scene.db() as session:
        tender = stage.tender(session)
        assert undecided(session, tender) == []
        decided = payloads(session, "bid.decided")[-1]
        assert (decided["stage"], decided["proposed"], decided["fault"]) == ("price", "bidder", "platform")
        row = second_of(session, tender)
        assert row is not None
        published = {each["manifest"]: each["outcome"] for each in json.loads(row.outcomes or b"")["bids"]}
        assert published[cedar] == payloads(session, "bid.price-opened")[-1]["outcome"] == "WITHDRAWN"
        unopened = _unopened(session, valid_bids(session, tender)[2].id)
        assert unopened is not None and unopened.fault == "platform"
        tender.state = "awarded"
    assert [(event.outcome, event.fault) for event in told][2:] == [("WITHDRAWN", "platform")]
    with stage.scene.db() as session, pytest.raises(Refused) as late:
        faults.decide_fault(session, registry, actor_of(stage, 2), CODE, cedar, "bidder", "Too late by now.")
    assert late.value.faults[0].code == "decision.closed"
