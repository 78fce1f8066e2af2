"""Old machines: a browser whose WebCrypto knows neither Ed25519 nor X25519 nor ML-KEM seals, submits and
checks receipts all the same; and it is as strict."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from playwright.sync_api import Browser, BrowserContext, expect

from bidding.vault.keyfile import read_keyfile
from tests.browser_client.fake_hall import FakeHall
from tests.browser_client.test_pages import (
    PASSPHRASE,
    browser,  # noqa: F401  (a fixture)
    enrol,
    fill_bid,
    hall,  # noqa: F401  (a fixture)
    pytestmark,  # noqa: F401  (skipped where there is no browser)
    submit,
)

TAKEN_AWAY = """
(() => {
  const gone = /^(ed25519|x25519|ed448|x448|ml-?kem.*|ml-?dsa.*)$/i;
  window.refusedAlgorithms = new Set();
  const nameOf = (value) => (typeof value === "string" ? value : value?.name) ?? "";
  for (const method of ["generateKey", "importKey", "sign", "verify", "deriveBits", "deriveKey",
                        "encapsulateBits", "encapsulateKey", "decapsulateBits", "decapsulateKey"]) {
    const real = SubtleCrypto.prototype[method];
    if (!real) continue;
    SubtleCrypto.prototype[method] = function (...all) {
      const named = all.map(nameOf).find((name) => gone.test(name));
      if (!named) return real.apply(this, all);
      window.refusedAlgorithms.add(named);
      return Promise.reject(new DOMException("Unrecognized name.", "NotSupportedError"));
    };
  }
})();
"""


@pytest.fixture
def old(browser: Browser, hall: tuple[FakeHall, str]) -> Iterator[BrowserContext]:  # noqa: F811
    opened = browser.new_context(base_url=hall[1], accept_downloads=True)
    opened.set_default_timeout(20_000)
    opened.add_init_script(TAKEN_AWAY)
    yield opened
    opened.close()


def test_an_old_browser_seals_submits_and_checks_its_receipt(
    old: BrowserContext,
    hall: tuple[FakeHall, str],  # noqa: F811
) -> None:
    enrol(old)
    page = old.new_page()
    fill_bid(page, b"documents " * 1000)
    assert (
        page.evaluate(
            "crypto.subtle.importKey('raw', new Uint8Array(32), 'Ed25519', false, ['verify']).catch((e) => e.name)"
        )
        == "NotSupportedError"
    )
    page.evaluate("window.refusedAlgorithms.clear()")
    assert read_keyfile(submit(page).encode(), PASSPHRASE)
    expect(page.locator("[data-bid-banner]")).to_contain_text("SUBMITTED · reference R1")
    states = {
        line.get_attribute("data-check"): line.get_attribute("data-ok")
        for line in page.locator("[data-check]").all()
    }
    # the receipt's own signature, the log's on the checkpoint, the witness's: all three Ed25519
    assert {states[name] for name in ("signature", "checkpoint", "witness", "inclusion")} == {"true"}
    assert "Ed25519" in page.evaluate("[...window.refusedAlgorithms]")
    assert hall[0].stored_faults() == []


def test_an_old_browser_believes_no_false_receipt(
    old: BrowserContext,
    hall: tuple[FakeHall, str],  # noqa: F811
) -> None:
    fake, _ = hall
    enrol(old)
    page = old.new_page()
    fake.sign_receipt = Ed25519PrivateKey.from_private_bytes(bytes(32))
    fill_bid(page, b"documents")
    with page.expect_download():
        page.click("#go")
    page.wait_for_selector("[data-bid][data-state=receipt-failed]")
    expect(page.locator("[data-check=signature]")).to_have_attribute("data-ok", "false")
