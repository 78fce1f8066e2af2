"""A bidder signs with SM2 on a USB key: the certificate is filed, a bid sealed and handed in, and the bundle of
the tender is verified with it. Runs last: afterwards the first bidder has two certificates."""

from __future__ import annotations

import tarfile
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from bidding.vault.keyfile import WrongPassphrase, read_keyfile
from config import bidder as device
from config.demo import play
from config.supervisor import Hall
from plugins.sm2_signatures.verifier import signed_with_sm2
from tests.browser.conftest import Visit, picture
from tests.browser.test_bidding import document, submitted, verified
from tests.journeys.amended import open_and_export

pytestmark = [pytest.mark.browser, pytest.mark.slow]
PIN, KEY_FILE_PASSPHRASE = "123456", "not the PIN of the key"
USB = "USB 智能密码钥匙"


def choose_usb_key(page: Page, block: str) -> None:
    select = page.locator(f"{block} [data-signer-key]")
    option = select.locator("option", has_text=USB)
    expect(option).to_have_count(1)
    select.select_option(value=option.get_attribute("value"))


def file_certificate(page: Page) -> None:
    """The key signs the hall's challenge; a wrong PIN is told with the tries that are left."""
    page.goto("/account/certificates")
    page.wait_for_selector("form[data-sign][data-ready]")
    choose_usb_key(page, "form[data-sign]")
    pin = page.locator("form[data-sign] [data-signer-passphrase]")
    pin.fill("000000")
    page.click("form[data-sign] button[type=submit], form[data-sign] .btn")
    expect(page.locator("form[data-sign] .field-fault")).to_contain_text("剩余次数：5")
    picture(page, "usb-key-enrol")
    pin.fill(PIN)
    page.click("form[data-sign] button[type=submit], form[data-sign] .btn")
    page.wait_for_url("**/account")


def confirm_with_usb_key(page: Page) -> None:
    """The second factor of a session by the same key."""
    page.goto("/login/certificate")
    page.wait_for_selector("form[data-sign][data-ready]")
    choose_usb_key(page, "form[data-sign]")
    page.fill("[data-signer-passphrase]", PIN)
    picture(page, "usb-key-login")
    page.click("form[data-sign] .btn-primary")
    page.wait_for_url("**/desk")


def seal_with_usb_key(page: Page, code: str) -> Path:
    """Returns the bid key file, which has a passphrase of its own."""
    page.goto(f"/tenders/{code}/bid")
    page.wait_for_selector("[data-bid][data-ready]")
    for place in page.locator("[data-field=unit_price]").all():
        place.fill("4150.50")
    page.fill("#core_brand", "Aurora")
    page.set_input_files("#documents", document("投标文件.pdf", 50_000))
    choose_usb_key(page, "[data-signer]")
    signer, button = page.locator("[data-signer]"), page.locator("[data-bid-form] .btn-primary")
    signer.locator("[data-signer-passphrase]").fill("999999")
    signer.locator("[data-signer-keyfile]").fill(KEY_FILE_PASSPHRASE)
    button.click()
    expect(signer.locator(".field-fault")).to_contain_text("剩余次数：5")
    picture(page, "usb-key-bid")
    signer.locator("[data-signer-passphrase]").fill(PIN)
    with page.expect_download() as saved:
        button.click()
    submitted(page)
    verified(page, "clock")  # earlier stories have let the hall's clock run ahead of this browser's
    return Path(saved.value.path())


def test_a_bid_signed_with_sm2_on_a_usb_key_is_admitted_opened_and_verified(
    visit: Visit, hall: Hall, tmp_path: Path
) -> None:
    story = play.Story(hall, tmp_path, lambda line: None)
    play.publish(story)
    story.policy = device.fetch_policy(device.Hall(hall.url), story.code, hall.state / "trust")
    assert "gm-sm2" in story.policy.signatures
    page = visit("bidder1")
    file_certificate(page)
    confirm_with_usb_key(page)
    key_file = seal_with_usb_key(page, story.code).read_bytes()
    with pytest.raises(WrongPassphrase):
        read_keyfile(key_file, PIN)
    assert read_keyfile(key_file, KEY_FILE_PASSPHRASE).keys
    for login in ("bidder2", "bidder3"):
        play.hand_in(story, login)

    open_and_export(story)
    rows = story.person("agent").get(story.api("/opening"))["opening"]["bids"]
    assert [row["outcome"] for row in rows] == ["OK"] * 3
    play.verify(story)
    assert story.verdict.splitlines()[0] == "VERIFIED"
    with tarfile.open(story.bundle) as bundle:
        signatures = [bundle.extractfile(m).read() for m in bundle if m.name.endswith("/bid.p7s")]  # type: ignore[union-attr]
    assert sorted(map(signed_with_sm2, signatures)) == [False, False, True]
