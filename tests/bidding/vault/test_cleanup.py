"""Uploads that became no bid are cleared away after the close, and nothing else is."""

from __future__ import annotations

from sqlalchemy import select

from bidding.vault import closing
from bidding.vault.cleanup import CLEAR, GRACE, clear
from bidding.vault.models import Upload, UploadPiece
from tests.bidding.vault.scene import CODE, Scene
from trading.outbox import Promise, promise


def stored(scene: Scene) -> int:
    return sum(path.is_file() for path in (scene.state / "files" / "uploads").rglob("*"))


def test_pieces_that_were_never_handed_in_go_after_the_close_and_bids_stay(scene: Scene) -> None:
    a, b = scene.enterprise("A"), scene.enterprise("B")
    scene.submit(a, scene.seal(a))
    kept = stored(scene)
    scene.upload(b, scene.seal(b))
    assert stored(scene) > kept
    with scene.db() as session:
        clear(session, scene.registry, {"tender": CODE})
    assert stored(scene) > kept, "nothing goes while bids may still be handed in"

    with scene.db() as session:
        promise(session, closing.CLOSE, {"tender": CODE}, scene.deadline)
    scene.run_until(scene.deadline)
    scene.keep_promises()
    with scene.db() as session:
        due = session.scalars(select(Promise).where(Promise.topic == CLEAR)).one()
        assert due.due_at - scene.deadline >= GRACE
    for _ in range(2):
        with scene.db() as session:
            clear(session, scene.registry, {"tender": CODE})
    assert stored(scene) == kept
    with scene.db() as session:
        assert len(session.scalars(select(Upload)).all()) == 1
        assert len(session.scalars(select(UploadPiece)).all()) == kept
