"""The scene of a lottery for this folder's tests."""

from __future__ import annotations

from pathlib import Path

import pytest
from pyramid.config import Configurator
from sqlalchemy.orm import Session

from tests.bidding.lottery import scene as scenes
from tests.browser_client.conftest import interop, node

__all__ = ["interop", "node", "scene"]


@pytest.fixture
def scene(
    session: Session, config: Configurator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> scenes.Scene:
    return scenes.make(session, config.registry, tmp_path, monkeypatch)
