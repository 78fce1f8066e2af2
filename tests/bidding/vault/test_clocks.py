"""A hall whose clocks disagree admits nothing, and loses nothing."""

from __future__ import annotations

import pytest

from bidding.vault import admission
from bidding.vault.models import Bid
from bidding.vault.refusals import status_of
from tests.bidding.vault.scene import Scene
from tests.bidding.vault.test_admission import code_of, withdraw
from trading import clock
from trading.errors import Refused


def test_while_clocks_disagree_nothing_is_admitted_and_nothing_has_happened(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    who = scene.enterprise("Green Chairs Ltd")
    bid = scene.seal(who)
    upload = scene.upload(who, bid)
    for skew in ("-3600000", "3600000"):
        monkeypatch.setenv(clock.SKEW, skew)
        with pytest.raises(Refused) as refused, scene.db() as session:
            admission.submit(session, scene.means, who.bidder, upload)
        assert code_of(refused) == "clock.skewed" and status_of(refused.value) == 503
        assert "nothing is admitted" in caplog.text and "Green Chairs" not in caplog.text
    with scene.db() as session:
        assert session.query(Bid).count() == 0
    monkeypatch.delenv(clock.SKEW)
    ref = scene.submit(who, bid)
    monkeypatch.setenv(clock.SKEW, "2000")
    with pytest.raises(Refused) as refused:
        withdraw(scene, who, bid)
    assert code_of(refused) == "clock.skewed"
    monkeypatch.delenv(clock.SKEW)
    assert withdraw(scene, who, bid) != ref
