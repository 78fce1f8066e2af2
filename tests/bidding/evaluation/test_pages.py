"""The committee's, the buyer's and the bidder's pages, through their forms."""

from __future__ import annotations

import uuid
from typing import Any

from pyramid.config import Configurator
from sqlalchemy import select
from sqlalchemy.orm import Session
from webtest import TestApp, Upload

from bidding.vault.encoding import b64, unb64
from bidding.vault.models import Bid, Outcome, SealPolicy
from bidding.vault.policy import Part
from bidding.vault.service import piece_key
from tests.bidding.evaluation.builders import sheet
from tests.bidding.evaluation.hall import Hall, Program, make_hall
from tests.bidding.evaluation.room import stamp
from tests.bidding.evaluation.test_bidfiles import tar_of
from tests.bidding.evaluation.test_service import CONTRADICTORY
from tests.bidding.vault.support import make_world, seal
from tests.helpers import committed, form_with, log_in
from trading.interfaces import IFileStore

SHEETS = [sheet("10000.00"), sheet("9800.00", claims=["micro-enterprise"]), CONTRADICTORY]
ENGLISH = {"Accept-Language": "en"}


def browser(hall: Hall, config: Configurator, who: Program) -> TestApp:
    found = log_in(hall.app, config, who.user)
    found.set_cookie("hall_locale", "en")
    return found


def room(hall: Hall, path: str = "/evaluation") -> str:
    return f"/tenders/{hall.code}{path}"


def signed(form: Any, who: Program, field: str = "cms") -> Any:
    """What sign.page.js does: a CMS over the bytes that the field names."""
    form[field].force_value(b64(stamp(who.certificate, unb64(form[field].attrs["data-sign-base64"]))))
    return form.submit()


def review(hall: Hall, page: TestApp, who: Program, step: str, **choices: str) -> None:
    form = form_with(page.get(room(hall, f"/evaluation/reviews/{step}")), "all-0")
    for number in range(3):
        form[f"all-{number}"] = "yes"
    for name, value in choices.items():
        form[name.replace("_", "-")] = value
    assert signed(form_with(form.submit(), "raw"), who).status_int == 303


def test_the_buyer_imports_the_list_and_sees_seats_only(app: TestApp, config: Configurator) -> None:
    hall = make_hall(app, config)
    page = browser(hall, config, hall.agent)
    form = form_with(page.get(room(hall)).follow(), "list")
    form["list"] = Upload("list.json", hall.room.list_file())
    shown = form.submit().follow()
    assert "5 members" in shown
    for user in hall.room.people:
        assert user.name not in shown and user.login not in shown


def test_a_wrong_file_is_refused_on_the_page(app: TestApp, config: Configurator) -> None:
    hall = make_hall(app, config)
    form = form_with(browser(hall, config, hall.agent).get(room(hall, "/panel")), "list")
    form["list"] = Upload("list.json", b"names")
    assert "not a list of committee members" in form.submit(status=422)


def test_a_whole_evaluation_goes_through_the_pages(app: TestApp, config: Configurator) -> None:
    hall = make_hall(app, config, SHEETS)
    service_list = hall.room.list_file()
    hall.agent.app.post(f"/api/tenders/{hall.code}/panel", service_list,
                        headers={"Authorization": f"Bearer {hall.agent.key}"})  # fmt: skip
    for member in hall.members[1:]:
        member.post("/panel/sign-in")
    head = hall.members[0]
    page = browser(hall, config, head)
    assert hall.code in page.get("/desk") or "Sign in to the evaluation" in page.get("/desk")
    first = page.get(room(hall))
    assert hall.room.bidders[0].name in first
    assert "Qualification review" in first.forms[1].submit("act", value="sign-in").follow()

    review(hall, page, head, "qualification")
    assert "you have signed" in page.get(room(hall))
    for member in hall.members[1:]:
        member.vote()
    review(
        hall,
        page,
        head,
        "conformity",
        all_1="no",
        vote_1_0="fail",
        reason_1_0="terms differ",
        suspected_0="1",
    )
    for member in hall.members[1:]:
        member.vote()

    bidder = browser(hall, config, hall.bidders[2])
    assert "The committee asks you" in bidder.get("/desk")
    asked = bidder.get(room(hall, "/clarifications"))
    assert "9,500.00" in asked and "the words rule" in asked
    assert signed(form_with(asked, "confirmed"), hall.bidders[2]).status_int == 303

    report = page.get(room(hall, "/evaluation/report"))
    assert "terms differ" in report and "Evaluation price" in report
    form = form_with(report, "dissent_cms")
    form["dissent"] = "I differ."
    form["dissent_cms"].force_value(b64(stamp(head.certificate, b"I differ.")))
    assert signed(form, head).status_int == 303
    for member in hall.members[1:]:
        raw = member.get("/evaluation/report")["raw"]
        member.post("/evaluation/report", {"cms": member.sign(unb64(raw))})
    delivered = page.get(room(hall, "/evaluation/report")).forms[1].submit().follow()
    assert "Delivered" in delivered
    assert "I differ." in browser(hall, config, hall.agent).get(room(hall, "/evaluation/report"))


def test_a_review_without_every_decision_comes_back_with_its_faults(
    app: TestApp, config: Configurator
) -> None:
    hall = make_hall(app, config)
    hall.agent.app.post(f"/api/tenders/{hall.code}/panel", hall.room.list_file(),
                        headers={"Authorization": f"Bearer {hall.agent.key}"})  # fmt: skip
    for member in hall.members:
        member.post("/panel/sign-in")
    page = browser(hall, config, hall.members[0])
    form = form_with(page.get(room(hall, "/evaluation/reviews/qualification")), "all-0")
    form["all-0"] = "yes"
    form["vote-1-0"] = "fail"
    again = form.submit(status=422)
    assert "Write the reason" in again and "Decide on every item" in again
    assert form_with(again, "all-0")["vote-1-0"].value == "fail"


def test_other_peoples_rooms_are_shut(app: TestApp, config: Configurator) -> None:
    hall = make_hall(app, config)
    for who in (hall.bidders[0], hall.members[0]):
        page = browser(hall, config, who)
        page.get(room(hall), status=403)
        page.get(room(hall, "/evaluation/report"), status=403)
    assert "asked you nothing" in browser(hall, config, hall.bidders[0]).get(room(hall, "/clarifications"))


def keep_documents(hall: Hall, config: Configurator) -> str:
    """Give the first bid a stored, sealed documents part; returns the bid's manifest hash."""
    world = make_world(parts=[Part("documents", "opening", 1 << 30, False)])
    sealed = seal(world, {"documents": tar_of({"资格/licence.pdf": b"%PDF licence"})})
    upload = uuid.uuid4()
    store = config.registry.getUtility(IFileStore)
    store.put(piece_key(upload, "documents", 0), sealed.ciphertexts["documents"])

    def change(db: Session) -> str:
        bid = db.scalars(select(Bid).where(Bid.bidder_uscc == hall.room.bidders[0].uscc)).one()
        bid.upload_id, bid.manifest = upload, sealed.manifest_raw
        outcome = db.scalars(select(Outcome).where(Outcome.bid_id == bid.id)).one()
        outcome.stage_key = sealed.keys["opening"]
        db.add(SealPolicy(tender_id=bid.tender_id, version=1, sha256=world.policy.hash.hex(),
                          raw=world.policy.raw, cms=world.cms, signed_at=bid.received_at))  # fmt: skip
        return str(bid.manifest_hash)

    manifest: str = committed(config, change)
    return manifest


def test_a_member_reads_a_bid_and_the_head_asks_about_it(app: TestApp, config: Configurator) -> None:
    hall = make_hall(app, config)
    manifest = keep_documents(hall, config)
    hall.agent.app.post(f"/api/tenders/{hall.code}/panel", hall.room.list_file(),
                        headers={"Authorization": f"Bearer {hall.agent.key}"})  # fmt: skip
    for member in hall.members:
        member.post("/panel/sign-in")
    page = browser(hall, config, hall.members[0])
    bid = page.get(room(hall, f"/evaluation/bids/{manifest}"))
    assert "9,000.00" in bid and "资格/licence.pdf" in bid
    file = bid.click("licence.pdf")
    assert file.body == b"%PDF licence"
    assert file.headers["Content-Disposition"] == "attachment; filename*=UTF-8''licence.pdf"
    whole = hall.app.get(f"/api/tenders/{hall.code}/evaluation/bids/{manifest}/documents",
                         headers={"Authorization": f"Bearer {hall.members[1].key}"})  # fmt: skip
    assert whole.body.startswith("资格/licence.pdf".encode())
    form = form_with(bid, "text")
    form["text"] = "Which model do you offer?"
    assert "Which model do you offer?" in form.submit().follow()
    assert "Which model do you offer?" in browser(hall, config, hall.bidders[0]).get(
        room(hall, "/clarifications")
    )
    others = browser(hall, config, hall.members[1]).get(bid.request.path)
    assert not any("text" in form.fields for form in others.forms.values())
