"""The tender's pages and JSON interface, through the whole hall."""

from __future__ import annotations

from datetime import timedelta

import pytest
from pyramid.config import Configurator
from sqlalchemy.orm import Session
from webtest import TestApp

from bidding.tenders import drafts, service
from bidding.vault.encoding import b64, unb64
from tests import tenders
from tests.helpers import committed, hall_party, hall_user, log_in
from trading.clock import now
from trading.ledger.service import entries_of


@pytest.fixture
def buyers(config: Configurator) -> tenders.Buyers:
    """An agency's agent who can sign, and the purchaser."""
    made: tenders.Buyers = committed(config, lambda db: tenders.make_buyers(db, config.registry))
    return made


@pytest.fixture
def agent(app: TestApp, config: Configurator, buyers: tenders.Buyers) -> TestApp:
    """The agent's browser."""
    return log_in(app, config, buyers.agent)


@pytest.fixture
def published(config: Configurator, buyers: tenders.Buyers) -> str:
    """The code of a published tender."""
    code: str = committed(config, lambda db: tenders.published_tender(db, config.registry, buyers).code)
    return code


def deliver(config: Configurator, code: str) -> None:
    committed(config, lambda db: tenders.deliver_keys(db, config.registry, service.find(db, code)))


def draft_by_page(agent: TestApp, buyers: tenders.Buyers) -> str:
    """The agent chooses a template, names the purchaser, saves; returns the code."""
    form = agent.get("/tenders/new").forms["tender-form"]
    form["tenderer"] = buyers.purchaser.uscc
    response = form.submit(status=303)
    return str(response.location.split("/")[-2])


def test_an_agent_publishes_from_a_template_through_the_pages(
    agent: TestApp, config: Configurator, buyers: tenders.Buyers
) -> None:
    code = draft_by_page(agent, buyers)
    waiting = agent.get(f"/tenders/{code}/preview")
    assert "等待密钥保管方" in waiting and f"/tenders/{code}/publish" not in waiting
    deliver(config, code)
    assert f"/tenders/{code}/publish" in agent.get(f"/tenders/{code}/preview")
    form = agent.get(f"/tenders/{code}/publish").forms["sign-form"]
    for name in ("notice_cms", "policy_cms"):
        data = unb64(form[name].attrs["data-sign-base64"])
        form[name].force_value(b64(buyers.signer.sign(data, now())))
    page = form.submit(status=303).follow()
    assert "距投标截止" in page


def test_a_program_drafts_signs_and_publishes(
    agent: TestApp, config: Configurator, buyers: tenders.Buyers
) -> None:
    token = agent.get("/tenders/new").forms["tender-form"]["csrf_token"].value
    headers = {"X-CSRF-Token": token}
    made = agent.post_json(
        "/api/tenders", {"tenderer": buyers.purchaser.uscc}, headers=headers, status=201
    ).json
    code = made["tender"]
    assert agent.get(f"/api/tenders/{code}/publish").json["documents"] is None
    deliver(config, code)
    offered = agent.get(f"/api/tenders/{code}/publish").json
    assert offered["ready"] and [f for f in offered["findings"] if f["blocks"]] == []
    body = {
        f"{name}_cms": b64(buyers.signer.sign(unb64(document["data"]), now()))
        for name, document in offered["documents"].items()
    }
    answer = agent.post_json(f"/api/tenders/{code}/publish", body, headers=headers).json
    assert answer["state"] == "published" and answer["policy"] == offered["documents"]["policy"]["sha256"]


def test_a_draft_is_seen_by_its_buyers_only(
    app: TestApp, agent: TestApp, config: Configurator, buyers: tenders.Buyers
) -> None:
    code = draft_by_page(agent, buyers)
    stranger = log_in(app, config, hall_user(config, "agent", party=hall_party(config)))
    for browser in (TestApp(app.app), stranger):
        browser.get(f"/tenders/{code}", status=404)
        browser.get(f"/api/tenders/{code}", status=404)
    stranger.get(f"/tenders/{code}/preview", status=403)
    stranger.get(f"/tenders/{code}/publish", status=403)
    agent.get(f"/tenders/{code}").follow(status=200)


def test_a_refused_plan_can_be_set_aside_by_the_purchasers_officer_not_by_the_agent(
    app: TestApp, agent: TestApp, config: Configurator, buyers: tenders.Buyers
) -> None:
    form = agent.get("/tenders/new").forms["tender-form"]
    form["tenderer"], form["deadline"] = buyers.purchaser.uscc, "2026-01-05T09:30"
    preview = form.submit(status=303).follow()
    path = preview.request.path
    assert "政府采购法 第35条" in preview and "override" not in preview
    officer = log_in(app, config, hall_user(config, "tenderer", party=buyers.purchaser))
    answer = officer.get(path).forms
    form = next(each for each in answer.values() if each.action.endswith("/overrides"))
    form["reason"] = "too short"
    assert "问题" in form.submit(status=422)
    form["reason"] = "Urgent: flood damage, decision 12 of the bureau"
    assert "放行" in form.submit(status=303).follow()
    fields = {"csrf_token": form["csrf_token"].value, "finding": form["finding"].value, "reason": "r" * 20}
    agent.post(form.action, fields | {"csrf_token": csrf(agent)}, status=403)


def csrf(browser: TestApp) -> str:
    return str(browser.get("/tenders/new").forms["tender-form"]["csrf_token"].value)


def test_a_form_with_faults_keeps_what_was_typed(agent: TestApp) -> None:
    form = agent.get("/tenders/new").forms["tender-form"]
    form["title"], form["budget"], form["tenderer"] = "新的课桌椅", "0", "nobody"
    page = form.submit(status=422)
    again = page.forms["tender-form"]
    assert again["title"].value == "新的课桌椅" and again["budget"].value == "0"
    assert [field.value for field in again.fields["item_name"]][:3] == [
        field.value for field in form.fields["item_name"]
    ][:3]
    again["budget"] = "2400000"
    assert "没有以此代码或者名称登记的单位" in again.submit(status=422)


def test_a_scored_tender_is_drafted_by_page_and_its_weights_are_checked_while_typing(
    agent: TestApp, buyers: tenders.Buyers
) -> None:
    form = agent.get("/tenders/new?template=office-air-conditioning").forms["tender-form"]
    assert "权重合计：100 / 100" in form.text and "至少 30" in form.text
    form["tenderer"] = buyers.purchaser.uscc
    form.set("criterion_weight", "25", index=0)
    checked = agent.post("/tenders/check", form.submit_fields())
    assert "90 / 100" in checked and "财政部令第87号 第55条" in checked
    refused = form.submit(status=422)
    assert "第55条" in refused and "能效、噪声" in refused
    form.set("criterion_weight", "35", index=0)
    preview = form.submit(status=303).follow()
    assert "综合评分法" in preview and "T1-performance" in preview and "能效、噪声" in preview


def test_forbidden_words_are_marked_while_typing_and_mended_with_one_click(
    agent: TestApp, buyers: tenders.Buyers
) -> None:
    form = agent.get("/tenders/new").forms["tender-form"]
    assert "未发现" in form.text and "条款库" in form.text
    form["tenderer"] = buyers.purchaser.uscc
    form["qualification"] = "1. 提供营业执照。\n2. 注册资本不低于 500 万元。"
    checked = agent.post("/tenders/check", form.submit_fields())
    assert "<mark>注册资本</mark>不低于 500 万元" in checked and "财政部令第87号 第17条" in checked
    assert checked.html.find(id="lint")["hx-swap-oob"] == "true"
    preview = form.submit(status=303).follow()
    assert "<mark>注册资本</mark>" in preview and "state-bad" in preview
    button = checked.html.find("button", attrs={"name": "clause"})
    mended = agent.post("/tenders/new", [*form.submit_fields(), ("clause", button["value"])])
    assert "2. 具有履行合同所需的设备" in mended and "未发现" in mended
    taken = agent.post("/tenders/new", [*form.submit_fields(), ("clause", "training@technical")])
    assert "7. 交付后免费培训" in taken


def test_everybody_reads_the_board_the_notice_and_the_tender(app: TestApp, published: str) -> None:
    board = app.get("/")
    assert "市属中小学教学计算机采购项目" in board and published in board
    notice = board.click("市属中小学教学计算机采购项目")
    assert "第一章" not in notice and "预算金额 2,400,000.00元" in notice
    raw, cms = app.get(notice.request.path + "/notice.json"), app.get(notice.request.path + "/notice.p7s")
    assert raw.json["tender"] == published and cms.content_type == "application/pkcs7-signature"
    tender = notice.click("招标文件、投标和项目进展")
    assert raw.json["policy"] in tender and raw.json["documents"] in tender
    english = app.get("/", headers={"Accept-Language": "en"})
    assert "Computers for teaching in municipal schools" in english
    assert app.get("/api/notices").json["notices"][0]["body"] == raw.json
    assert "没有符合条件的公告" in app.get("/?q=no+such+thing&page=x")


def test_a_draft_left_to_the_template_is_edited_and_an_unknown_template_is_refused(
    agent: TestApp, buyers: tenders.Buyers
) -> None:
    form = agent.get("/tenders/new?template=office-air-conditioning").forms["tender-form"]
    form["tenderer"], form["low_mean"], form["outlier_ratio"] = buyers.purchaser.uscc, "", ""
    edited = agent.get(form.submit(status=303).location.replace("/preview", "/edit")).forms["tender-form"]
    assert edited["low_mean"].value == "" and edited.submit(status=303)
    token = form["csrf_token"].value
    agent.post("/tenders/check", {"csrf_token": token, "template": "no-such"}, status=422)


def test_everybody_reads_the_criteria_of_a_scored_tender(
    app: TestApp, config: Configurator, buyers: tenders.Buyers
) -> None:
    def publish(db: Session) -> str:
        values = drafts.initial_values(config.registry, "office-air-conditioning", now())
        return tenders.published_tender(db, config.registry, buyers, **values | {"tenderer": ""}).code

    code = committed(config, publish)
    page = app.get(f"/tenders/{code}")
    assert "综合评分法" in page and "T2-delivery-plan" in page and "最低评标价法" not in page
    english = app.get("/locale/en", params={"back": f"/tenders/{code}"}).follow()
    assert "Comprehensive scoring" in english and "Delivery and installation plan" in english
    facts = app.get(f"/api/tenders/{code}").json
    assert facts["method"] == "comprehensive-scoring" and facts["criteria"][0]["weight"] == "35"


def test_a_signature_that_is_not_base64_is_refused_in_words(
    agent: TestApp, config: Configurator, buyers: tenders.Buyers
) -> None:
    code = draft_by_page(agent, buyers)
    deliver(config, code)
    form = agent.get(f"/tenders/{code}/publish").forms["sign-form"]
    form["notice_cms"].force_value("@@@")
    form["policy_cms"].force_value("@@@")
    page = form.submit(status=422)
    assert "签名不是 base64url 编码" in page and "sign-form" in page.forms


def test_documents_are_free_and_who_took_them_is_closed_until_the_deadline(
    app: TestApp, agent: TestApp, config: Configurator, published: str
) -> None:
    page = app.get(f"/tenders/{published}")
    file = page.click("招标文件（PDF）")
    assert file.body.startswith(b"%PDF") and file.content_type == "application/pdf"
    app.get(f"/tenders/{published}/documents/other.pdf", status=422)
    assert "投标截止前" in agent.get(f"/tenders/{published}/downloads", status=422)

    def pass_the_deadline(db: Session) -> None:
        service.find(db, published).deadline = now() - timedelta(seconds=1)

    committed(config, pass_the_deadline)
    log = agent.get(f"/tenders/{published}/downloads")
    assert "tender-document.pdf" in log and "未登录" in log
    trail = committed(config, lambda db: [each.entry.type for each in entries_of(db, published)])
    assert trail[-1] == "confidential.viewed" and trail.count("confidential.viewed") == 1
    app.get(f"/tenders/{published}/downloads", status=303)


def test_the_desk_shows_drafts_and_tenders(agent: TestApp, buyers: tenders.Buyers, published: str) -> None:
    draft_by_page(agent, buyers)
    desk = agent.get("/desk")
    assert "草稿" in desk and "接收投标至" in desk and f"/tenders/{published}" in desk


def test_the_form_shows_the_dates_and_weights_of_the_chosen_method_while_it_is_filled_in(
    agent: TestApp,
) -> None:
    page = agent.get("/tenders/new?template=property-consultation")
    form = page.forms["tender-form"]
    assert form["method"].value == "consultation" and "应在 10 至 30 之间" in page
    earliest = {method: drafts.earliest(now(), method) for method in ("inquiry", "open")}
    form["method"] = "inquiry"
    checked = agent.post("/tenders/check", form.submit_fields())
    assert str(earliest["inquiry"].deadline) in checked and "P21" not in checked
    assert "所选采购方式不能采用这一评审方法" in checked and "第40条" in checked
    form["method"] = "open"
    filled = form.submit("dates", value="earliest")
    assert filled.forms["tender-form"]["documents_until"].value == str(earliest["open"].documents_until)
    refused = filled.forms["tender-form"]
    refused["method"] = "negotiation"
    assert "所选采购方式不能采用这一评审方法" in refused.submit(status=422)


def test_the_pages_of_a_consultation_speak_of_responses(
    app: TestApp, config: Configurator, buyers: tenders.Buyers
) -> None:
    def publish(db: Session) -> str:
        given = {"template": "property-consultation", "tenderer": buyers.purchaser.uscc}
        return tenders.published_tender(db, config.registry, buyers, **given).code

    code = committed(config, publish)
    page = app.get(f"/tenders/{code}")
    assert all(word in page for word in ("竞争性磋商", "响应文件提交", "磋商与最后报价", "磋商文件（PDF）"))
    assert app.get(f"/api/tenders/{code}").json["procurement"] == "consultation"
