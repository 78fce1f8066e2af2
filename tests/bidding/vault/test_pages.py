"""The bidder's pages and the API, through the whole application."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from webtest import TestApp

from bidding.opening.models import Opening
from bidding.tenders.models import Tender
from bidding.vault.encoding import b64, sha256, unb64
from bidding.vault.manifest import build_withdrawal
from bidding.vault.models import BidderRelease
from bidding.vault.pieces import PIECE
from bidding.vault.receipt import parse_refusal
from bidding.vault.release import build_bidder_release
from tests.bidding.vault.scene import CODE, Enterprise, Scene, Sealed, replace_policy
from tests.bidding.vault.test_closing import promised_close
from tests.helpers import log_in, make_user
from trading import clock
from trading.accounts.models import ApiKey, User
from trading.ledger.canonical import dumps
from trading.ledger.service import entries_of
from trading.security import token_hash


@pytest.fixture
def app(scene: Scene) -> TestApp:
    return TestApp(scene.config.make_wsgi_app())


def with_key(scene: Scene, who: Enterprise) -> dict[str, str]:
    """The headers of a program of this enterprise."""
    token = f"key of {who.name}"
    with scene.db() as session:
        session.add(
            ApiKey(
                user_id=who.bidder.user_id, key_hash=token_hash(token), label="test", created_at=clock.now()
            )
        )
    return {"Authorization": f"Bearer {token}"}


def browser(scene: Scene, app: TestApp, who: Enterprise) -> TestApp:
    with scene.db() as session:
        login = session.get_one(User, who.bidder.user_id).login
    return log_in(app, scene.config, login)


def hand_in(app: TestApp, headers: dict[str, str], bid: Sealed, status: int = 202) -> Any:
    """Upload and submit over HTTP."""
    body = {"tender": CODE, "manifest": b64(bid.raw), "cms": b64(bid.cms)}
    started = app.post_json("/api/bids/uploads", body, headers=headers, status=201).json
    assert started["piece_bytes"] == PIECE
    for part, numbers in started["missing"].items():
        for n in numbers:
            piece = bid.parts[part][n * PIECE : (n + 1) * PIECE]
            more = headers | {
                "X-Content-SHA256": sha256(piece).hex(),
                "Content-Type": "application/octet-stream",
            }
            app.put(f"/api/bids/uploads/{started['upload']}/{part}/{n}", piece, headers=more, status=204)
    again = app.get(f"/api/bids/uploads/{started['upload']}", headers=headers).json
    assert again["missing"] == {}
    return app.post_json(
        f"/api/bids/uploads/{started['upload']}/submit", {}, headers=headers, status=status
    ).json


def test_a_program_hands_in_a_bid_gets_its_receipt_and_withdraws(scene: Scene, app: TestApp) -> None:
    who = scene.enterprise("Green Chairs Ltd")
    headers = with_key(scene, who)
    bid = scene.seal(who)
    answer = hand_in(app, headers, bid)
    assert app.get(answer["receipt"], headers=headers, status=202).json == {"pending": True}
    scene.keep_promises()
    scene.sequence()
    receipt = app.get(answer["receipt"], headers=headers, status=200)
    assert dumps(receipt.json) == receipt.body
    document = build_withdrawal(bid.manifest, clock.now())
    body = {"tender": CODE, "withdraw": b64(document), "cms": b64(who.signer.sign(document, clock.now()))}
    taken = app.post_json("/api/bids/withdrawals", body, headers=headers, status=202).json
    assert app.post_json("/api/bids/withdrawals", body, headers=headers, status=202).json == taken
    own = app.get(f"/api/tenders/{CODE}/bids", headers=headers).json
    assert [(act["kind"], act["seq"]) for act in own] == [("bid", 1), ("withdraw", 1)]


def test_a_late_bid_gets_a_signed_refusal_and_leaves_nothing_behind(scene: Scene, app: TestApp) -> None:
    who = scene.enterprise("Green Chairs Ltd")
    headers, bid = with_key(scene, who), scene.seal(who)
    upload = scene.upload(who, bid)
    scene.run_until(scene.deadline)
    answer = app.post_json(f"/api/bids/uploads/{upload}/submit", {}, headers=headers, status=409)
    assert answer.content_type == "application/problem+json"
    refusal = parse_refusal(dumps(answer.json["refusal"]), scene.policy.receipt_key)
    assert refusal.manifest == bid.manifest.hash
    assert refusal.reason.startswith("bid.late")
    assert app.get(f"/api/tenders/{CODE}/bids", headers=headers).json == []


def test_a_malformed_bid_gets_a_signed_refusal_too(scene: Scene, app: TestApp) -> None:
    who = scene.enterprise("Green Chairs Ltd")
    body = {"tender": CODE, "manifest": b64(b"{}"), "cms": b64(b"x")}
    answer = app.post_json("/api/bids/uploads", body, headers=with_key(scene, who), status=422)
    assert answer.json["faults"][0]["code"] == "bid.malformed"
    assert parse_refusal(dumps(answer.json["refusal"]), scene.policy.receipt_key).manifest == sha256(b"{}")


def test_nobody_but_a_competing_enterprise_may_upload(scene: Scene, app: TestApp) -> None:
    who = scene.enterprise("Green Chairs Ltd")
    bid = scene.seal(who)
    body = {"tender": CODE, "manifest": b64(bid.raw), "cms": b64(bid.cms)}
    app.post_json("/api/bids/uploads", body, headers={"Authorization": "Bearer wrong"}, status=401)
    with scene.db() as session:
        agency = session.scalars(select(Tender)).one().agency
        user = make_user(session, "bidder", party=agency, keys=scene.registry["keys"])
        buyer = Enterprise(
            agency.name, type(who.bidder)(user.id, agency.uscc, agency.name, ""), who.signer, who.key_file
        )
    app.post_json("/api/bids/uploads", body, headers=with_key(scene, buyer), status=403)


def test_a_cookie_needs_its_csrf_token(scene: Scene, app: TestApp) -> None:
    who = scene.enterprise("Green Chairs Ltd")
    mine = browser(scene, app, who)
    mine.post_json("/api/bids/withdrawals", {"tender": CODE, "withdraw": "AA", "cms": "AA"}, status=400)


def test_everybody_reads_policy_signature_and_key_statements(scene: Scene, app: TestApp) -> None:
    assert app.get(f"/api/tenders/{CODE}/policy").body == scene.policy.raw
    assert app.get(f"/api/tenders/{CODE}/policy.p7s").body.startswith(b"0")
    rows = app.get(f"/api/tenders/{CODE}/custodian-keys").json
    assert [sha256(unb64(row["cks"])).hex() for row in rows] == [
        c.cks_sha256 for c in scene.policy.stages[0].custodians
    ]


def test_the_bid_page_carries_what_the_script_needs(scene: Scene, app: TestApp) -> None:
    who = scene.enterprise("Green Chairs Ltd")
    page = browser(scene, app, who).get(f"/tenders/{CODE}/bid")
    section = page.html.select_one("[data-bid]")
    assert section["data-policy-sha256"] == scene.policy.hash.hex()
    assert section["data-bidder-id"] == who.bidder.uscc
    assert section["data-next-seq"] == "1"
    assert section.select_one("[data-signer]")["data-cert-sha256"] == who.certificate
    assert section.select_one("[data-bid-item]")["data-quantity"] == "100"
    assert "NOT YET SUBMITTED" in page or "尚未提交" in page


def test_a_bidder_sees_its_own_bids_and_nobody_elses(scene: Scene, app: TestApp) -> None:
    one, other = scene.enterprise("Green Chairs Ltd"), scene.enterprise("Other")
    ref = scene.submit(one, scene.seal(one))
    assert ref in browser(scene, app, one).get(f"/tenders/{CODE}/bid")
    page = browser(scene, app, other).get(f"/tenders/{CODE}/bid")
    assert ref not in page
    assert one.name not in page


def test_an_anonymous_reader_of_the_bid_page_is_asked_to_log_in(scene: Scene, app: TestApp) -> None:
    assert "/login" in app.get(f"/tenders/{CODE}/bid", status=303).location


def test_the_desk_shows_a_bidder_how_its_own_bids_stand_and_nobody_elses(scene: Scene, app: TestApp) -> None:
    one, other = scene.enterprise("Green Chairs Ltd"), scene.enterprise("Other")
    bid = scene.seal(one)
    scene.upload(one, bid)
    mine, english = browser(scene, app, one), {"Accept-Language": "en"}
    assert "NOT YET SUBMITTED" in mine.get("/desk", headers=english)
    scene.submit(one, bid)
    assert "Bid handed in" in mine.get("/desk", headers=english)
    page = browser(scene, app, other).get("/desk", headers=english)
    assert "Bid handed in" not in page
    assert "NOT YET SUBMITTED" not in page


def test_a_key_that_does_not_fit_is_answered_with_a_conflict_and_kept_as_evidence(
    scene: Scene, app: TestApp
) -> None:
    promised_close(scene)
    who = scene.enterprise("Green Chairs Ltd")
    headers, bid = with_key(scene, who), scene.seal(who)
    scene.submit(who, bid)
    scene.close()
    with scene.db() as session:
        tender = session.scalars(select(Tender)).one()
        tender.state, now = "opening", clock.now()
        session.add(Opening(tender_id=tender.id, started_at=now, window_ends_at=now + timedelta(seconds=600)))
    for key, status in ((b"\0" * 32, 409), (bid.keys["opening"], 200)):
        raw = build_bidder_release(bid.manifest, "opening", key)
        body = {"tender": CODE, "release": b64(raw), "cms": b64(who.signer.sign(raw, clock.now()))}
        app.post_json("/api/bids/releases", body, headers=headers, status=status)
    with scene.db() as session:
        assert sorted(session.scalars(select(BidderRelease.matches))) == [False, True]
        types = [e.entry.type for e in entries_of(session, CODE)]
    assert types.count("vault.bidder-released") == 2


def test_a_receipt_is_checked_without_script(scene: Scene, app: TestApp) -> None:
    who = scene.enterprise("Green Chairs Ltd")
    headers = with_key(scene, who)
    answer = hand_in(app, headers, scene.seal(who))
    scene.keep_promises()
    scene.sequence()
    receipt = app.get(answer["receipt"], headers=headers).text
    reader = TestApp(app.app)
    form = next(f for f in reader.get("/receipts/check").forms.values() if "receipt" in f.fields)
    form["receipt"] = receipt
    page = form.submit()
    assert "banner-done" in page
    assert answer["ref"] in page
    altered = json.loads(receipt) | {"seq": 2}
    form["receipt"] = json.dumps(altered)
    assert "banner-done" not in form.submit()
    form["receipt"] = "hello"
    form.submit(status=422)


@pytest.mark.parametrize("pasted", ["[]", "1", "null", '"receipt"', "{}"])
def test_what_is_no_receipt_is_said_to_be_none(app: TestApp, pasted: str) -> None:
    form = next(form for form in app.get("/receipts/check").forms.values() if "receipt" in form.fields)
    form["receipt"] = pasted
    assert form.submit(status=422)


@pytest.mark.parametrize("mode", ["custodian", "dual"])
def test_an_outdated_bid_is_sealed_again_with_one_click(scene: Scene, app: TestApp, mode: str) -> None:
    who = scene.enterprise("Green Chairs Ltd")
    replace_policy(scene, mode)
    scene.submit(who, scene.seal(who))
    replace_policy(scene, mode)
    page = browser(scene, app, who).get(f"/tenders/{CODE}/bid", headers={"Accept-Language": "en"})
    assert "data-bid-reseal-form" in page
    assert "<details" in page, "the form to fill in anew is hidden behind the one click"
