"""The documents are amended while a bid stands: its bidder is told at once, and one click hands it in again."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from config.demo import people
from config.demo.client import Person
from config.demo.play import Story
from config.demo.seed import open_tender
from config.supervisor import Hall
from tests.browser.conftest import Visit, key_file, picture
from tests.browser.decisions import Decisions
from tests.browser.test_bidding import document, submitted
from tests.journeys.amended import publish_amendment, put

pytestmark = [pytest.mark.browser, pytest.mark.slow]
OUTDATED = "尚未按修改后的文件提交"


def hand_in(page: Page, hall: Hall, code: str) -> str:
    """A bid sealed in this browser; returns its reference."""
    page.goto(f"/tenders/{code}/bid")
    page.wait_for_selector("[data-bid][data-ready]")
    for field, text in (("unit_price", "4150.50"), ("brand", "启明")):
        for place in page.locator(f"[data-field={field}]").all():
            place.fill(text)
    page.set_input_files("#documents", document("投标文件.pdf", 100_000))
    signer = page.locator("[data-signer]")
    signer.locator("[data-signer-file]").set_input_files(str(key_file(hall, "bidder1")))
    signer.locator("[data-signer-passphrase]").fill(people.PASSWORD)
    page.click("[data-bid-form] .btn-primary")
    return submitted(page)


def test_a_bidder_is_told_at_once_and_seals_again_with_one_click(visit: Visit, hall: Hall) -> None:
    agent = Person(hall.url, hall.state, "agent")
    code = open_tender(agent, vault_mode="dual")
    page = visit("bidder1")
    first = hand_in(page, hall, code)
    page.locator("h1").click()  # nobody types now: the page may load itself anew

    story = Story(hall, people.folder_of(hall.state), lambda line: None, code=code)
    put(agent, story.api("/amendment"), {"warranty_months": 60, "reason": "延长质保期"})
    publish_amendment(story)
    expect(page.locator("[data-bid-banner]")).to_contain_text(OUTDATED)
    expect(page.locator("#amended .amend-change")).to_contain_text("60")
    picture(page, "bid-amended")

    way = Decisions(page)
    way.answer("the passphrase", {"[data-bid-reseal-signer] [data-signer-passphrase]": people.PASSWORD})
    with page.expect_download() as saved:
        way.click("seal again and submit", "[data-bid-reseal-form] .btn-primary")
    assert submitted(page) != first
    assert saved.value.suggested_filename.endswith(".bidkey.json") and len(way.made) == 2
    expect(page.locator("#amended")).to_have_count(0)

    page.goto("/desk")
    expect(page.locator("main")).not_to_contain_text(OUTDATED)
    page.goto(f"/tenders/{code}/bid")
    expect(page.locator("aside .timeline li")).to_have_count(2)
    notice = visit()
    notice.goto(f"/tenders/{code}")
    expect(notice.locator("#changes ins")).to_have_text(["60"])
