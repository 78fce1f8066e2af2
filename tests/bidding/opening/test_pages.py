"""The opening hall's pages at every stage: what they show, to whom, and what they must not show."""

from __future__ import annotations

import hashlib
import json

import pytest
from pyramid.config import Configurator
from sqlalchemy import select
from webtest import TestApp

from bidding.opening.models import Objection
from bidding.tenders.models import Tender
from tests.bidding.opening.staging import Stage, sheet
from tests.bidding.vault.scene import CODE, Scene
from tests.helpers import hall_user, log_in
from trading import clock
from trading.ledger.service import entries_of

HALL = f"/tenders/{CODE}/opening"
NAMES = ("Alder", "Birch", "Cedar")
PRICES = ("101.00", "102.50", "103.75")


def everything(app: TestApp, manifests: list[str]) -> str:
    """All public text of an opening, at the pages and over JSON."""
    paths = [HALL, f"{HALL}/fragment", "/openings", f"/api{HALL}", f"/live/opening/{CODE}/since/0"]
    paths += [f"{HALL}/record", *(f"{HALL}/bids/{manifest}" for manifest in manifests)]
    answers = [app.get(path, status="*") for path in paths]
    return "".join(answer.text for answer in answers if answer.status_int == 200)


def manifests(stage: Stage) -> list[str]:
    return [bid.manifest.hash.hex() for bid in stage.bids]


def test_before_the_deadline_nothing_tells_who_bids_or_how_many(stage: Stage, app: TestApp) -> None:
    with stage.scene.db() as session:
        stage.tender(session).published_at = clock.now()
    before = everything(app, manifests(stage))
    assert "Who bids, and how many do, is shown to nobody" in before
    assert not any(name in before for name in NAMES)
    assert not any(manifest in before for manifest in manifests(stage))
    size = len(app.get(f"{HALL}/fragment").body)
    events = app.get(f"/live/opening/{CODE}/since/0").json
    stage.bid("Dogwood", sheet("99.00"))
    assert len(app.get(f"{HALL}/fragment").body) == size
    assert app.get(f"/live/opening/{CODE}/since/0").json == events


def test_prices_are_shown_to_nobody_before_every_bid_is_open(stage: Stage, app: TestApp) -> None:
    stage.close()
    stage.release(0)
    stage.release(1)
    host, _ = stage.host(app)
    for reader in (app, host, stage.browser(app, stage.bidders[2])):
        shown = everything(reader, manifests(stage))
        assert all(name in shown for name in NAMES)
        assert not any(price in shown for price in PRICES)
        assert shown.count("Key received") >= 2
    stage.release(2)
    shown = app.get(HALL).text
    assert all(f"¥ {price}" in shown for price in PRICES)


def test_a_price_sheet_that_is_none_keeps_nobody_else_from_being_read_out(scene: Scene, app: TestApp) -> None:
    stage = Stage(scene)
    stage.bid("Alder", sheet("101.00"))
    stage.bid("Birch", b"[" * 20_000)
    stage.bid("Cedar", b'{"opening":{"period_days":1e999,"total":"<script>"}}')
    stage.close()
    for number in range(3):
        stage.release(number)
    shown = app.get(HALL).text
    assert "¥ 101.00" in shown
    assert "<script>" not in shown.split("<main", 1)[1].split("</main>", 1)[0]
    record = json.loads(stage.opening().record or b"")
    assert [row["total"] for row in record["bids"]] == ["101.00", None, None]


def test_the_host_only_signs_and_the_record_is_there_for_everybody(stage: Stage, app: TestApp) -> None:
    stage.close()
    for number in range(3):
        stage.release(number)
    app.get(f"{HALL}/files/record.json", status=404)
    assert "Not signed yet" in app.get(f"{HALL}/record").text
    browser, signer = stage.host(app)
    stage.sign_record(browser, signer)
    assert "signed and published" in app.get(HALL).text
    raw = app.get(f"{HALL}/files/record.json").body
    assert hashlib.sha256(raw).hexdigest() == stage.opening().record_sha256
    assert app.get(f"{HALL}/files/record.p7s").body == stage.opening().record_cms
    assert json.loads(app.get(f"{HALL}/files/outcomes.json").body)["typ"] == "ebid.outcomes"
    page = app.get(f"{HALL}/record").text
    assert all(f"¥ {price}" in page for price in PRICES)
    with stage.scene.db() as session:
        assert stage.tender(session).state == "opened"
        assert [e.entry.type for e in entries_of(session, CODE)][-1] == "opening.recorded"


def test_nobody_but_the_host_is_offered_the_signature(stage: Stage, app: TestApp) -> None:
    stage.close()
    for number in range(3):
        stage.release(number)
    for reader in (app, stage.browser(app, stage.bidders[0])):
        assert "data-sign" not in reader.get(HALL).text
        token = reader.get(HALL).html.find("meta", {"name": "csrf-token"})["content"]
        reader.post(f"{HALL}/record", {"cms": "AA", "csrf_token": token}, status=(401, 403))
    host, _ = stage.host(app)
    assert "data-sign" in host.get(HALL).text
    form = next(form for form in host.get(HALL).forms.values() if "cms" in form.fields)
    form["cms"] = "AAAA"
    assert "error-summary" in form.submit(status=422).text
    assert stage.opening().recorded_at is None


def test_an_objection_is_shown_to_all_and_holds_the_record_back_until_it_is_answered(
    stage: Stage, app: TestApp
) -> None:
    stage.close()
    for number in range(3):
        stage.release(number)
    bidder = stage.browser(app, stage.bidders[1])
    form = next(form for form in bidder.get(HALL).forms.values() if form.action.endswith("/objections"))
    form["text"] = ""
    assert "error-summary" in form.submit(status=422).text
    form["text"] = "The price of Alder was read wrongly"
    form.submit(status=303)
    assert "The price of Alder was read wrongly" in app.get(HALL).text
    host, signer = stage.host(app)
    page = host.get(HALL)
    assert "data-sign" not in page.text
    form = next(form for form in page.forms.values() if "/objections/" in form.action)
    form["text"] = "It is what the bidder sealed"
    form.submit(status=303)
    assert "It is what the bidder sealed" in app.get(HALL).text
    stage.sign_record(host, signer)
    assert "It is what the bidder sealed" in app.get(f"{HALL}/record").text


def test_only_bidders_of_this_tender_can_object(stage: Stage, app: TestApp, config: Configurator) -> None:
    other = stage.scene.enterprise("Outsider")
    stage.close()
    for reader in (stage.browser(app, other), stage.host(app)[0]):
        page = reader.get(HALL)
        assert "Raise an objection" not in page.text
        token = page.html.find("meta", {"name": "csrf-token"})["content"]
        answer = reader.post(f"{HALL}/objections", {"text": "No!", "csrf_token": token}, status=422)
        assert "Only bidders of this tender" in answer.text
    with stage.scene.db() as session:
        assert session.scalars(select(Objection)).all() == []


def test_who_signs_in_stands_in_the_hall_once(stage: Stage, app: TestApp, config: Configurator) -> None:
    regulator = hall_user(config, "regulator")
    stage.close()
    for reader in (stage.browser(app, stage.bidders[0]), stage.host(app)[0], log_in(app, config, regulator)):
        form = next(form for form in reader.get(HALL).forms.values() if form.action.endswith("/attendance"))
        form.submit(status=303)
        form.submit(status=303)
        assert not any(f.action.endswith("/attendance") for f in reader.get(HALL).forms.values())
    side = app.get(HALL).html.find(id="opening-side").text
    assert side.count("Alder has signed in") == 1
    assert "Host" in side
    assert "Regulator" in side


def test_whoever_decrypts_or_signs_the_record_is_signed_in_by_that(stage: Stage, app: TestApp) -> None:
    stage.close()
    for number in range(3):
        stage.release(number)
    stage.sign_record(*stage.host(app))
    side = app.get(HALL).html.find(id="opening-side").text
    assert all(side.count(f"{name} has signed in") == 1 for name in NAMES)
    assert "Host" in side


def test_a_person_without_an_organisation_is_shown_by_the_role(
    stage: Stage, app: TestApp, config: Configurator
) -> None:
    regulator = hall_user(config, "regulator")
    stage.close()
    browser = log_in(app, config, regulator)
    next(form for form in browser.get(HALL).forms.values() if form.action.endswith("/attendance")).submit()
    shown = app.get(HALL).text
    assert "The regulator has signed in" in shown
    assert regulator.name not in shown


def test_fewer_than_three_bidders_are_told_with_the_article_and_not_opened(
    scene: Scene, app: TestApp
) -> None:
    stage = Stage(scene)
    stage.bid("Alder", sheet("101.00"))
    stage.bid("Birch", sheet("102.00"))
    stage.close()
    page = app.get(HALL).text
    assert "Fewer than three have bid" in page
    assert "art. 43" in page
    assert "Alder" not in page
    app.get(f"{HALL}/bids/{manifests(stage)[0]}", status=404)
    with scene.db() as session:
        assert stage.tender(session).state == "failed"


def test_a_wrong_key_is_named_and_the_custodians_open_the_bid_after_the_window(
    stage: Stage, app: TestApp
) -> None:
    stage.close()
    stage.release(0)
    stage.release(1)
    stage.release(2, bytes(32))
    assert "The key does not fit" in app.get(HALL).text
    stage.pass_time(700)
    stage.work()
    assert "custodians open what is still sealed" in app.get(HALL).text
    stage.custodian_releases("custodian-centre")
    shown = app.get(HALL).text
    assert "1 of the 2 custodians needed" in shown
    assert not any(price in shown for price in PRICES)
    stage.custodian_releases("custodian-audit")
    shown = app.get(HALL).text
    assert "by the custodians" in shown
    assert all(price in shown for price in PRICES)
    evidence = app.get(f"{HALL}/bids/{manifests(stage)[2]}").text
    assert "The key does not fit" in evidence
    assert "2 of 3 custodians have released shares" in evidence


def test_a_bid_that_nobody_opens_shows_whose_fault_it_is(stage: Stage, app: TestApp) -> None:
    stage.close()
    stage.release(0)
    stage.release(1)
    stage.pass_time(700)
    stage.work()
    stage.pass_time(3700)
    stage.work()
    page = app.get(HALL).text
    assert "counts as revoked" in page
    assert "103.75" not in page
    evidence = app.get(f"{HALL}/bids/{manifests(stage)[2]}").text
    assert "The bidder gave no key in its window." in evidence


def test_a_thousand_watchers_cost_one_rendering(
    stage: Stage, app: TestApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    from bidding.opening import views

    stage.close()
    rendered = []
    real = views.picture
    monkeypatch.setattr(views, "picture", lambda *given: rendered.append(1) or real(*given))
    first = app.get(f"{HALL}/fragment")
    again = app.get(f"{HALL}/fragment", headers={"If-None-Match": first.headers["ETag"]}, status=304)
    assert again.body == b""
    assert app.get(f"{HALL}/fragment").body == first.body
    assert len(rendered) == 1
    stage.release(0)
    changed = app.get(f"{HALL}/fragment", headers={"If-None-Match": first.headers["ETag"]}, status=200)
    assert "Key received" in changed.text
    assert len(rendered) == 2


def test_the_decrypt_box_is_there_for_the_bidder_until_its_key_has_come(stage: Stage, app: TestApp) -> None:
    stage.close()
    bidder = stage.browser(app, stage.bidders[0])
    page = bidder.get(HALL)
    assert f'data-manifest="{manifests(stage)[0]}"' in page.text
    assert "data-release" not in app.get(HALL).text
    assert "Decrypt your bid" in bidder.get("/desk").text
    before = page.html.find(id="opening-own")["data-live-key"]
    stage.release(0)
    page = bidder.get(HALL)
    assert "Your key has arrived" in page.text
    assert page.html.find(id="opening-own")["data-live-key"] != before
    assert "Decrypt your bid" not in bidder.get("/desk").text


def test_the_hosts_desk_says_what_the_opening_waits_for(stage: Stage, app: TestApp) -> None:
    stage.close()
    host, _ = stage.host(app)
    assert "Bidders decrypt until" in host.get("/desk").text
    for number in range(3):
        stage.release(number)
    assert "Read out: sign the record" in host.get("/desk").text


def test_todays_openings_are_listed_with_their_stage(stage: Stage, app: TestApp) -> None:
    with stage.scene.db() as session:
        stage.tender(session).published_at = clock.now()
    assert "Bids are sealed" in app.get("/openings").text
    stage.close()
    page = app.get("/openings")
    assert "Decryption" in page.text
    page.click(href=HALL)


def test_a_draft_has_no_opening_page(stage: Stage, app: TestApp) -> None:
    with stage.scene.db() as session:
        session.scalars(select(Tender)).one().published_at = None
    for path in (HALL, f"{HALL}/fragment", f"{HALL}/record"):
        app.get(path, status=404)
