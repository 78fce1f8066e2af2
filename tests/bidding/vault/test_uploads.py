"""What one account may send to one tender."""

from __future__ import annotations

import pytest

from bidding.tenders.models import Tender
from bidding.vault import uploads
from tests.bidding.vault.scene import Enterprise, Scene, Sealed
from trading.errors import Refused


def start(scene: Scene, who: Enterprise, bid: Sealed) -> None:
    with scene.db() as session:
        tender = session.query(Tender).one()
        uploads.start_upload(session, scene.means, who.bidder, tender, bid.raw, bid.cms)


def test_an_account_begins_only_so_many_uploads_but_may_go_on_with_each(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "MOST_UPLOADS", 2)
    a, b = scene.enterprise("A"), scene.enterprise("B")
    first, second = scene.seal(a), scene.seal(a)
    start(scene, a, first)
    start(scene, a, second)
    with pytest.raises(Refused) as refused:
        start(scene, a, scene.seal(a))
    assert refused.value.faults[0].code == "upload.many"
    start(scene, a, first)
    start(scene, b, scene.seal(b))


def test_an_account_sends_only_so_many_bytes(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    a = scene.enterprise("A")
    bid = scene.seal(a)
    size = sum(map(len, bid.parts.values()))
    monkeypatch.setattr(uploads, "MOST_BYTES", 2 * size - 1)
    scene.upload(a, bid)
    with pytest.raises(Refused) as refused:
        scene.upload(a, scene.seal(a))
    assert refused.value.faults[0].code == "upload.much"
