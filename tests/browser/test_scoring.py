"""An expert scores five bids on a tablet: nothing is lost when the line drops, in a reload, or between two windows."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from pyramid.config import Configurator
from webtest import TestApp

from bidding.vault.models import Bid
from tests.bidding.evaluation.builders import sheet
from tests.bidding.evaluation.hall import Hall, make_hall
from tests.bidding.evaluation.scoring_room import CRITERIA, SCORED
from tests.browser.conftest import PATIENCE, SHOTS, log_in
from tests.helpers import PASSWORD, committed, totp_now

pytestmark = [pytest.mark.browser]
TABLET = {"width": 1180, "height": 820}
NAMES = (
    "南方冷暖设备有限公司",
    "粤海机电工程有限公司",
    "恒信制冷科技有限公司",
    "明德暖通设备有限公司",
    "华瑞空调服务有限公司",
)
PRICES = ("9000.00", "9500.00", "10000.00", "10400.00", "11000.00")
STATE, KEPT = "[data-scores]", "Object.entries(localStorage).filter(([name]) => name.includes('scores'))"


class Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class Silent(WSGIRequestHandler):
    def log_message(self, *_args: Any) -> None:
        """Requests are not written anywhere."""


@pytest.fixture
def hall(app: TestApp, config: Configurator) -> Hall:
    """Five bids are about to be scored."""
    made = make_hall(app, config, [sheet(price) for price in PRICES], rules=SCORED | {"criteria": CRITERIA})
    with_names(config, made)
    made.agent.post("/panel", json.loads(made.room.list_file()), 201)
    for member in made.members:
        member.post("/panel/sign-in")
    for _step in ("qualification", "conformity"):
        for member in made.members:
            member.vote()
    return made


def with_names(config: Configurator, hall: Hall) -> None:
    def name(session: Any) -> None:
        for party, name in zip(hall.room.bidders, NAMES, strict=True):
            row = session.query(Bid).filter_by(bidder_uscc=party.uscc).one()
            row.bidder_name = name

    committed(config, name)


@pytest.fixture
def url(app: TestApp) -> Iterator[str]:
    with make_server("127.0.0.1", 0, app.app, Server, Silent) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture
def tablet(chromium: Browser, url: str, hall: Hall) -> Iterator[BrowserContext]:
    """A tablet in landscape, the committee's head signed in."""
    context = chromium.new_context(base_url=url, locale="zh-CN", viewport=TABLET, has_touch=True)  # type: ignore[arg-type]
    context.set_default_timeout(PATIENCE)
    log_in(context.new_page(), hall.room.people[0].login, PASSWORD, totp_now)
    yield context
    context.close()


def opened(context: BrowserContext, hall: Hall) -> Page:
    page = context.new_page()
    page.goto(f"/tenders/{hall.code}/evaluation/scores")
    page.wait_for_selector(f"{STATE}[data-ready]")
    return page


def state(page: Page, wanted: str) -> None:
    page.wait_for_selector(f"{STATE}[data-state={wanted}]")


def shot(page: Page, name: str) -> None:
    if SHOTS:
        page.screenshot(path=Path(SHOTS) / f"{name}.png")


def test_no_input_is_lost_when_the_line_drops_in_a_reload_or_between_two_windows(
    tablet: BrowserContext, hall: Hall
) -> None:
    page = opened(tablet, hall)
    page.fill("[name=score-0-0]", "４３。５")
    page.click("[data-for=score-0-1][data-level='10']")
    state(page, "saved")
    expect(page.locator("[data-scores-state]")).to_contain_text("已保存")
    expect(page.locator("[data-total='0']")).to_have_text("93.50")
    expect(page.locator("[data-scores-missing]")).to_have_text("还差 8 项未评分")

    tablet.set_offline(True)
    for column, score in enumerate(("38", "41.25", "36", "29.5"), start=1):
        page.fill(f"[name=score-{column}-0]", score)
    state(page, "kept")
    expect(page.locator("[data-scores-state]")).to_contain_text("已保存在本机")
    shot(page, "scoring-tablet")
    [(_name, kept)] = page.evaluate(KEPT)
    assert "41.25" not in kept, "what is kept on the device can be read by whoever holds it"
    page.route("**/scores/save", lambda route: route.abort())
    tablet.set_offline(False)
    page.reload()
    state(page, "kept")
    assert page.input_value("[name=score-2-0]") == "41.25"
    page.unroute("**/scores/save")
    state(page, "saved")
    assert page.evaluate(KEPT) == []
    stored = hall.members[0].get("/evaluation/scores")["scores"]
    assert {"41.25", "29.5", "43.5"} <= {entry["score"] for entry in stored}

    other = opened(tablet, hall)
    other.fill("[name=score-4-0]", "30")
    other.fill("[name=score-3-1]", "5")
    state(other, "saved")
    page.fill("[name=score-4-0]", "31")
    page.fill("[name=score-2-1]", "10")
    state(page, "conflict")
    assert page.input_value("[name=score-4-0]") == "31" and page.input_value("[name=score-3-1]") == "5"
    page.click("[data-take-theirs=score-4-0]")
    state(page, "saved")
    stored = hall.members[0].get("/evaluation/scores")["scores"]
    assert sorted(entry["score"] for entry in stored)[:5] == ["10", "10", "30", "36", "38"]

    page.fill("[name=score-1-1]", "11")
    page.click("button[value=sign]")
    expect(page.locator("[name=score-1-1]")).to_be_focused()
    expect(page.locator("[name=score-1-1] ~ [data-fault]")).to_have_text("最高 10 分")
    page.keyboard.press("Enter")
    expect(page.locator("[name=score-2-1]")).to_be_focused()
    for column in (1, 4):
        page.click(f"[data-for=score-{column}-1][data-level='5']")
    page.click("button[value=sign]")
    page.wait_for_selector("form[data-sign][data-ready]")
    shot(page, "scoring-sign")
    assert page.evaluate(KEPT) == []
