"""One application over the pages: filed with a gap, told once, accepted, sealed, checked by a stranger; and whose doors are shut."""

from __future__ import annotations

import re
from pathlib import Path

from pyramid.config import Configurator
from webtest import TestApp, Upload

from plugins.approval_hall import cases
from plugins.approval_hall.handling import deciding, service
from plugins.approval_hall.intake import service as intake
from plugins.approval_hall.models import HallRefusal
from tests.helpers import form_with, hall_party, hall_user, log_in
from tests.plugins.approval_hall.scene import Scene, form_of

PDF = b"%PDF-1.7 a paper\n"


def paper() -> Upload:
    return Upload("paper.pdf", PDF, "application/pdf")


def test_an_application_from_the_guide_to_a_decision_that_a_stranger_checks(
    app: TestApp, config: Configurator, tmp_path: Path
) -> None:
    scene = Scene(config, tmp_path)
    assert app.get("/hall").text.count("/hall/items/project-approval") >= 2
    disclosed = app.get("/api/hall/items/project-approval").json
    assert all(
        disclosed[name]
        for name in ("content", "basis", "conditions", "materials", "flow", "promised", "fee", "result")
    )
    assert "<svg" in app.get("/hall/items/project-approval/public.svg").text
    applicant, number = filed(app, scene)
    clerk = log_in(app, config, scene.people["clerk"])
    assert number in clerk.get("/hall/window")
    page = clerk.get(f"/hall/cases/{number}")
    token = form_with(page, "wrong-land")["csrf_token"].value

    def post(browser: TestApp, act: str, **fields: object) -> int:
        return int(
            browser.post(
                f"/hall/cases/{number}/{act}", {"csrf_token": token, **fields}, status="*"
            ).status_int
        )

    assert [post(clerk, act) for act in ("save", "submit", "promise")] == [404] * 3
    own = form_with(applicant.get(f"/hall/cases/{number}"), "promise_cms")["csrf_token"].value
    # a file of one's own is no sheet that was signed at the window
    assert post(applicant, "promise", scan=paper(), csrf_token=own) == 422
    assert post(clerk, "accept") == 422
    assert post(clerk, "tell") == 303
    form = form_with(applicant.get(f"/hall/cases/{number}"), "material-water")
    form["material-water"] = paper()
    assert form.submit().status_int == 303
    assert post(clerk, "tell", **{"wrong-land": "附图"}) == 422
    assert [row.what for row in scene.read(lambda db: db.query(HallRefusal).all())] == ["told-twice"]
    config.registry.settings["approval_hall.addresses"] = "192.0.2.0/24"
    assert post(clerk, "accept") == 403
    assert scene.entries(number)[-1] == ("hall.address-refused", {"act": "accept", "case": number})
    config.registry.settings["approval_hall.addresses"] = ""
    assert post(clerk, "accept") == 303
    for step in ("planning", "environment", "water", "defence"):
        scene.act(f"{step}-A", service.end_step, number, step, "passed", "同意")
    officer = log_in(app, config, scene.people["development-A"])
    assert number in officer.get("/hall/queue")
    officer_form = form_with(officer.get(f"/hall/cases/{number}"), "opinion")
    assert officer_form.submit("outcome", value="passed").status_int == 303
    head = log_in(app, config, scene.people["head"])
    assert form_with(head.get(f"/hall/cases/{number}"), "outcome").submit().status_int == 303
    assert form_with(clerk.get(f"/hall/cases/{number}"), "file").submit(status="*").status_int == 422
    form = form_with(clerk.get(f"/hall/cases/{number}"), "file")
    form["file"] = paper()
    assert form.submit().status_int == 303
    checked_by_a_stranger(app, applicant, number)
    assert scene.read(lambda db: cases.find(db, number).state) == "closed"


def filed(app: TestApp, scene: Scene) -> tuple[TestApp, str]:
    """The enterprise hands an application in without its paper about water; its browser and the number."""
    applicant = log_in(app, scene.config, scene.people["applicant"])
    form = form_with(applicant.get("/hall/items/project-approval/apply"), "title")
    form["title"] = "示例小学"
    for key, value in form_of(scene).items():
        form[key] = value
    for key in ("application", "land", "environment"):
        form[f"material-{key}"] = paper()
    number = form.submit("act", value="submit").location.rpartition("/")[2]
    assert "示例小学" in applicant.get(f"/hall/cases/{number}")
    stranger = hall_user(scene.config, "bidder", party=hall_party(scene.config, "另一家公司"))
    other = log_in(app, scene.config, stranger)
    assert other.get(f"/hall/cases/{number}", status="*").status_int == 403
    assert other.get("/hall/window", status="*").status_int == 403
    return applicant, number


def checked_by_a_stranger(app: TestApp, applicant: TestApp, number: str) -> None:
    """The decision's PDF as it was issued, and with one byte changed."""
    links = re.findall(r"/hall/issued/[0-9a-f]+\.pdf", applicant.get(f"/hall/cases/{number}").text)
    pdf = applicant.get(links[-1]).body
    assert app.get(links[-1], status="*").status_int in (302, 303, 403)
    token = links[-1].split("/")[-1].removesuffix(".pdf")
    for data, mark in ((pdf, '"hall-verdict"'), (pdf[:-1] + b"X", '"hall-verdict forged"')):
        form = form_with(app.get(f"/hall/check/{token}"), "file")
        form["file"] = Upload("decision.pdf", data)
        assert mark in form.submit().text
    assert app.get("/hall/check/0000", status="*").status_int == 404


def test_a_commitment_is_taken_in_inspected_and_revoked_over_the_pages(
    app: TestApp, config: Configurator, tmp_path: Path
) -> None:
    scene = Scene(config, tmp_path, "food-permit")
    assert "可告知承诺" in app.get("/hall/items/food-permit")
    clerk, officer, head = (log_in(app, config, scene.people[name]) for name in ("clerk", "market-A", "head"))
    form = form_with(clerk.get("/hall/items/food-permit/apply"), "uscc")
    form["uscc"], form["title"], form["place"] = scene.party.uscc, "示例餐饮", "示例路 2 号"
    form["material-form"] = paper()
    number = form.submit("act", value="submit").location.rpartition("/")[2]
    own = form_with(
        log_in(app, config, scene.people["applicant"]).get(f"/hall/cases/{number}"), "commitment_cms"
    )
    assert own["csrf_token"].value, "online it is signed with a certificate"

    def send(browser: TestApp, field: str, upload: str = "", **said: str) -> int:
        form = form_with(browser.get(f"/hall/cases/{number}"), field)
        for name, value in said.items():
            form[name] = value
        if upload:
            form[upload] = paper()
        return int(form.submit(status="*").status_int)

    assert send(clerk, "commitment") == 422
    assert send(clerk, "commitment", "commitment") == 303
    scene.act("clerk", intake.accept, number)
    scene.act("market-A", service.end_step, number, "decide", "passed", "同意")
    scene.act("head", deciding.decide, number, "approved")
    assert number in officer.get("/hall/queue")
    assert send(officer, "record", opinion="未建立制度") == 422
    assert send(officer, "record", "record", opinion="未建立制度", outcome="broken") == 303
    page = head.get(f"/hall/cases/{number}")
    assert "未建立制度" in page
    form = next(each for each in page.forms.values() if each.action.endswith("/revoke"))
    form["words"] = "承诺不实"
    assert form.submit().status_int == 303
    assert scene.read(lambda db: cases.find(db, number).state) == "revoked"
    manager = log_in(app, config, scene.people["manager"])
    assert form_with(manager.get("/hall/manage"), "reason").submit(status="*").status_int == 422
    form = form_with(manager.get("/hall/manage"), "reason")
    form["reason"] = "市政府第 13 号决定"
    assert "市政府第 13 号决定" in form.submit().follow()
    assert "事项清单" in manager.get("/hall/statistics")
