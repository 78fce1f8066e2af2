"""Pages show and forms send with JavaScript switched off."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from config.demo import people
from config.supervisor import Hall
from tests.browser.conftest import Visit, log_in, picture

pytestmark = pytest.mark.browser


def test_a_reader_without_script_finds_a_tender_and_its_opening(visit: Visit, open_code: str) -> None:
    page = visit(script=False)
    page.goto("/")
    page.fill("#q", open_code)
    page.click("main [role=search] .btn-primary")
    page.click("main .board-row h2 a")
    page.click("main .page-actions .btn-primary")
    expect(page.locator("main")).to_contain_text(open_code)
    with page.expect_download() as saved:
        page.click("main a[href*='/documents/'][href$='.pdf']")
    assert saved.value.suggested_filename.endswith(".pdf")
    page.click(f"main a[href$='/tenders/{open_code}/opening']")
    expect(page.locator("h1")).to_be_visible()
    picture(page, "noscript-opening")
    page.click("header a[lang=en]")
    expect(page.locator("html")).to_have_attribute("lang", "en")


def test_a_person_without_script_logs_in_and_is_told_what_is_wrong(visit: Visit, hall: Hall) -> None:
    page = visit(script=False)
    page.goto("/login")
    page.fill("#login", "bidder5")
    page.fill("#password", "not the password")
    page.click("main .btn-primary")
    expect(page.locator(".error-summary")).to_be_visible()
    log_in(page, "bidder5", people.PASSWORD, lambda: people.code(hall.state, "bidder5")[0])
    expect(page.locator("h1")).to_be_visible()
    page.click("header .link-button")
    expect(page.locator("header a[href='/login']")).to_be_visible()
