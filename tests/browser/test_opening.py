"""From the deadline to the award: followed live on a phone, by people's own clicks only."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from config import bidder as device
from config.demo import lowest_price, people, play
from config.demo.client import until
from config.supervisor import Hall
from tests.browser.conftest import PATIENCE, Visit, key_file, picture
from tests.browser.test_bidding import document, submitted
from trading.clock import parse_rfc3339

pytestmark = [pytest.mark.browser, pytest.mark.slow]
BY_PROGRAM = ("bidder2", "bidder3", "bidder4", "bidder5")
UNIT_PRICES = ("5500.00", "6000.00", "4000.00")
TOTAL = "2,172,000.00"


@pytest.fixture(scope="module")
def story(hall: Hall, tmp_path_factory: pytest.TempPathFactory) -> Iterator[play.Story]:
    """A tender of its own, carried from one test of this file to the next."""
    told = play.Story(hall, tmp_path_factory.mktemp("bids"), lambda line: None)
    play.publish(told)
    yield told


def unlock(page: Page, hall: Hall, login: str) -> None:
    """Key file, when this browser does not have it yet, and passphrase."""
    if page.locator("[data-signer-file]").is_visible():
        page.set_input_files("[data-signer-file]", key_file(hall, login))
    page.fill("[data-signer-passphrase]", people.PASSWORD)


def bid_in_browser(page: Page, story: play.Story) -> Path:
    """Bidder 1 seals and submits on the page; returns the bid key file."""
    page.goto(f"/tenders/{story.code}/bid")
    page.wait_for_selector("[data-bid][data-ready]")
    for field, price in zip(page.locator("[data-field=unit_price]").all(), UNIT_PRICES, strict=True):
        field.fill(price)
    page.fill("#core_brand", "Aurora")
    page.set_input_files("#documents", [document("投标文件.pdf", 100_000)])
    unlock(page, story.hall, "bidder1")
    with page.expect_download() as saved:
        page.click("[data-bid-form] .btn-primary")
    submitted(page)
    return Path(saved.value.path())


def watch(page: Page, code: str) -> list[str]:
    """Open the opening hall; returns the list that collects the addresses of its event streams. The mark
    on the window goes away with any reload."""
    streams: list[str] = []
    page.on(
        "response",
        lambda answer: streams.append(answer.url) if "/live/" in answer.url and answer.ok else None,
    )
    page.goto(f"/tenders/{code}/opening")
    page.evaluate("window.never_reloaded = true")
    return streams


def test_an_opening_is_followed_live_on_a_phone_and_needs_no_clicks_of_custodians(
    visit: Visit, story: play.Story
) -> None:
    hall, code = story.hall, story.code
    story.policy = device.fetch_policy(device.Hall(hall.url), code, hall.state / "trust")
    for login in BY_PROGRAM:
        play.hand_in(story, login)
    bidder = visit("bidder1")
    bid_in_browser(bidder, story)

    bidder.goto(f"/tenders/{code}/opening")
    phone = visit(phone=True)
    streams = watch(phone, code)
    main = phone.locator("main")
    expect(main).not_to_contain_text("启明教育装备有限公司")
    picture(phone, "opening-before")
    agent = story.person("agent")
    story.ahead_to(parse_rfc3339(agent.get(story.api())["deadline"]))
    until(lambda: agent.get(story.api("/opening"))["opening"], "the opening")
    expect(main).to_contain_text("启明教育装备有限公司", timeout=PATIENCE)
    assert streams, "the page does not follow a stream"
    expect(phone.locator("[data-countdown]")).to_have_text(re.compile(r"^00:(30:00|29:\d\d)$"))
    picture(phone, "opening-started")

    bidder.wait_for_selector("[data-release][data-ready]")
    picture(bidder, "opening-bidder")
    unlock(bidder, hall, "bidder1")
    bidder.click("[data-release-form] .btn-primary")
    bidder.wait_for_selector("[data-release][data-state=released], #opening-own .banner-done")
    host = visit("agent")
    host.goto(f"/tenders/{code}/opening")
    for login in BY_PROGRAM:
        own, signer = story.own_device(login)
        device.decrypt(own, signer, code, story.sealed[login].key_file.read_bytes(), people.PASSWORD)

    expect(main).to_contain_text(TOTAL, timeout=PATIENCE)
    for name in ("华南信息技术股份有限公司", "博雅办公系统有限公司"):
        expect(main).to_contain_text(name)
    picture(phone, "opening-read-out")

    host.wait_for_selector("form[data-sign][data-ready]")
    picture(host, "opening-host")
    unlock(host, hall, "agent")
    host.click("form[data-sign] .btn-primary")
    until(lambda: agent.get(story.api("/opening"))["opening"]["recorded"], "the signed record")
    expect(phone.locator("main a[href*='record'], main a[href*='/notices/']").first).to_be_visible(
        timeout=PATIENCE
    )
    picture(phone, "opening-recorded")
    assert phone.evaluate("window.never_reloaded") is True


def test_the_purchaser_awards_with_one_click_and_the_result_is_read_in_both_languages(
    visit: Visit, story: play.Story
) -> None:
    if story.person("agent").get(story.api())["state"] != "opened":
        pytest.fail("the opening's story did not come to its end")
    lowest_price.evaluate(story)
    buyer = visit("buyer")
    buyer.goto(f"/tenders/{story.code}/award")
    buyer.wait_for_selector("form[data-sign][data-ready]")
    picture(buyer, "award")
    unlock(buyer, story.hall, "buyer")
    buyer.click("form[data-sign] .btn-primary")
    expect(buyer.locator(".banner-done")).to_be_visible(timeout=PATIENCE)
    picture(buyer, "award-issued")
    winner = story.person("buyer").get(story.api("/award"))["awards"][-1]["name"]
    for locale, title in (
        ("zh-CN", "市属中小学教学计算机采购项目"),
        ("en-US", "Computers for teaching in municipal schools"),
    ):
        reader = visit(locale=locale, phone=True)
        reader.goto("/?kind=result")
        reader.locator("main .board-row h2 a").first.click()
        expect(reader.locator("h1")).to_contain_text(title)
        expect(reader.locator("main")).to_contain_text(winner)
        picture(reader, f"result-{locale}")
    loser = visit("bidder2" if winner != "华南信息技术股份有限公司" else "bidder4")
    loser.goto(f"/tenders/{story.code}/my-result")
    expect(loser.locator("main")).to_contain_text(re.compile(r"第\s*\d+\s*名|排名"))
    picture(loser, "my-result")
