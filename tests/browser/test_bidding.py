"""A new bidder's way, from registration to a replaced bid."""

from __future__ import annotations

import re
import secrets
from pathlib import Path

import pyotp
import pytest
from playwright.sync_api import FilePayload, Page, expect

from config.demo.client import Person
from config.demo.seed import open_tender
from config.supervisor import Hall
from tests.browser.conftest import Visit, picture
from tests.browser.decisions import Decisions
from trading.parties.codes import compose

pytestmark = [pytest.mark.browser, pytest.mark.slow]
PASSPHRASE = "a passphrase of my own"
MEGABYTE = 1 << 20


def register(page: Page) -> None:
    """An enterprise, its first person, their phone; ends on the desk."""
    page.goto("/register")
    answers = {
        "uscc": compose("9", "1", "440300", "MA090001"), "organisation": "晨光教育设备有限公司",
        "phone": "0755-12345678", "name": "林小满", "login": "linxm", "password": "four words are enough",
    }  # fmt: skip
    for name, text in answers.items():
        page.fill(f"#{name}", text)
    page.click("main .btn-primary")
    secret = page.inner_text(".totp-secret").replace(" ", "")
    page.fill("#code", pyotp.TOTP(secret).now())
    page.click("main .btn-primary")
    expect(page.locator(".recovery-codes li")).not_to_have_count(0)
    page.click("main .btn-primary")
    page.wait_for_url("**/desk")


def enrol(page: Page) -> str:
    """A certificate made in this browser; returns the key file's text."""
    page.goto("/account/certificates")
    page.wait_for_selector("form[data-enrol][data-ready]")
    page.fill("#enrol-passphrase", PASSPHRASE)
    page.fill("#enrol-again", PASSPHRASE)
    with page.expect_download() as saved:
        page.click("[data-enrol] button[type=submit]")
    page.wait_for_selector("form[data-state=enrolled]")
    picture(page, "enrolled")
    return Path(saved.value.path()).read_text()


def document(name: str, size: int) -> FilePayload:
    """A file that does not compress, so that all of it travels."""
    return {"name": name, "mimeType": "application/pdf", "buffer": secrets.token_bytes(size)}


def submitted(page: Page) -> str:
    """Wait until the bid counts; returns its reference."""
    page.wait_for_selector("[data-bid][data-state=submitted]", timeout=120_000)
    banner = page.locator("[data-bid-banner]")
    expect(banner).to_contain_text("已提交")
    found = re.search(r"[A-Z0-9][A-Za-z0-9-]{7,}", banner.inner_text())
    assert found, banner.inner_text()
    return found.group()


def verified(page: Page, *besides: str) -> None:
    """Every check of the receipt that this browser made holds, the witness's line too, which comes a little
    later; only consistency with an earlier receipt and a time stamp are not there at once. `besides` are
    checks that cannot hold in the story."""
    lines = page.locator("[data-bid-done] [data-check]")
    expect(page.locator("[data-bid-done] [data-check=witness]")).to_have_attribute("data-ok", "true")
    states = {line.get_attribute("data-check"): line.get_attribute("data-ok") for line in lines.all()}
    assert "false" not in states.values(), states
    assert {name for name, ok in states.items() if ok != "true"} <= {"consistency", "stamp", *besides}, states


def test_a_new_bidder_registers_enrols_seals_20_mb_and_replaces_the_bid(visit: Visit, hall: Hall) -> None:
    code = open_tender(Person(hall.url, hall.state, "agent"))
    page = visit()
    register(page)
    key_pem = enrol(page)
    assert "ENCRYPTED PRIVATE KEY" in key_pem
    page.goto("/desk")

    way = Decisions(page)
    way.click("the tender on my desk", f"a[href*='/tenders/{code}']")
    way.click("bid for it", f"a[href$='/tenders/{code}/bid']")
    page.wait_for_selector("[data-bid][data-ready]")
    expect(page.locator("[data-bid-banner]")).to_contain_text("尚未提交")
    picture(page, "bid-empty")
    way.answer("the price list", {"[data-field=unit_price]": "4150.50", "[data-field=brand]": "启明"})
    way.give("the documents", "#documents", document("投标文件.pdf", 20 * MEGABYTE))
    way.answer("the passphrase", {"[data-signer-passphrase]": PASSPHRASE})
    with page.expect_download() as saved:
        way.click("seal and submit", "[data-bid-form] .btn-primary")
    reference = submitted(page)
    picture(page, "bid-submitted")
    assert saved.value.suggested_filename.endswith(".bidkey.json")
    assert len(way.made) <= 6, way.made
    verified(page)

    page.reload()
    page.wait_for_selector("[data-bid][data-ready]")
    expect(page.locator("[data-bid-banner]")).to_contain_text(reference)
    way.answer("the price list", {"[data-field=unit_price]": "4099.00", "[data-field=brand]": "启明"})
    way.give("the documents", "#documents", document("投标文件（二）.pdf", MEGABYTE))
    way.answer("the passphrase", {"[data-signer-passphrase]": PASSPHRASE})
    with page.expect_download():
        way.click("seal and replace", "[data-bid-form] .btn-primary")
    expect(page.locator("[data-bid-banner]")).not_to_contain_text(reference)
    assert submitted(page) != reference
    verified(page)
    page.reload()
    expect(page.locator("aside .timeline li")).to_have_count(2)
    picture(page, "bid-replaced")
