"""The simulated recorder of an opening room files its sound at a hall that listens; the supervisor plays it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from wsgiref.simple_server import make_server

import pytest

from config.bidder import Hall
from plugins.recorder import simulator
from tests.bidding.opening.conftest import stage
from tests.bidding.opening.staging import Stage
from tests.bidding.vault.scene import CODE, scene
from tests.config.test_bid import Quiet, Server
from tests.helpers import make_user
from trading import clock
from trading.accounts.models import ApiKey, User
from trading.security import token_hash

__all__ = ["scene", "stage"]


@pytest.fixture
def address(stage: Stage) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, stage.scene.config.make_wsgi_app(), Server, Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def with_key(stage: Stage, user: User, key: str) -> str:
    with stage.scene.db() as session:
        session.add(ApiKey(user_id=user.id, key_hash=token_hash(key), label="device", created_at=clock.now()))
    return key


def test_the_recorder_files_by_itself_what_the_supervisor_then_plays(
    stage: Stage, address: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with stage.scene.db() as session:
        agent = stage.tender(session).agent
        officer = make_user(session, "regulator", keys=stage.scene.registry["keys"])
        session.flush()
        session.expunge_all()
    key = tmp_path / "recorder.key"
    key.write_text(with_key(stage, agent, "the key of the recorder"))
    stage.close()
    asked = ["--hall", address, "--key-file", str(key), "--tender", CODE]
    assert simulator.main(asked) == 0
    said = capsys.readouterr().out.split()
    assert said[0] == "filed"
    hall = Hall(address, with_key(stage, officer, "the key of the supervisor"))
    assert hall.get(f"/tenders/{CODE}/recordings/{said[1]}") == simulator.tone()
    assert simulator.main([*asked, "--sitting", "evaluation"]) == 0
    assert capsys.readouterr().out.split()[1] == said[1], "the same bytes are one recording"
