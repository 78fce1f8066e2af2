"""The page scripts in a real Chromium against a hall in memory: each page does what it is for."""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding
from playwright.sync_api import Browser, BrowserContext, FilePayload, Page, expect, sync_playwright

from bidding.vault import sealed_file
from bidding.vault.encoding import unb64
from bidding.vault.keyfile import read_keyfile
from bidding.vault.manifest import parse_withdrawal
from bidding.vault.open import Outcome, StageEvidence, open_bid
from bidding.vault.policy import parse_policy
from bidding.vault.release import parse_bidder_release
from config import assets
from plugins.x509_signatures.verifier import X509Verifier
from tests.browser_client.authority import Authority
from tests.browser_client.fake_hall import PIECE, FakeHall, serve
from tests.browser_client.pages import page as page_html

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(
    CHROMIUM is None and not os.environ.get("TRADEHALL_EXPECT_BROWSER"), reason="no Chromium on this machine"
)
PASSPHRASE = "a long passphrase"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
]


@pytest.fixture(scope="module")
def browser(node: Path) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield started
        started.close()


@pytest.fixture
def hall() -> Iterator[tuple[FakeHall, str]]:
    built = FakeHall()
    server, address = serve(built)
    for path, script in {
        "/enrol": "enrol.page.js",
        "/bid": "bid.page.js",
        "/sign": "sign.page.js",
        "/verify": "verify.page.js",
    }.items():
        built.pages[path] = page_html(script, built.policy)
    yield built, address
    server.shutdown()


@pytest.fixture
def context(browser: Browser, hall: tuple[FakeHall, str]) -> Iterator[BrowserContext]:
    """A browser of its own, enrolled; any error of a script and any breach of the CSP fails the test."""
    opened = browser.new_context(base_url=hall[1], accept_downloads=True)
    opened.set_default_timeout(20_000)
    wrong: list[str] = []
    opened.on("weberror", lambda error: wrong.append(str(error.error)))
    opened.on(
        "console", lambda line: wrong.append(line.text) if "Content Security Policy" in line.text else None
    )
    yield opened
    opened.close()
    assert wrong == []


def enrol(context: BrowserContext) -> str:
    """Enrol in a page of the context; returns the saved key file's text."""
    page = context.new_page()
    page.goto("/enrol")
    page.wait_for_selector("form[data-ready]")
    page.fill("#enrol-passphrase", PASSPHRASE)
    page.fill("#enrol-again", PASSPHRASE)
    with page.expect_download() as saved:
        page.click("text=enrol")
    page.wait_for_selector("form[data-state=enrolled]")
    text = Path(saved.value.path()).read_text()
    page.close()
    return text


def fill_bid(page: Page, documents: bytes, price: str = "12500.5") -> None:
    page.goto("/bid")
    page.wait_for_selector("[data-ready]")
    page.fill("[data-field=unit_price]", price)
    file: FilePayload = {"name": "投标文件.pdf", "mimeType": "application/pdf", "buffer": documents}
    page.set_input_files("[name=documents]", [file])
    page.fill("[data-signer-passphrase]", PASSPHRASE)


def submit(page: Page) -> str:
    """Press the button; returns the text of the bid key file that is saved on the way."""
    with page.expect_download() as saved:
        page.click("#go")
    page.wait_for_selector("[data-bid][data-state=submitted]")
    return Path(saved.value.path()).read_text()


def test_a_person_enrols_and_submits_a_bid_that_the_servers_code_opens(
    context: BrowserContext, hall: tuple[FakeHall, str]
) -> None:
    fake, _ = hall
    key_pem = enrol(context)
    assert "ENCRYPTED PRIVATE KEY" in key_pem
    assert key_pem.count("BEGIN CERTIFICATE") == 2
    page = context.new_page()
    documents = bytes(i % 251 for i in range(PIECE + 100_000))
    fill_bid(page, documents)
    expect(page.locator("[data-bid-total]")).to_have_text("25,001.00")
    expect(page.locator("[data-bid-words]")).to_have_text("贰万伍仟零壹元整")
    expect(page.locator("[data-bid-banner]")).to_contain_text("NOT YET SUBMITTED")
    key_file = read_keyfile(submit(page).encode(), PASSPHRASE)
    expect(page.locator("[data-bid-banner]")).to_contain_text("SUBMITTED · reference R1")
    states = {
        line.get_attribute("data-check"): line.get_attribute("data-ok")
        for line in page.locator("[data-check]").all()
    }
    assert {name for name, ok in states.items() if ok != "true"} == {"consistency", "stamp"}, states
    assert fake.stored_faults() == []
    upload = next(iter(fake.uploads.values()))
    found: dict[str, io.BytesIO] = {}
    parts = {
        part.name: io.BytesIO(b"".join(upload["pieces"][part.name, n] for n in range(-(-part.size // PIECE))))
        for part in upload["manifest"].parts
    }
    evidence = {"opening": StageEvidence(bidder_key=key_file.keys["opening"])}
    result = open_bid(
        parse_policy(fake.policy),
        upload["manifest"].raw,
        parts,
        evidence,
        lambda name: found.setdefault(name, io.BytesIO()),
    )
    assert result.outcome is Outcome.OK
    assert json.loads(found["price-sheet"].getvalue())["opening"] == {
        "period_days": 30,
        "total": "25001.00",
        "words": "贰万伍仟零壹元整",
    }
    assert documents in found["documents"].getvalue()
    _accepts(fake.authority, upload["manifest"].raw, upload["cms"])


def test_a_bid_is_replaced_then_withdrawn_and_each_receipt_is_checked(
    context: BrowserContext, hall: tuple[FakeHall, str]
) -> None:
    fake, _ = hall
    enrol(context)
    page = context.new_page()
    fill_bid(page, b"first")
    submit(page)
    page.reload()
    expect(page.locator("[data-bid-banner]")).to_contain_text("reference R1")
    fill_bid(page, b"second")
    with page.expect_download():
        page.click("#go")
    expect(page.locator("[data-bid-banner]")).to_contain_text("SUBMITTED · reference R2")
    first, second = (upload["manifest"] for upload in fake.uploads.values())
    assert (second.seq, second.replaces) == (2, first.hash)
    expect(page.locator("[data-check=consistency]")).to_have_attribute("data-ok", "true")
    page.fill("[data-signer-passphrase]", PASSPHRASE)
    page.on("dialog", lambda dialog: dialog.accept())
    page.click("[data-bid-withdraw]")
    page.wait_for_selector("[data-bid][data-state=withdrawn]")
    body = dict(fake.posted)["/api/bids/withdrawals"]
    assert parse_withdrawal(unb64(body["withdraw"])).manifest == second.hash
    _accepts(fake.authority, unb64(body["withdraw"]), unb64(body["cms"]))


def test_an_upload_waits_out_a_failing_server_and_goes_on_after_a_reload(
    context: BrowserContext, hall: tuple[FakeHall, str]
) -> None:
    fake, _ = hall
    enrol(context)
    page = context.new_page()
    fake.failing = 10_000
    fill_bid(page, bytes(2 * PIECE))
    with page.expect_download():
        page.click("#go")
    expect(page.locator("[data-bid-progress]")).to_contain_text("interrupted")
    page.on("dialog", lambda dialog: dialog.accept())
    fake.failing = 1
    page.reload()
    page.wait_for_selector("[data-bid][data-state=submitted]")
    assert fake.stored_faults() == []
    assert len(fake.uploads) == 1


def test_a_false_receipt_is_never_shown_as_submitted(
    context: BrowserContext, hall: tuple[FakeHall, str]
) -> None:
    fake, _ = hall
    enrol(context)
    page = context.new_page()
    fake.sign_receipt = Ed25519PrivateKey.from_private_bytes(bytes(32))
    fill_bid(page, b"x")
    with page.expect_download():
        page.click("#go")
    page.wait_for_selector("[data-bid][data-state=receipt-failed]")
    expect(page.locator("[data-bid-banner]")).to_contain_text("NOT SUBMITTED")
    expect(page.locator("[data-check=signature]")).to_have_attribute("data-ok", "false")


def test_a_policy_with_another_hash_than_the_notices_seals_nothing(
    context: BrowserContext, hall: tuple[FakeHall, str]
) -> None:
    fake, _ = hall
    enrol(context)
    fake.pages["/bid"] = page_html("bid.page.js", fake.policy + b" ")
    page = context.new_page()
    fill_bid(page, b"x")
    page.click("#go")
    expect(page.locator("[data-bid-problem]")).to_contain_text("policy is not in order")
    assert fake.posted == []


def test_a_wrong_passphrase_is_said_beside_the_field(
    context: BrowserContext, hall: tuple[FakeHall, str]
) -> None:
    enrol(context)
    page = context.new_page()
    fill_bid(page, b"x")
    page.fill("[data-signer-passphrase]", "wrong")
    page.click("#go")
    expect(page.locator("[data-signer] .field-fault")).to_have_text("The passphrase is not right.")
    expect(page.locator("[data-bid-banner]")).to_contain_text("NOT YET SUBMITTED")


def test_a_file_sealed_offline_from_disk_is_uploaded_by_another_browser(
    browser: Browser, context: BrowserContext, hall: tuple[FakeHall, str], tmp_path: Path
) -> None:
    fake, _ = hall
    (tmp_path / "key.pem").write_text(enrol(context))
    (tmp_path / "policy.json").write_bytes(fake.policy)
    (tmp_path / "文件.pdf").write_bytes(b"offline")
    lonely = browser.new_context(offline=True, accept_downloads=True, locale="zh-CN")
    page = lonely.new_page()
    page.goto((assets.BUILT / assets.sealer()["file"]).as_uri())
    page.wait_for_selector("#sealer[data-ready]")
    page.set_input_files("#policy", tmp_path / "policy.json")
    expect(page.locator("[data-policy-hash]")).to_contain_text(hashlib.sha256(fake.policy).hexdigest())
    for name, value in {
        "name": "服务器",
        "brand": "牌",
        "unit": "台",
        "quantity": "2",
        "unit_price": "9.90",
    }.items():
        page.fill(f"[data-field={name}]", value)
    page.fill("#period_days", "30")
    page.fill("#bidder", "91110000600037341L")
    page.set_input_files("#documents", tmp_path / "文件.pdf")
    page.set_input_files("[data-signer-file]", tmp_path / "key.pem")
    page.fill("[data-signer-passphrase]", PASSPHRASE)
    saved: list[Any] = []
    page.on("download", lambda download: saved.append(download))
    page.click("button[type=submit]")
    page.wait_for_selector(".banner-now")
    while len(saved) < 2:
        saved.append(page.wait_for_event("download"))
    files = {download.suggested_filename.partition(".")[2]: download.path() for download in saved}
    target = tmp_path / "bid.sealed"
    shutil.copy(files["sealed"], target)
    lonely.close()
    with target.open("rb") as source, sealed_file.open_sealed(source) as opened:
        assert opened.policy == fake.policy
    upload_page = context.new_page()
    upload_page.goto("/bid")
    upload_page.wait_for_selector("[data-ready]")
    upload_page.set_input_files("[data-bid-sealed]", target)
    upload_page.wait_for_selector("[data-bid][data-state=submitted]")
    assert fake.stored_faults() == []


def test_one_click_signs_several_documents(context: BrowserContext, hall: tuple[FakeHall, str]) -> None:
    fake, _ = hall
    enrol(context)
    page = context.new_page()
    page.goto("/sign")
    page.wait_for_selector("form[data-ready]")
    page.fill("[data-signer-passphrase]", PASSPHRASE)
    page.click("text=sign")
    page.wait_for_selector("text=signed")
    fields = dict(fake.posted)["/signed"]
    assert fields["act"] == "approve"
    _accepts(fake.authority, fields["review"].encode(), unb64(fields["review_cms"]))
    _accepts(fake.authority, fake.policy, unb64(fields["policy_cms"]))


@pytest.mark.parametrize("kept", [True, False])
def test_a_bidder_releases_its_key_with_one_button(
    context: BrowserContext, browser: Browser, hall: tuple[FakeHall, str], kept: bool, tmp_path: Path
) -> None:
    fake, address = hall
    (tmp_path / "key.pem").write_text(enrol(context))
    page = context.new_page()
    fill_bid(page, b"x")
    (tmp_path / "bidkey.json").write_text(submit(page))
    manifest = next(iter(fake.uploads.values()))["manifest"]
    fake.pages["/release"] = page_html("release.page.js", fake.policy, MANIFEST=manifest.hash.hex())
    other = context if kept else browser.new_context(base_url=address)
    page = other.new_page()
    page.goto("/release")
    page.wait_for_selector("[data-ready]")
    if not kept:
        page.set_input_files("[data-release-keyfile] input", tmp_path / "bidkey.json")
        page.set_input_files("[data-signer-file]", tmp_path / "key.pem")
    page.fill("[data-signer-passphrase]", PASSPHRASE)
    page.click("text=decrypt")
    page.wait_for_selector("[data-release][data-state=released]")
    body = dict(fake.posted)["/api/bids/releases"]
    released = parse_bidder_release(unb64(body["release"]))
    assert released.manifest == manifest.hash
    assert released.kb == read_keyfile((tmp_path / "bidkey.json").read_bytes(), PASSPHRASE).keys["opening"]
    _accepts(fake.authority, unb64(body["release"]), unb64(body["cms"]))


def test_of_two_envelopes_only_the_open_ones_key_leaves_the_browser(browser: Browser) -> None:
    fake = FakeHall("dual", 2)
    server, address = serve(fake)
    for path, script in {"/enrol": "enrol.page.js", "/bid": "bid.page.js"}.items():
        fake.pages[path] = page_html(script, fake.policy)
    context = browser.new_context(base_url=address, accept_downloads=True)
    context.set_default_timeout(20_000)
    enrol(context)
    page = context.new_page()
    fill_bid(page, b"x")
    kept = read_keyfile(submit(page).encode(), PASSPHRASE)
    assert set(kept.keys) == {"opening", "price"}
    manifest = next(iter(fake.uploads.values()))["manifest"]
    assert {part.name: part.stage for part in manifest.parts} == {
        "price-sheet": "price",
        "documents": "opening",
    }
    fake.pages["/release"] = page_html("release.page.js", fake.policy, MANIFEST=manifest.hash.hex())
    page = context.new_page()
    page.goto("/release")
    page.wait_for_selector("[data-ready]")
    page.fill("[data-signer-passphrase]", PASSPHRASE)
    page.click("text=decrypt")
    page.wait_for_selector("[data-release][data-state=released]")
    sent = [
        parse_bidder_release(unb64(b["release"])) for path, b in fake.posted if path == "/api/bids/releases"
    ]
    assert [(release.stage, release.kb) for release in sent] == [("opening", kept.keys["opening"])]
    context.close()
    server.shutdown()


def test_a_stranger_checks_a_receipt_and_sees_when_it_was_altered(
    context: BrowserContext, hall: tuple[FakeHall, str]
) -> None:
    fake, _ = hall
    enrol(context)
    bid = context.new_page()
    fill_bid(bid, b"x")
    submit(bid)
    receipt = fake.receipts["R1"]["raw"].decode()
    page = context.new_page()
    page.goto("/verify")
    page.wait_for_selector("[data-ready]")
    page.fill("[name=receipt]", receipt)
    page.click("[data-verify-receipt] button")
    expect(page.locator("[data-verify-banner]")).to_contain_text("The receipt holds")
    page.fill("[name=receipt]", re.sub(r'"ref":"R1"', '"ref":"R2"', receipt))
    page.click("[data-verify-receipt] button")
    expect(page.locator("[data-verify-banner]")).to_contain_text("DOES NOT HOLD")
    expect(page.locator("[data-check=signature]")).to_have_attribute("data-ok", "false")


def test_a_live_page_follows_by_polling_where_there_is_no_stream(
    context: BrowserContext, hall: tuple[FakeHall, str]
) -> None:
    fake, _ = hall
    fake.pages["/live"] = page_html("live.page.js", fake.policy, BODY="two present")
    page = context.new_page()
    page.goto("/live")
    expect(page.locator("[data-countdown]")).to_have_text(re.compile(r"^\d+ d \d\d:\d\d:\d\d$"))
    fake.pages["/live"] = page_html("live.page.js", fake.policy, BODY="<b>three present</b>")
    expect(page.locator("#attendance b")).to_have_text("three present")


def _accepts(authority: Authority, data: bytes, cms: bytes) -> None:
    """The server's verifier takes this signature."""
    verifier = X509Verifier([authority.root.public_bytes(Encoding.DER)], [], authority)
    assert verifier.verify(data, cms, datetime.now(UTC)).common_name == "张三"
