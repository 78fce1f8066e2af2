"""The fragments of config/assets/README.md as whole pages, for the fake hall."""

from __future__ import annotations

import hashlib

from config import assets
from tests.browser_client.fake_hall import BIDDER, TENDER

_ITEM = '<td><input data-field="brand" value="牌"></td><td><input data-field="unit_price"></td><td data-bid-amount></td>'
BODIES = {
    "enrol.page.js": f"""
<form data-enrol method="post" action="/account/certificates" data-kind="ec-p256" data-next="/bid"
  data-subject='{{"C":"CN","O":"某某有限公司","CN":"张三","serialNumber":"{BIDDER}"}}'>
<input type="hidden" name="csrf_token" value="token"><div data-enrol-banner hidden></div><div data-enrol-problem hidden></div>
<div data-enrol-own><textarea name="csr"></textarea></div><div data-enrol-fields></div><button type="submit">enrol</button></form>""",
    "bid.page.js": f"""
<section data-bid data-tender="{TENDER}" data-policy-sha256="POLICY" data-bidder-id="{BIDDER}" data-bloc='["agent","operator"]'
  data-next-seq="1" data-replaces=""><div data-bid-banner></div><div data-bid-problem hidden></div><form data-bid-form>
<table><tr data-bid-item data-name="服务器" data-unit="台" data-quantity="2">{_ITEM}</tr></table>
<output data-bid-total></output><output data-bid-words></output>
<input name="period_days" value="30"><input name="core_brand"><input type="checkbox" name="claims" value="micro-enterprise">
<input type="file" name="documents" multiple><div data-signer></div>
<button type="submit" id="go">submit</button><button type="submit" data-bid-save id="save">save</button></form>
<input type="file" accept=".sealed" data-bid-sealed><div data-bid-progress></div><div data-bid-done hidden></div></section>""",
    "sign.page.js": """
<form data-sign method="post" action="/signed"><input type="hidden" name="csrf_token" value="token"><div data-sign-problem hidden></div>
<input type="hidden" name="review" value='{"v":1}'><input type="hidden" name="review_cms" data-sign-field="review">
<input type="hidden" name="policy_cms" data-sign-url="/api/tenders/TENDER/policy" data-sign-sha256="POLICY">
<div data-signer></div><button type="submit" name="act" value="approve">sign</button></form>""",
    "release.page.js": """
<section data-release data-tender="TENDER" data-stage="opening" data-manifest="MANIFEST"><div data-release-banner></div><div data-release-problem hidden></div>
<form data-release-form><div data-release-keyfile hidden><label>key <input type="file" accept=".json"></label></div>
<div data-signer></div><button type="submit">decrypt</button></form></section>""",
    "verify.page.js": """
<section data-verify><div data-verify-banner hidden></div><div data-verify-problem hidden></div>
<form data-verify-receipt><textarea name="receipt"></textarea><input type="file" name="receipt_file"><input type="file" name="policy_file">
<button type="submit">check</button></form>
<form data-verify-bundle><input type="file" name="bundle"><input type="file" name="trust"><button type="submit">check</button></form>
<ul data-verify-result></ul></section>""",
    "live.page.js": """
<main data-live-url="/no-stream" data-live-every="0.2"><div id="attendance" data-live>BODY</div>
<time data-countdown="2126-12-01T01:00:00.000Z"></time><time data-clock></time><span data-live-state></span></main>""",
}


def page(script: str, policy: bytes, **words: str) -> str:
    """A page with one script, in English."""
    body = BODIES[script].replace("POLICY", hashlib.sha256(policy).hexdigest()).replace("TENDER", TENDER)
    for name, value in words.items():
        body = body.replace(name, value)
    source = f"/assets/{assets.load_manifest()[script]}"
    return f"""<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="csrf-token" content="token"><title>t</title>
<link rel="icon" href="data:,"></head><body>{body}<script type="module" src="{source}"></script></body></html>"""
