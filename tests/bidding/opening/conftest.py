"""The published tender of the vault's tests, on the way to its opening."""

from __future__ import annotations

import pytest
from webtest import TestApp

from tests.bidding.opening.staging import Stage, sheet
from tests.bidding.vault.scene import Scene, scene

__all__ = ["scene"]


@pytest.fixture
def stage(scene: Scene) -> Stage:
    """Three bids are in; the deadline has not come."""
    made = Stage(scene)
    for name, total in (("Alder", "101.00"), ("Birch", "102.50"), ("Cedar", "103.75")):
        made.bid(name, sheet(total))
    return made


@pytest.fixture
def app(scene: Scene) -> TestApp:
    return TestApp(scene.config.make_wsgi_app(), extra_environ={"HTTP_ACCEPT_LANGUAGE": "en"})
