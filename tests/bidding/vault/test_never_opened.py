"""Who bid in a tender that ended before its opening is not told to the public (流标不公布投标人)."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest
from webtest import TestApp

from bidding.tenders.models import Tender
from config import audit, installation
from tests.bidding.vault.scene import CODE, Scene
from tests.bidding.vault.scene import scene as scene
from tests.bidding.vault.test_closing import promised_close
from trading import clock
from trading.acts import process, record
from trading.ledger import canonical
from trading.ledger.service import entries_of


@pytest.fixture
def closed(scene: Scene) -> Iterator[Scene]:
    """A bid was handed in, and the deadline has passed."""
    promised_close(scene)
    who = scene.enterprise("A")
    scene.submit(who, scene.seal(who))
    scene.close()
    yield scene


def end(scene: Scene, state: str) -> None:
    with scene.db() as session:
        session.query(Tender).one().state = state


def opened(scene: Scene) -> None:
    with scene.db() as session:
        record(session, process("scheduler"), "opening.started", CODE, {}, at=clock.now())


def ask(scene: Scene, status: int) -> object:
    browser = TestApp(scene.config.make_wsgi_app())
    return browser.get(f"/api/tenders/{CODE}/close", status=status).json


@pytest.mark.parametrize("state", ["failed", "cancelled"])
def test_the_closing_list_of_a_tender_that_ended_unopened_is_not_public(closed: Scene, state: str) -> None:
    assert "bids" in canonical.dumps(ask(closed, 200)).decode()
    end(closed, state)
    assert ask(closed, 422)["code"] == "close.never-opened"  # type: ignore[index]


def test_the_closing_list_of_a_tender_that_failed_after_its_opening_stays_public(closed: Scene) -> None:
    opened(closed)
    end(closed, "failed")
    ask(closed, 200)


def export(scene: Scene, monkeypatch: pytest.MonkeyPatch, *, public: bool) -> None:
    """As far as the manifest: no sequencer runs here that would take it into the log."""
    seed = installation.log_key(scene.state)
    waited = audit.wait_for
    first = iter([lambda *asked: ""])
    monkeypatch.setattr(audit, "wait_for", lambda *asked: next(first, waited)(*asked))
    with pytest.raises(audit.NoBundle, match="does not answer"):
        audit.export(scene.registry, CODE, io.BytesIO(), public=public, seed=seed, wait=0)


@pytest.mark.parametrize("public", [True, False])
def test_the_public_bundle_of_a_tender_that_ended_unopened_lists_no_bid(
    closed: Scene, public: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    end(closed, "failed")
    export(closed, monkeypatch, public=public)
    with closed.db() as session:
        listed = entries_of(session, CODE)[-1].payloads[0].document
    assert listed.get("sealed", False) is public
    assert bool(listed["blinded"]) is not public


def test_the_public_bundle_of_an_opened_tender_is_the_whole_one(
    closed: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened(closed)
    end(closed, "failed")
    export(closed, monkeypatch, public=True)
    with closed.db() as session:
        assert entries_of(session, CODE)[-1].payloads[0].document["blinded"]
