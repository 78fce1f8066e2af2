"""The close: automatic, complete, and safe to do twice."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from bidding.tenders.models import Tender
from bidding.vault import closing
from bidding.vault.close import check_close
from bidding.vault.encoding import sha256, unb64
from bidding.vault.models import Bid, Close
from bidding.vault.receipts import receipt_of
from tests.bidding.vault.scene import CODE, Scene
from tests.bidding.vault.test_admission import tender_of, withdraw
from trading import clock
from trading.errors import Refused
from trading.ledger.service import entries_of
from trading.outbox import Promise, promise


def promised_close(scene: Scene) -> None:
    with scene.db() as session:
        promise(session, closing.CLOSE, {"tender": CODE}, scene.deadline)


def close_row(session) -> Close:
    return session.scalars(select(Close)).one()


def types(session) -> list[str]:
    return [e.entry.type for e in entries_of(session, CODE)]


def test_the_closing_list_holds_every_act_in_the_ledgers_order_with_what_it_counts_as(scene: Scene) -> None:
    promised_close(scene)
    a, b, c = (scene.enterprise(name) for name in ("A", "B", "C"))
    first = scene.seal(a)
    scene.submit(a, first)
    taken_back = scene.seal(b)
    scene.submit(b, taken_back)
    scene.sequence()
    scene.submit(a, scene.seal(a, seq=2, replaces=first.manifest.hash))
    withdraw(scene, b, taken_back)
    scene.submit(c, scene.seal(c))
    scene.close()
    with scene.db() as session:
        row = close_row(session)
        bundle = closing.close_bundle(session, CODE)
        close, faults = check_close(scene.policy, row.raw, bundle["checkpoint"])
        assert faults == []
        statuses = [entry.status for entry in close.entries]
        assert statuses == ["superseded", "withdrawn", "valid", "withdrawn", "valid"]
        bids = session.scalars(select(Bid).order_by(Bid.leaf_index)).all()
        assert [bid.leaf_index for bid in bids] == [entry.leaf_index for entry in close.entries]
        assert [bid.bidder_name for bid in bids] == ["A", "B", "A", "B", "C"]
        assert len(bundle["bids"]) == 2
        assert scene.stamper.verify(unb64(bundle["tst"]), sha256(row.raw)) >= scene.deadline
        assert types(session) == ["tender.closed", "tender.manifest"]
        tender = tender_of(session)
        assert tender.state == "closed"
        payload = entries_of(session, CODE)[1].payloads[0].document
        assert payload["close"] == row.sha256
        assert payload["blinded"] == [entry.leaf_index for entry in close.entries]
        assert payload["plain"] == [entries_of(session, CODE)[0].index]


def test_nothing_closes_before_the_deadline(scene: Scene) -> None:
    with scene.db() as session:
        closing.close_tender(session, scene.registry, {"tender": CODE})
    with scene.db() as session:
        assert tender_of(session).state == "published"
        assert session.scalars(select(Close)).all() == []
        again = session.scalars(select(Promise).where(Promise.topic == closing.CLOSE)).one()
        assert again.due_at == scene.deadline


def test_every_step_of_the_close_may_run_twice(scene: Scene) -> None:
    who = scene.enterprise("A")
    promised_close(scene)
    scene.submit(who, scene.seal(who))
    scene.close()
    with scene.db() as session:
        raw, starts = close_row(session).raw, len(promises(session, closing.START))
        for step in (closing.close_tender, closing.write_close_document, closing.make_close_ready):
            step(session, scene.registry, {"tender": CODE, "looks": 0})
    with scene.db() as session:
        assert close_row(session).raw == raw
        assert types(session).count("tender.closed") == types(session).count("tender.manifest") == 1
        assert len(promises(session, closing.START)) == starts == 1


def promises(session, topic: str) -> list[Promise]:
    return list(session.scalars(select(Promise).where(Promise.topic == topic)))


def test_a_witness_that_is_away_delays_the_closing_list(scene: Scene) -> None:
    promised_close(scene)
    scene.run_until(scene.deadline)
    scene.keep_promises()
    scene.sequence(witness=False)
    scene.run_until(clock.now() + timedelta(seconds=12))
    scene.keep_promises()
    with scene.db() as session:
        assert close_row(session).raw is None
        with pytest.raises(Refused):
            closing.close_bundle(session, CODE)
    scene.sequence()
    scene.run_until(clock.now() + timedelta(seconds=12))
    scene.keep_promises()
    with scene.db() as session:
        assert close_row(session).ready_at is not None


def test_a_time_stamping_authority_that_is_away_delays_the_release_and_is_asked_again(scene: Scene) -> None:
    promised_close(scene)
    scene.stamper.down = True
    scene.close()
    with scene.db() as session:
        row = close_row(session)
        assert row.raw is not None
        assert row.ready_at is None
        assert promises(session, closing.START) == []
    scene.stamper.down = False
    scene.run_until(clock.now() + timedelta(minutes=6))
    scene.keep_promises()
    with scene.db() as session:
        assert close_row(session).ready_at is not None


def test_receipts_can_still_be_made_after_the_close(scene: Scene) -> None:
    promised_close(scene)
    who = scene.enterprise("A")
    scene.submit(who, scene.seal(who))
    scene.close()
    with scene.db() as session:
        bid = session.scalars(select(Bid)).one()
        assert receipt_of(session, scene.means, session.get_one(Tender, bid.tender_id), bid)
