"""An expert scores five bids on a tablet: nothing is lost when the line drops, in a reload, or between two windows."""

from __future__ import annotations

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

from bidding.vault.encoding import unb64
from bidding.vault.models import Bid
from tests.bidding.evaluation.builders import sheet
from tests.bidding.evaluation.hall import Hall, Program, make_hall
from tests.bidding.evaluation.room import Room
from tests.bidding.evaluation.scoring_room import SCORED
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
CRITERIA = [
    {"id": "price", "name": "价格", "weight": "35", "kind": "price"},
    {"id": "G1", "name": "技术", "weight": "40", "items": [
        {"id": "T1", "name": "产品性能", "weight": "25", "kind": "subjective", "max": "25",
         "guidance": "在满足全部实质性要求的基础上，按能效、噪声、控制功能优于要求的程度评分：优 20–25，良 12–19.5，一般 0–11.5"},
        {"id": "T2", "name": "供货与安装方案", "weight": "15", "kind": "subjective", "max": "15",
         "guidance": "按进度安排、非办公时间施工、旧机拆除回收措施评分：优 12–15，良 7–11.5，一般 0–6.5"},
    ]},
    {"id": "G2", "name": "商务", "weight": "25", "items": [
        {"id": "B1", "name": "节能与环境标志产品认证", "weight": "10", "kind": "objective", "max": "10",
         "guidance": "所投核心产品有有效的节能产品认证得 5 分，有环境标志产品认证得 5 分，没有不得分"},
        {"id": "S1", "name": "售后服务方案", "weight": "15", "kind": "subjective", "max": "15",
         "guidance": "按响应时间、备件保障、培训和年度保养安排评分：优 12–15，良 7–11.5，一般 0–6.5"},
    ]},
]  # fmt: skip
"""As in the template of the hall's documents."""
SCORES = (("21", "19", "23", "20", "18.5"), ("12", "11", "13", "12", "10.5"), ("10", "5", "10", "10", "5"),
          ("13", "11", "14", "12", ""))  # fmt: skip
FACT, WHY = "投标文件第三册：节能、环境标志认证证书各一份，均在有效期内", "环境标志认证证书已过期"
STATE, KEPT = "[data-scores]", "Object.entries(localStorage).filter(([name]) => name.includes('scores'))"


class Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class Silent(WSGIRequestHandler):
    def log_message(self, *_args: Any) -> None:
        """Requests are not written anywhere."""


@pytest.fixture
def hall(app: TestApp, config: Configurator) -> Hall:
    """Five bids are about to be scored."""
    sheets = [sheet(price) for price in PRICES]
    made = make_hall(app, config, sheets, passed, rules=SCORED | {"criteria": CRITERIA})
    with_names(config, made)
    return made


def passed(room: Room) -> None:
    """The committee sits and has passed every bid; nothing is stated yet."""
    room.seat_all()
    room.review_all()


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
    state_facts(tablet, hall)
    page = opened(tablet, hall)
    expect(page.locator(".scoring-same").first).to_be_visible()
    page.fill("[name=score-0-0]", "２１。５")
    page.click("[data-for=score-0-2][data-level='10']")
    state(page, "saved")
    expect(page.locator("[data-scores-state]")).to_contain_text("已保存")
    expect(page.locator("[data-total='0']")).to_have_text("66.50")
    expect(page.locator("[data-scores-missing]")).to_have_text("还差 14 项未评分")
    shot(page, "scoring-tablet-saved")

    tablet.set_offline(True)
    for item, row in enumerate(SCORES):
        for column, score in enumerate(row):
            page.fill(f"[name=score-{column}-{item}]", score)
    for column in (1, 4):  # other points than the stated ones: the reason's field has opened by itself
        expect(page.locator(f"td:has([name=score-{column}-2]) .scoring-other")).to_be_visible()
        page.fill(f"[name=why-score-{column}-2]", WHY)
    state(page, "kept")
    expect(page.locator("[data-scores-state]")).to_contain_text("已保存在本机")
    shot(page, "scoring-tablet")
    [(_name, kept)] = page.evaluate(KEPT)
    assert "18.5" not in kept, "what is kept on the device can be read by whoever holds it"
    page.route("**/scores/save", lambda route: route.abort())
    tablet.set_offline(False)
    page.reload()
    state(page, "kept")
    assert page.input_value("[name=score-4-0]") == "18.5"
    page.unroute("**/scores/save")
    state(page, "saved")
    assert page.evaluate(KEPT) == []
    own = [score for n, row in enumerate(SCORES) for score in row if score and (n, score) != (2, "10")]
    assert saved(hall) == sorted(own), "what is as prefilled is not the member's own"

    two_windows(page, opened(tablet, hall), hall)
    sign(page)
    for member in hall.members[1:3]:
        lock(hall, member)
    page.goto(f"/tenders/{hall.code}/evaluation")
    expect(page.locator(".scoring-overview")).to_contain_text("2 / 5")
    shot(page, "chair-overview")
    page.goto(f"/tenders/{hall.code}/evaluation/scores")
    page.wait_for_selector(f"{STATE}[data-ready]")
    page.evaluate("localStorage.setItem('tradehall/scores/of another', 'x')")
    page.click("form[action$='/logout'] button")
    page.wait_for_url(lambda url: "/scores" not in url)
    assert page.evaluate(KEPT) == []


def state_facts(context: BrowserContext, hall: Hall) -> None:
    """The head states the facts once; what is typed survives a reload before it is signed."""
    page, address = context.new_page(), f"/tenders/{hall.code}/evaluation/score-facts"
    page.goto(address)
    page.wait_for_selector("[data-facts][data-ready]")
    for column in range(5):
        page.fill(f"[name=why-score-{column}-2]", FACT)
        page.click(f"[data-for=score-{column}-2][data-level='10']")
    page.reload()
    page.wait_for_selector("[data-facts][data-ready]")
    assert page.input_value("[name=why-score-4-2]") == FACT and page.input_value("[name=score-4-2]") == "10"
    shot(page, "scoring-facts")
    page.click("form[data-facts] button.btn-primary")
    page.wait_for_selector("form[data-sign][data-ready]")
    facts = [{"bid": party.uscc, "item": "B1", "fact": FACT, "points": "10"} for party in hall.room.bidders]
    head = hall.members[0]
    raw = head.post("/evaluation/score-facts/draft", {"facts": facts})["raw"]
    head.post("/evaluation/score-facts", {"raw": raw, "cms": head.sign(unb64(raw))})
    page.close()


def two_windows(page: Page, other: Page, hall: Hall) -> None:
    """Both change the sheet; what only one of them changed is taken, for the rest somebody chooses."""
    other.fill("[name=score-4-0]", "20")
    other.fill("[name=score-3-1]", "9")
    state(other, "saved")
    page.fill("[name=score-4-0]", "21")
    page.fill("[name=score-2-1]", "14")
    state(page, "conflict")
    assert page.input_value("[name=score-4-0]") == "21" and page.input_value("[name=score-3-1]") == "9"
    page.click("[data-take-theirs=score-4-0]")
    state(page, "saved")
    assert {"20", "9", "14"} <= set(saved(hall)) and saved(hall).count("21") == 1, "the first bid's"


def sign(page: Page) -> None:
    """What is wrong or missing is shown before anything is signed."""
    page.fill("[name=score-1-2]", "11")
    page.click("button[value=sign]")
    expect(page.locator("[name=score-1-2]")).to_be_focused()
    expect(page.locator("[name=score-1-2] ~ [data-fault]")).to_have_text("最高 10 分")
    page.keyboard.press("Enter")
    expect(page.locator("[name=score-2-2]")).to_be_focused()
    page.click("[data-for=score-1-2][data-level='5']")
    page.fill("[name=score-4-3]", "12")
    page.click("button[value=sign]")
    page.wait_for_selector("form[data-sign][data-ready]")
    assert page.evaluate(KEPT) == []


def lock(hall: Hall, member: Program) -> None:
    given = [
        {"bid": party.uscc, "item": item, "score": "9"}
        for party in hall.room.bidders
        for item in ("T1", "T2", "S1")
    ]
    raw = member.post("/evaluation/scores/draft", {"scores": given})["raw"]
    member.post("/evaluation/scores", {"raw": raw, "cms": member.sign(unb64(raw))})


def saved(hall: Hall) -> list[str]:
    return sorted(entry["score"] for entry in hall.members[0].get("/evaluation/scores")["scores"])
