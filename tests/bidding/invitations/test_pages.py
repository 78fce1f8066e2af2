"""The page of an invitation: who sees it, and what is refused there."""

from __future__ import annotations

from pyramid.config import Configurator
from webtest import TestApp

from tests import tenders
from tests.helpers import committed, form_with, hall_party, hall_user, log_in
from trading.permissions import Role


def test_buyers_file_list_and_presence_and_nobody_else_sees_the_page(
    app: TestApp, config: Configurator
) -> None:
    buyers = committed(config, lambda db: tenders.make_buyers(db, config.registry))
    code = committed(
        config, lambda db: tenders.make_draft(db, config.registry, buyers, method="invited").code
    )
    firms = [hall_party(config) for _ in range(6)]
    agent, path = log_in(app, config, buyers.agent), f"/tenders/{code}/invitation"
    assert path in agent.get(f"/tenders/{code}/preview") and path in agent.get("/desk")
    form = form_with(agent.get(path), "candidates")
    form["basis"], form["number"] = "市级供应商库", "3"
    form["candidates"] = "\n".join(f"{firm.uscc} {firm.name}" for firm in firms[:5])
    short = form.submit(status=422)
    assert "备选名单至少应当有 6 家供应商" in short and firms[0].uscc in short
    form["candidates"] = "\n".join(firm.uscc for firm in firms)
    assert firms[5].name in form.submit(status=303).follow()

    staff = hall_user(config, Role.TENDERER, party=buyers.purchaser)
    watcher = log_in(app, config, staff)
    assert path in watcher.get("/desk")
    page = next(f for f in watcher.get(path).forms.values() if f.action.endswith("/witness"))
    assert staff.name in page.submit(status=303).follow()
    token = form["csrf_token"].value
    assert "不少于 2 名采购人工作人员在场" in agent.post(f"{path}/draw", {"csrf_token": token}, status=422)

    regulator = log_in(app, config, hall_user(config, Role.REGULATOR))
    assert firms[0].name in regulator.get(path)
    bidder = log_in(app, config, hall_user(config, Role.BIDDER, party=firms[0]))
    assert bidder.get(path, expect_errors=True).status_int in (403, 422)
    assert bidder.get(f"/api{path}", expect_errors=True).status_int in (403, 422)
