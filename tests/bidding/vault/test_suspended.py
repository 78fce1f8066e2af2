"""A suspended tender: nothing is admitted, nothing closes, and the time that was lost is given back first."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest

from bidding.offers.models import FinalOffers
from bidding.tenders import interruptions
from bidding.tenders.interruptions import Ground
from bidding.tenders.models import Tender
from bidding.vault import closing
from tests.bidding.vault.scene import CODE, Scene
from tests.bidding.vault.test_admission import code_of, tender_of, withdraw
from trading import clock
from trading.acts import process
from trading.errors import Refused
from trading.ledger.service import entries_of
from trading.notices.service import notices_of
from trading.outbox import promise

OFFICER = process("test")
WHY = Ground("核查质疑事项")


def stop(scene: Scene) -> None:
    with scene.db() as session:
        interruptions.suspend(session, scene.registry, OFFICER, CODE, WHY)


def go_on(scene: Scene) -> None:
    with scene.db() as session:
        interruptions.resume(session, scene.registry, OFFICER, CODE, WHY)


def test_while_suspended_no_bid_is_admitted_but_one_can_be_withdrawn(scene: Scene) -> None:
    a, b = scene.enterprise("A"), scene.enterprise("B")
    bid = scene.seal(a)
    scene.submit(a, bid)
    stop(scene)
    with pytest.raises(Refused) as refused:
        scene.submit(b, scene.seal(b))
    assert code_of(refused) == "bid.suspended"
    withdraw(scene, a, bid)
    go_on(scene)
    scene.submit(b, scene.seal(b, seq=2))


def test_a_suspension_revokes_the_close_and_a_lost_deadline_must_be_amended_first(scene: Scene) -> None:
    with scene.db() as session:
        promise(session, closing.CLOSE, {"tender": CODE}, scene.deadline)
    stop(scene)
    scene.run_until(scene.deadline + timedelta(seconds=1))
    scene.keep_promises()
    with scene.db() as session:
        assert tender_of(session).state == "published"
    with pytest.raises(Refused) as refused:
        go_on(scene)
    assert code_of(refused) == "tender.deadline-needed"
    with scene.db() as session:
        tender_of(session).deadline = scene.deadline + timedelta(days=20)
    go_on(scene)
    scene.run_until(scene.deadline + timedelta(days=20, seconds=1))
    scene.keep_promises()
    with scene.db() as session:
        assert tender_of(session).state == "closed"
        types = [entry.entry.type for entry in entries_of(session, CODE)]
        assert types[-3:] == ["tender.suspended", "tender.resumed", "tender.closed"]


def test_everybody_reads_why_and_nobody_is_named(scene: Scene) -> None:
    who = scene.enterprise("Green Chairs Ltd")
    scene.submit(who, scene.seal(who))
    stop(scene)
    with scene.db() as session:
        notice = notices_of(session, CODE)[-1]
        assert notice.kind == "suspension"
        assert "核查质疑事项" in notice.shown["text"]["zh"][1]
        assert "Green Chairs" not in str(notice.shown) + notice.body.decode()


def test_a_tender_is_suspended_once_and_resumed_once(scene: Scene) -> None:
    with pytest.raises(Refused) as refused:
        go_on(scene)
    assert code_of(refused) == "tender.not-suspended"
    stop(scene)
    with pytest.raises(Refused) as refused:
        stop(scene)
    assert code_of(refused) == "tender.suspended"


def test_a_cancelled_tender_ends_with_its_reason(scene: Scene) -> None:
    with scene.db() as session:
        interruptions.cancel(session, scene.registry, OFFICER, CODE, Ground("采购任务取消"))
    with scene.db() as session:
        assert tender_of(session).state == "cancelled"
        assert entries_of(session, CODE)[-1].entry.type == "tender.cancelled"
        assert notices_of(session, CODE)[-1].kind == "cancellation"


def test_final_offers_are_not_stopped_by_themselves(scene: Scene) -> None:
    with scene.db() as session:
        tender = tender_of(session)
        tender.parent_id = tender.id
    for act in (interruptions.suspend, interruptions.resume, interruptions.cancel, interruptions.fail):
        with pytest.raises(Refused) as refused, scene.db() as session:
            act(session, scene.registry, OFFICER, CODE, WHY)
        assert code_of(refused) == "tender.final-offers"


def test_final_offers_stay_unread_when_their_procurement_is_given_up_while_it_stands_still(
    scene: Scene,
) -> None:
    a = scene.enterprise("A")
    scene.submit(a, scene.seal(a))
    parent = parent_of(scene)
    with scene.db() as session:
        interruptions.suspend(session, scene.registry, OFFICER, parent, WHY)
    with scene.db() as session:
        assert tender_of(session).suspended_at is not None
        interruptions.cancel(session, scene.registry, OFFICER, parent, Ground("采购任务取消"))
    scene.run_until(scene.deadline + timedelta(days=1))
    scene.keep_promises()
    with scene.db() as session:
        child = tender_of(session)
        types = [entry.entry.type for entry in entries_of(session, CODE)]
        assert (child.state, types[-2:]) == ("cancelled", ["tender.suspended", "tender.cancelled"])
        assert closing.close_of(session, child) is None, "nothing of it was unsealed"


def parent_of(scene: Scene) -> str:
    """A procurement under evaluation whose final offers the scene's tender collects; its code."""
    with scene.db() as session:
        child = tender_of(session)
        columns = {column.key: getattr(child, column.key) for column in Tender.__table__.columns}
        parent = Tender(**columns | {"id": uuid4(), "code": f"{CODE}-P", "state": "evaluating"})
        session.add(parent)
        session.flush()
        child.parent_id, child.limited = parent.id, True
        session.add(
            FinalOffers(tender_id=parent.id, child_id=child.id, salt="00", ended_at=clock.now(), left=[])
        )
        return parent.code
