"""An opening under a suspension: nothing is taken, judged or read out, and what was left of the time is given back."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bidding.tenders import interruptions
from bidding.tenders.interruptions import Ground
from tests.bidding.opening.staging import Stage
from tests.bidding.vault.scene import CODE
from trading import clock
from trading.acts import process
from trading.errors import Refused

OFFICER, WHY = process("test"), Ground("核查质疑事项")


def stop(stage: Stage) -> None:
    with stage.scene.db() as session:
        interruptions.suspend(session, stage.scene.registry, OFFICER, CODE, WHY)


def go_on(stage: Stage) -> None:
    with stage.scene.db() as session:
        interruptions.resume(session, stage.scene.registry, OFFICER, CODE, WHY)


def test_a_suspended_opening_takes_no_key_and_gives_bidders_their_time_back(stage: Stage) -> None:
    stage.close()
    stage.release(0)
    stop(stage)
    with pytest.raises(Refused) as refused:
        stage.release(1)
    assert refused.value.faults[0].code == "tender.suspended"
    before = stage.opening().window_ends_at
    stage.pass_time(5000)
    stage.work()
    assert stage.opening().read_out_at is None, "neither window nor custodians' time ended meanwhile"
    go_on(stage)
    given_back = stage.opening().window_ends_at - before
    assert timedelta(seconds=4990) < given_back < timedelta(seconds=5100)
    stage.release(1)
    stage.release(2)
    assert stage.opening().read_out_at is not None


def test_custodians_have_their_time_again_too(stage: Stage) -> None:
    stage.close()
    stage.release(0)
    stage.release(1)
    stage.pass_time(700)
    stage.work()
    stop(stage)
    stage.pass_time(3700)
    stage.work()
    go_on(stage)
    stage.work()
    assert stage.opening().read_out_at is None
    assert stage.opening().window_ends_at < clock.now(), "the bidders' window was over before"
    stage.pass_time(3700)
    stage.work()
    assert stage.opening().read_out_at is not None
