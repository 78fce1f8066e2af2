"""`tradehall check` says what does not fit together after a restore, and what to do about it."""

from __future__ import annotations

import shutil
from pathlib import Path

from config.wholeness import findings
from plugins.file_store.local import LocalFileStore
from tests.bidding.vault.scene import Scene, scene
from trading.interfaces import IFileStore
from trading.secrets import HallKeys

__all__ = ["scene"]


def told(scene: Scene) -> list[str]:
    with scene.db() as session:
        return list(findings(session, scene.registry))


def test_a_whole_hall_has_no_findings_and_each_damage_is_named_with_its_remedy(scene: Scene) -> None:
    who = scene.enterprise("Green Chairs Ltd")
    scene.submit(who, scene.seal(who))
    scene.sequence()
    assert told(scene) == []

    store: LocalFileStore = scene.registry.getUtility(IFileStore)
    piece = next(path for path in sorted(store.folder.rglob("0")) if path.is_file())
    whole = piece.read_bytes()
    for damage in (lambda: piece.write_bytes(whole[:-1] + b"?"), piece.unlink):
        damage()
        (line,) = told(scene)
        assert line.startswith(f"{piece.relative_to(store.folder).as_posix()}: missing or changed")
        assert "hand in the same bytes again" in line
    piece.write_bytes(whole)

    right = scene.registry["keys"]
    scene.registry["keys"] = HallKeys.derive(b"w" * 32)
    assert {line.partition(":")[0] for line in told(scene)} >= {"bid.sealed", "upload.sealed"}
    assert all("master.key" in line for line in told(scene))
    scene.registry["keys"] = right

    (scene.state / "log.key").write_bytes(b"o" * 32)
    (line,) = told(scene)
    assert line.startswith("log.key did not sign the newest checkpoint")


def test_a_ledgers_folder_that_is_ahead_of_the_database_or_gone_is_named(
    scene: Scene, tmp_path: Path
) -> None:
    scene.sequence()
    folder = Path(scene.registry.settings["ledger.folder"])
    with scene.db() as session:
        session.connection().exec_driver_sql("ALTER TABLE ledger_seq DISABLE TRIGGER USER")
        session.connection().exec_driver_sql(
            "DELETE FROM ledger_seq WHERE seq = (SELECT max(seq) FROM ledger_seq)"
        )
    assert any("it is older. The sequencer will sign nothing" in line for line in told(scene))
    shutil.rmtree(folder)
    assert any("holds no checkpoint: put it back" in line for line in told(scene))
