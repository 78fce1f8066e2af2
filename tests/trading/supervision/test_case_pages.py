"""Pages and JSON of queries, complaints and orders, as each reader meets them."""

from __future__ import annotations

import base64
import os
from datetime import timedelta
from pathlib import Path
from typing import Any

from pyramid.config import Configurator
from webtest import TestApp

from bidding.tenders.models import Tender
from tests.helpers import committed, hall_party, hall_user, log_in
from tests.tenders import make_buyers, published_tender, signer_of
from trading import clock
from trading.accounts.models import User
from trading.supervision.models import Order

WORDS = {
    "stage": "documents",
    "matters": "技术参数指向特定品牌\n付款条件不合理",
    "request": "请修改第三章技术要求",
}
PICTURES = os.environ.get("TRADEHALL_PAGES")
"""A folder to keep the pages in, for whoever wants to look at them."""


def keep(name: str, page: Any) -> None:
    if PICTURES:
        (Path(PICTURES) / f"{name}.html").write_bytes(page.body)


def test_a_query_goes_from_filing_to_an_order_and_names_nobody(app: TestApp, config: Configurator) -> None:
    def make(db: Any) -> tuple[str, str]:
        buyers = make_buyers(db, config.registry)
        tender = published_tender(db, config.registry, buyers, closes_in=timedelta(days=40))
        return tender.code, buyers.agent.login

    code, agent_login = committed(config, make)
    party = hall_party(config, "质疑供应商有限公司")
    bidder = log_in(app, config, hall_user(config, "bidder", party=party))
    finance = hall_party(config, "示例市财政局监管处", kind="public-body")
    officer = hall_user(config, "regulator", party=finance)
    signer = committed(config, lambda db: signer_of(db, config.registry, db.get(User, officer.id)))
    agent, regulator = log_in(app, config, agent_login), log_in(app, config, officer)

    form = next(f for f in bidder.get(f"/tenders/{code}/queries/new").forms.values() if "matters" in f.fields)
    for name, value in WORDS.items():
        form[name] = value
    case = form.submit(status=303).follow(status=200)
    number = case.request.path.rsplit("/", 1)[1]
    assert party.name in case

    listed = agent.get(f"/tenders/{code}/queries", status=200)
    assert number in listed
    shown = agent.get(f"/cases/{number}", status=200)
    assert "技术参数指向特定品牌" in shown
    assert party.name not in shown and party.uscc not in shown

    answer = next(f for f in shown.forms.values() if f.action.endswith("/answer"))
    answer["decision"], answer["words"] = "rejected", "技术参数由三个以上品牌满足，质疑不成立。"
    answer.submit(status=303)

    mine = bidder.get(f"/cases/{number}", status=200)
    complaint = next(f for f in mine.forms.values() if f.action.endswith("/complaint"))
    complaint["request"], complaint["department"] = "请责令修改采购文件", finance.name
    filed = complaint.submit(status=303).follow(status=200)
    complaint_number = filed.request.path.rsplit("/", 1)[1]
    agent.get(f"/cases/{complaint_number}", status=404)
    app.get("/cases/C-2026-99999", status=404)

    before = regulator.get(f"/cases/{complaint_number}", status=200)
    next(f for f in before.forms.values() if f.action.endswith("/accept")).submit(status=303)
    keep("case", regulator.get(f"/cases/{complaint_number}", status=200))
    keep("cases", regulator.get("/supervision/cases", status=200))
    assert complaint_number in regulator.get("/supervision/cases")

    docket = app.get("/docket", status=200)
    keep("docket", docket)
    assert number in docket and complaint_number in docket
    assert "质疑不成立" in docket
    for secret in (party.name, party.uscc, "技术参数指向特定品牌"):
        assert secret not in docket
        assert secret not in app.get("/api/docket")
        assert secret not in app.get(f"/tenders/{code}/trail")

    page = regulator.get(f"/supervision/tenders/{code}/order?case={complaint_number}", status=200)
    keep("order_new", page)
    form = next(f for f in page.forms.values() if "reason" in f.fields)
    form["order"], form["reason"] = "suspend", "投诉处理期间暂停采购活动"
    form["upload"] = ("决定书.pdf", b"%PDF-1.7 decision")
    to_sign = form.submit(status=303).follow(status=200)
    keep("order", to_sign)
    order = to_sign.request.path.rsplit("/", 1)[1]

    raw = committed(config, lambda db: db.query(Order).filter_by(number=order).one().raw)
    cms = base64.urlsafe_b64encode(signer.sign(raw, clock.now())).rstrip(b"=").decode()
    form = next(f for f in to_sign.forms.values() if "order_cms" in f.fields)
    form["order_cms"] = cms
    form.submit(status=303)
    assert committed(config, lambda db: db.query(Tender).filter_by(code=code).one().suspended_at) is not None
    keep("docket", app.get("/docket"))
    keep("tender", app.get(f"/tenders/{code}", status=200))
    assert order in app.get("/docket")
    regulator.get(f"/tenders/{code}/queries/new", status=403)
    bidder.get(f"/supervision/tenders/{code}/order", status=403)
    agent.get(f"/supervision/orders/{order}", status=403)
    keep("interrupt", agent.get(f"/tenders/{code}/interrupt", status=200))


def test_the_worked_calendar_is_shown_to_everybody_with_articles(app: TestApp) -> None:
    answer = app.get("/api/limits?track=procurement&known=2026-05-11&received=2026-05-20").json
    assert {name: row["until"] for name, row in answer.items()} == {
        "query": "2026-05-20", "answer": "2026-05-29", "complaint": "2026-06-22", "decide": "2026-08-03",
    }  # fmt: skip
    assert answer["complaint"]["article"] == "GPL 55"
    page = app.get("/docket/limits?track=procurement&known=2026-05-11&received=2026-05-20", status=200)
    keep("limits", page)
    assert "2026-06-22" in page


def test_the_bidding_laws_calendar_is_worked_by_the_application_too(app: TestApp) -> None:
    answer = app.get("/api/limits?track=bidding_law&known=2026-05-11&received=2026-05-11").json
    assert {name: (row["until"], row["article"]) for name, row in answer.items()} == {
        "query": ("2026-05-11", "TBR 54"), "answer": ("2026-05-14", "TBR 22"),
        "complaint": ("2026-05-25", "TBR 60"), "decide": ("2026-07-07", "TBR 61"),
    }  # fmt: skip
