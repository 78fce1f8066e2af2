"""One whole hall for all stories, and browsers of people who use it.

Everything lives as long as this package's tests: while Playwright runs, its event loop fills the thread, and
tests elsewhere start loops of their own. With TRADEHALL_SHOTS=FOLDER the stories save pictures of pages."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from config import assets, supervisor
from config.demo import people
from config.demo.client import Person
from config.demo.seed import open_tender
from config.supervisor import Hall
from tests.folders import server_folder
from trading import clock

FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1280, "height": 900}
PATIENCE = 60_000
"""milliseconds that a condition may take on a busy machine"""
SHOTS = os.environ.get("TRADEHALL_SHOTS")
Visit = Callable[..., Page]


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """The machine's Chromium. Without one the stories are skipped, unless the environment expects it."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        if os.environ.get("TRADEHALL_EXPECT_BROWSER") == "1":
            pytest.fail("a Chromium is expected here, and there is none on the PATH")
        pytest.skip("no Chromium on this machine")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=found, args=FLAGS)
        yield started
        started.close()


@pytest.fixture(scope="package")
def hall(chromium: Browser) -> Iterator[Hall]:
    """The whole hall, all processes, with the demonstration's people and no tender."""
    with pytest.MonkeyPatch.context() as patch, server_folder() as folder:
        for name in [
            name for name in os.environ if name.startswith(("TRADEHALL_", "DATABASE_URL", "REDIS_URL"))
        ]:
            patch.delenv(name)
        with supervisor.running(folder, 0) as started:
            patch.setenv(clock.CLOCK_FILE, started.environment[clock.CLOCK_FILE])
            run(started, "seed", "--hall", started.url, "--people-only")
            yield started


@pytest.fixture(scope="package")
def open_code(hall: Hall) -> str:
    """A tender that takes bids; the stories that let time run ahead come after those that need it."""
    return open_tender(Person(hall.url, hall.state, "agent"))


def run(hall: Hall, *command: str, **options: Any) -> str:
    """`tradehall <command>` in the hall's environment; returns what it printed. Raises AssertionError with
    what it said when it fails."""
    done = subprocess.run(
        [sys.executable, "-m", "config.cli", *command], env=hall.environment, capture_output=True, text=True,
        timeout=180, **options,
    )  # fmt: skip
    assert done.returncode == 0, f"tradehall {' '.join(command)}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="package")
def cookies() -> dict[str, Any]:
    """The sessions of people who have logged in already: a one-time code works only once."""
    return {}


@pytest.fixture
def visit(chromium: Browser, hall: Hall, cookies: dict[str, Any]) -> Iterator[Visit]:
    """`visit(person="agent", phone=False, script=True, locale="zh-CN")`: a browser of its own with one page.
    An error in any script, or anything the browser blocks, fails the test."""
    wrong: list[str] = []
    opened: list[BrowserContext] = []

    def start(person: str = "", phone: bool = False, script: bool = True, locale: str = "zh-CN") -> Page:
        context = chromium.new_context(
            base_url=hall.url, locale=locale, accept_downloads=True, java_script_enabled=script,
            viewport=PHONE if phone else DESKTOP, is_mobile=phone, has_touch=phone,
            storage_state=cookies.get(person),
        )  # fmt: skip
        opened.append(context)
        context.set_default_timeout(PATIENCE)
        context.on("weberror", lambda error: wrong.append(f"{error.page and error.page.url}: {error.error}"))
        context.on("console", lambda line: wrong.append(line.text) if _blocked(line.text) else None)
        page = context.new_page()
        if person and person not in cookies:
            log_in(page, person, people.PASSWORD, lambda: people.code(hall.state, person)[0])
            cookies[person] = context.storage_state()
        return page

    yield start
    for context in opened:
        context.close()
    assert wrong == []


def _blocked(text: str) -> bool:
    return "Content Security Policy" in text or "CORS policy" in text


def log_in(page: Page, login: str, password: str, code: Callable[[], str]) -> None:
    """Password, then the code of the phone; ends on the desk."""
    page.goto("/login")
    page.fill("#login", login)
    page.fill("#password", password)
    page.click("main .btn-primary")
    page.fill("#code", code())
    page.click("main .btn-primary")
    page.wait_for_url("**/desk")


def key_file(hall: Hall, login: str) -> Path:
    """The certificate key file that this person of the demonstration keeps."""
    return people.folder_of(hall.state) / f"{login}.key.pem"


def picture(page: Page, name: str) -> None:
    """Save the page at both sizes when TRADEHALL_SHOTS names a folder; it stays as it was."""
    if not SHOTS:
        return
    before = page.viewport_size or DESKTOP
    for size in (DESKTOP, PHONE):
        page.set_viewport_size(size)  # type: ignore[arg-type]
        page.screenshot(path=Path(SHOTS) / f"{name}-{size['width']}.png", full_page=True)
    page.set_viewport_size(before)


@pytest.fixture(scope="package")
def axe() -> str:
    """The source of axe-core, as the browser's packages have it."""
    assets.build()
    return (assets.HERE / "node_modules" / "axe-core" / "axe.min.js").read_text()
