"""A lottery over the pages, from an application for the roster to a grade: firm, office, regulator, owner, citizen."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from pyramid.config import Configurator
from webtest import TestApp, Upload

from bidding.lottery import awarding, listing, works
from bidding.lottery.models import SmallWorks
from bidding.roster import law, service
from bidding.vault.encoding import b64, unb64
from expert_pool.experts import sheet
from tests.bidding.lottery import scene as scenes
from tests.helpers import committed, form_with, hall_party, hall_user, log_in, valid_code
from tests.tenders import demo_ca, signer_of
from trading import clock
from trading.accounts.models import User
from trading.ledger import canonical
from trading.outbox import deliver
from trading.parties import service as parties
from trading.permissions import Role

PICTURES = os.environ.get("TRADEHALL_PAGES")
"""A folder to keep the pages in, for whoever wants to look at them."""
PAPER = Upload("依据.pdf", b"%PDF paper", "application/pdf")


class Story:
    """Everybody signed in, each with a browser of their own."""

    def __init__(self, app: TestApp, config: Configurator) -> None:
        self.config, self.public = config, TestApp(app.app)
        self.owner = hall_party(config, "示例镇人民政府", kind="public-body")
        self.firm_party = hall_party(config, "新申请建设公司", uscc=valid_code(690))
        owner = hall_user(config, Role.TENDERER, party=self.owner)
        firm = hall_user(config, Role.BIDDER, party=self.firm_party)
        self.signer = committed(config, lambda db: signer_of(db, config.registry, db.get(User, owner.id)))
        self.buyer, self.firm = log_in(app, config, owner), log_in(app, config, firm)
        self.office = log_in(app, config, hall_user(config, Role.ROSTER_OFFICER))
        self.regulator = log_in(app, config, hall_user(config, Role.REGULATOR))

    def send(self, browser: TestApp, page: str, field: str, status: int = 303, **values: Any) -> Any:
        """Fill and send the form of a page that has `field`."""
        form = next(form for form in browser.get(page).forms.values() if field in form.fields)
        for name, value in values.items():
            form[name] = value
        answer = form.submit(status=status)
        return answer.follow() if status == 303 else answer

    def go(self, **ahead: float) -> None:
        """Some time later; the worker keeps what is due, the authority renews its lists."""
        scenes.run_until(clock.now() + timedelta(**ahead))
        registry = self.config.registry
        demo_ca(registry).export_trust(Path(registry.settings["signatures.folder"]))
        topics = ("works.freeze",)
        handlers = {topic: registry["handlers"][topic] for topic in topics}
        others = {topic: lambda *_: None for topic in registry["handlers"] if topic not in topics}
        deliver(registry["sessions"], registry, others | handlers)

    def sign(self, browser: TestApp, page: str, field: str) -> Any:
        """Sign what a page offers, as its script does."""
        form = form_with(browser.get(page), field)
        raw = offered_bytes(form, field)
        form[field] = b64(self.signer.sign(raw, clock.now()))
        return form.submit(status=303).follow()


def offered_bytes(form: Any, field: str) -> bytes:
    return unb64(form.fields[field][0].attrs["data-sign-base64"])


def keep(name: str, page: Any) -> None:
    if PICTURES:
        (Path(PICTURES) / f"{name}.html").write_bytes(page.body)


@pytest.fixture
def story(app: TestApp, config: Configurator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Story:
    monkeypatch.setenv(clock.CLOCK_FILE, str(tmp_path / "clock"))
    law.book_of.cache_clear()
    return Story(app, config)


def test_from_an_application_to_a_grade_over_the_pages(story: Story) -> None:
    firms_come_in(story)
    code = the_works_are_announced(story)
    the_list_is_frozen(story, code)
    the_award_and_what_follows(story, code)


def firms_come_in(story: Story) -> None:
    refused = story.send(story.firm, "/roster/own", "account", 422, trade="municipal", band="500000-2000000")
    assert "缺少有效证照" in refused.text
    for kind in ("licence", "qualification", "safety"):
        story.send(
            story.firm, "/roster/own", "kind", kind=kind, number=f"No-{kind}", valid_from="2026-01-01",
            valid_until="2029-12-31", evidence=PAPER,
        )  # fmt: skip
    story.send(story.firm, "/roster/own", "account", trade="municipal", band="500000-2000000")
    desk = story.office.get("/desk")
    assert "审核入库申请" in desk.text
    examined = "/roster/office/firms/R000001"
    bare = story.send(story.office, examined, "act", 422, act="announce", reason="材料齐全")
    assert "field-fault" in bare.text
    story.send(story.office, examined, "act", act="announce", reason="材料齐全有效", evidence=PAPER)
    story.send(story.regulator, "/roster/firms/R000001", "text", text="该企业与某企业为同一控制人")
    early = story.send(story.office, examined, "act", 422, act="admit", reason="公示期满", evidence=PAPER)
    assert "公示期至" in early.text and "有异议尚未答复" in early.text
    story.send(story.office, examined, "answer", answer="经核查不属实")
    story.go(days=6)
    story.send(story.office, examined, "act", act="admit", reason="公示期满无异议", evidence=PAPER)
    rows = [scenes.cells(number) for number in range(1, 6)]
    wrong = sheet.write(scenes.HEADING, [*rows, scenes.cells(6, band="9-10", safety_until="soon")])
    look = {"sheet": Upload("名录.xlsx", wrong), "reason": "首批入库", "evidence": PAPER}
    page = story.send(story.office, "/roster/office/import", "sheet", 200, **look)
    assert "安全生产许可证有效期至" in page.text and form_with(page, "basis").submit(
        "act", value="all", status=422
    )
    form_with(page, "basis").submit("act", value="good", status=303)
    found = story.public.get("/roster")
    keep("roster", found)
    assert found.text.count("示例建设") == 5 and "新申请建设公司" in found.text
    public = story.public.get("/roster/firms/R000001")
    keep("firm", public)
    assert "材料齐全有效" in public.text and "经核查不属实" in public.text and "同一控制人" not in public.text
    story.office.post("/roster/office/publish", {"csrf_token": form_with(story.office.get("/roster/office"), "org")["csrf_token"].value}, status=303)  # fmt: skip


def the_works_are_announced(story: Story) -> str:
    offered = story.buyer.get("/small-works/new")
    assert "不能选择摇号方式" in offered.text and 'value="two-step"' not in offered.text
    story.send(
        story.regulator, "/small-works/rules", "number", name="小型工程管理办法", number="示府办〔2026〕1号",
        since="2026-01-01", evidence=PAPER,
    )  # fmt: skip
    values = scenes.form(story.config.registry, clock.now())
    form = form_with(story.buyer.get("/small-works/new"), "scope")
    for name, value in (values | {"estimate": "4,500,000.00"}).items():
        form[name] = value
    page = form.submit(status=303).follow()
    keep("gates", page)
    assert "第一(二)条" in page.text and "招标投标法 第4条" in page.text and "签名并发布" not in page.text
    code = str(page.request.path).rsplit("/", 1)[1]
    form = form_with(story.buyer.get(f"/small-works/{code}/edit"), "scope")
    form["estimate"] = "1800000"
    page = form.submit(status=303).follow()
    story.public.get(f"/small-works/{code}", status=404)
    story.sign(story.buyer, f"/small-works/{code}", "notice_cms")
    assert "人民路路面维修" in story.firm.get("/desk").text
    return code


def the_list_is_frozen(story: Story, code: str) -> None:
    page = story.firm.get(f"/small-works/{code}")
    keep("works-firm", page)
    excluded = scenes.valid_code(scenes.FIRST + 3)
    story.send(
        story.regulator, "/roster/office", "org", org=excluded, decision="示罚〔2026〕7号", ground="围标串标行为",
        since="2026-01-01", until="2028-12-31", evidence=PAPER,
    )  # fmt: skip
    story.send(story.firm, f"/small-works/{code}", "reason", reason="人手不足，本次不参加")
    story.go(days=5)
    balls = story.public.get(f"/small-works/{code}/balls")
    keep("balls", balls)
    assert "名单已冻结" in balls.text and "示罚〔2026〕7号" in balls.text and "冻结前声明放弃" in balls.text
    raw = story.public.get(f"/small-works/{code}/balls.json").json
    assert [row["excluded"] for row in raw["balls"]] == ["declined", "", "", "excluded", "", ""]

    def draws(db: Any) -> None:
        small = works.by_code(db, code, lock=True)
        for step, order in (("finalists", (5, 1, 4)), ("order", (4, 5, 1))):
            ids = [valid_code(scenes.FIRST + number) for number in order]
            awarding.drawn(db, story.config.registry, small, step, ids)

    committed(story.config, draws)


def the_award_and_what_follows(story: Story, code: str) -> None:
    page = f"/small-works/{code}"
    assert "示例建设4公司" in story.public.get(page).text
    story.go(days=4)
    story.sign(story.buyer, page, "award_cms")
    wrong = story.send(story.buyer, page, "signed_on", 422, price="1", signed_on="2020-01-01")
    assert wrong.text.count("field-fault") == 3
    today = scenes.beijing_day()
    story.send(
        story.buyer, page, "signed_on", price="1750000", signed_on=today, file=Upload("合同.pdf", b"%PDF")
    )
    story.send(story.buyer, page, "score", completed_on=today, score="61", reason="工期延误、返工两处")
    keep("works-done", story.public.get(page))
    public = story.public.get("/roster", {"q": "示例建设4公司"}).click("R00000")
    assert (
        "工期延误、返工两处" in public.text
        and "C级" in public.text
        and "未发现" in story.public.get(page).text
    )
    the_programs_read_the_same(story, code)
    the_office_sees_what_is_worth_a_look(story, code)


def the_office_sees_what_is_worth_a_look(story: Story, code: str) -> None:
    """Three firms that applied from one address and browser in one minute; one that came first in three of five draws of
    ten: figures, and no verdict."""
    keys = story.config.registry["keys"]
    marks = {"address": "192.0.2.9", "device": "ab" * 16, "payer": "", "minute": "2026-11-23T01:02"}

    def flood(db: Any) -> None:
        for number in (1, 2, 3):
            for firm in service.of_party(db, parties.by_code(db, valid_code(scenes.FIRST + number)).id):
                firm.sealed = keys.seal(canonical.dumps(marks), f"roster_firm/{firm.id}")
        done = works.by_code(db, code)
        ids = [valid_code(scenes.FIRST + number) for number in range(1, 11)]
        balls = [vars(listing.Ball(org, org, place)) for place, org in enumerate(ids, start=1)]
        for place, first in enumerate((3, 3, 3, 4, 5)):
            row = {column.name: getattr(done, column.name) for column in SmallWorks.__table__.columns}
            row |= {
                "id": uuid4(), "code": f"{code[:-1]}{place + 2}", "method": "one-step", "state": "completed",
                "balls_raw": canonical.dumps({"balls": balls}), "drawn": {"winner": [ids[first - 1]]},
            }  # fmt: skip
            db.add(SmallWorks(**row))

    committed(story.config, flood)
    page = story.office.get("/roster/office")
    keep("office", page)
    keep("credit", story.office.get("/credit"))
    for told in (
        "3家企业：同一网络地址或经营地址",
        "3家企业：同一浏览器",
        "3家企业：同一分钟",
        "5次摇号3次第一",
        "0.00856",
        "不是结论",
    ):
        assert told in page.text, told
    assert "192.0.2.9" not in page.text


def the_programs_read_the_same(story: Story, code: str) -> None:
    told = story.public.get(f"/api/small-works/{code}").json
    assert (told["state"], told["way"], told["balls"]["left_out"]) == ("completed", "roster", 2)
    assert [turn["state"] for turn in told["turns"]] == ["contracted"] and told["turns"][0][
        "price"
    ] == "1750000.00"
    assert [each["works"] for each in story.public.get("/api/small-works").json["works"]] == [code]
    firms = story.public.get("/api/roster", {"q": "示例建设3公司"}).json["firms"]
    assert [each["bar"]["code"] for each in firms] == ["excluded"]
    number = firms[0]["firm"]
    firm = story.public.get(f"/api/roster/firms/{number}").json
    decided = firm["exclusions"][0]
    assert (decided["decision"], decided["since"], decided["until"]) == (
        "示罚〔2026〕7号",
        "2026-01-01",
        "2028-12-31",
    )
    assert {change["act"] for change in firm["changes"]} == {"import", "excluded"}
    page = story.public.get(f"/roster/firms/{number}").text
    assert all(
        text in page for text in ("示罚〔2026〕7号", "2026-01-01", "2028-12-31", "首批入库", "围标串标行为")
    )
    story.public.get("/api/roster/firms/R999999", status=404)
    story.public.get("/api/small-works/A00", status=404)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_public_pages_tell_the_four_amounts_and_the_rules(app: TestApp, language: str) -> None:
    headers = {"Accept-Language": language}
    page = app.get("/small-works/routing", headers=headers)
    keep(f"routing-{language}", page)
    for amount in ("3,999,999.99", "4,000,000.00", "4,999,999.99", "5,000,000.00"):
        assert amount in page.text
    asked = app.get("/small-works/routing", {"estimate": "4500000", "investment": "90000000", "public_funds": "1"}, headers=headers)  # fmt: skip
    assert ("不属于必须招标的情形" if language == "zh" else "does not make a tender mandatory") in asked.text
    chinese = language == "zh"
    way = {
        "tender": '→ <span class="state state-wait">招标' if chinese else "formal tender",
        "roster": "承包商名录" if chinese else "roster of contractors",
    }
    for what, amount, goes, article in (
        ("works", "3999999.99", "roster", "4,000,000"), ("works", "4,000,000.00", "tender", "4,000,000"),
        ("works", "4999999.99", "tender", "4,000,000"), ("works", "5000000", "tender", "5,000,000"),
        ("goods", "1999999.99", "roster", "2,000,000"), ("goods", "2000000", "tender", "2,000,000"),
        ("services", "999999.99", "roster", "1,000,000"), ("services", "1000000", "tender", "1,000,000"),
    ):  # fmt: skip
        asked = app.get("/small-works/routing", {"estimate": amount, "object": what}, headers=headers)
        card = asked.text.split("<section", 2)[1]
        assert way[goes] in card and article in card, (what, amount)
        refused = "招标投标法" if chinese else "Tendering and Bidding Law"
        assert (refused in card) == (goes == "tender"), (what, amount)
    for wrong in ("1e7", "-1", "1.234", "many", "", "1,80,00", "180万"):
        asked = app.get("/small-works/routing", {"estimate": wrong}, headers=headers, status=200)
        assert "field-fault" in asked.text and "1e+" not in asked.text.lower()
        words = "金额" if chinese else "mount"
        assert not wrong or words in asked.text.split("error-summary", 1)[1][:900], wrong
    for path in ("/roster/rules", "/small-works/rules", "/credit", "/small-works", "/roster"):
        app.get(path, headers=headers, status=200)
