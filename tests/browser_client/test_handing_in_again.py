"""A damaged file is handed in again, and a long recording filed, in a real browser against the real application."""

from __future__ import annotations

import io
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from wsgiref.simple_server import make_server

import pytest
from playwright.sync_api import Browser, Page, sync_playwright
from webtest import TestApp

from bidding.vault.sealed_file import write_sealed
from tests.bidding.opening.conftest import app, stage
from tests.bidding.opening.staging import Stage
from tests.bidding.opening.test_service import damage, outcomes
from tests.bidding.vault.scene import CODE, scene
from tests.browser_client.test_pages import CHROMIUM, FLAGS
from tests.config.test_bid import Quiet, Server

__all__ = ["app", "scene", "stage"]


@pytest.fixture(scope="module")
def browser(node: Path) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield started
        started.close()


@pytest.fixture
def address(stage: Stage) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, stage.scene.config.make_wsgi_app(), Server, Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def visit(browser: Browser, address: str, person: TestApp, path: str) -> Page:
    """A page as somebody who has signed in, in English."""
    context = browser.new_context(base_url=address, locale="en")
    cookies = [
        {"name": c.name, "value": (c.value or "").strip('"'), "url": address} for c in person.cookiejar
    ]
    context.add_cookies(cookies)  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(path)
    return page


def sealed_file(stage: Stage, number: int, path: Path) -> str:
    sealed = stage.bids[number]
    parts = {name: io.BytesIO(data) for name, data in sealed.parts.items()}
    with path.open("wb") as file:
        write_sealed(file, policy=stage.scene.policy.raw, manifest=sealed.raw, cms=sealed.cms, parts=parts)
    return str(path)


def test_the_same_file_is_taken_again_another_is_not_and_a_long_recording_goes_in_pieces(
    stage: Stage, app: TestApp, browser: Browser, address: str, tmp_path: Path
) -> None:
    stage.close()
    damage(stage, 2)
    for number in range(3):
        stage.release(number)
    who = stage.browser(app, stage.bidders[2])
    assert "Hand the file in again" in who.get(f"/tenders/{CODE}/opening")
    page = visit(browser, address, who, "/desk")
    page.click("text=Hand your file in again")
    page.wait_for_selector("[data-damaged][data-ready]")
    page.set_input_files("#damaged-file", sealed_file(stage, 0, tmp_path / "other.sealed"))
    page.click("[data-damaged-submit]")
    page.wait_for_selector("[data-damaged-problem]:has-text('not the file that was receipted')")
    page.set_input_files("#damaged-file", sealed_file(stage, 2, tmp_path / "own.sealed"))
    page.click("[data-damaged-submit]")
    page.wait_for_selector("[data-damaged][data-state=whole]")
    stage.work()
    with stage.scene.db() as session:
        assert outcomes(session)["Cedar"].outcome == "OK"
    page.context.close()

    film = tmp_path / "film.mp4"
    film.write_bytes(os.urandom(20_000_000))
    host, _signer = stage.host(app)
    page = visit(browser, address, host, f"/tenders/{CODE}/recordings")
    page.wait_for_selector("[data-recording][data-ready]")
    page.fill("#place", "Room 2")
    page.fill("#starts_at", "2020-11-02T13:30")
    page.fill("#ends_at", "2020-11-02T15:30")
    page.set_input_files("#file", str(film))
    page.click("[data-recording] .btn-primary")
    page.wait_for_selector("text=video/mp4, 20.0 MB")
    page.context.close()
