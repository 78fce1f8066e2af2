"""An evaluation played by programs, over HTTP."""

from __future__ import annotations

import json

from pyramid.config import Configurator
from webtest import TestApp

from bidding.vault.encoding import unb64
from tests.bidding.evaluation.builders import sheet
from tests.bidding.evaluation.hall import Hall, make_hall
from tests.bidding.evaluation.test_service import CONTRADICTORY

SHEETS = [sheet("10000.00"), sheet("9800.00"), CONTRADICTORY, sheet("4000.00")]


def seated(app: TestApp, config: Configurator) -> Hall:
    hall = make_hall(app, config, SHEETS)
    hall.agent.post("/panel", json.loads(hall.room.list_file()), 201)
    for member in hall.members:
        member.post("/panel/sign-in")
    return hall


def test_a_whole_evaluation_is_played_by_programs(app: TestApp, config: Configurator) -> None:
    hall = seated(app, config)
    head = hall.members[0]
    for step in ("qualification", "conformity"):
        assert head.get("/evaluation")["step"] == step
        for member in hall.members:
            member.vote()
    [question] = hall.bidders[2].get("/clarifications")
    confirm = hall.bidders[2].sign(unb64(question["sign"]["confirm"]))
    hall.bidders[2].post(f"/clarifications/{question['ref']}", {"confirmed": True, "cms": confirm})
    assert head.get("/evaluation")["phase"] == "explanations"
    [question] = hall.bidders[3].get("/clarifications")
    text = "自有工厂\n材料去年购入"
    answer = {"answer": text, "cms": hall.bidders[3].sign(text.encode())}
    hall.bidders[3].post(f"/clarifications/{question['ref']}", answer)
    for member in hall.members:
        member.vote("accepted")
    report = head.get("/evaluation/report")
    assert report["missing"] == [1, 2, 3, 4, 5]
    for member in hall.members:
        report = member.post("/evaluation/report", {"cms": member.sign(unb64(report["raw"]))})
    assert head.post("/evaluation/report/deliver") == {"state": "evaluated"}
    assert hall.agent.get("/evaluation/report")["result"]["contract_price"] == "4000.00"


def test_what_the_committee_does_is_closed_to_everybody_else(app: TestApp, config: Configurator) -> None:
    hall = seated(app, config)
    hall.members[0].vote()
    for outsider in (hall.agent, hall.bidders[0]):
        outsider.get("/evaluation", 403)
        outsider.get("/evaluation/report", 403)
        outsider.post("/evaluation/report/deliver", status=403)
    hall.bidders[0].get("/panel", 403)
    assert hall.bidders[0].get("/clarifications") == []
    assert hall.members[1].get("/evaluation")["locked"]["qualification"] == 1
    assert hall.members[1].get("/evaluation")["bids"][0]["votes"]["qualification"] == []


def test_the_buyer_sees_seats_and_no_names(app: TestApp, config: Configurator) -> None:
    hall = make_hall(app, config)
    hall.agent.post("/panel", json.loads(hall.room.list_file()), 201)
    hall.members[1].post("/panel/sign-in", {"interest": "my wife works for a bidder"})
    shown = hall.agent.get("/panel")
    assert [seat["state"] for seat in shown["seats"]] == ["expected", "recused", *["expected"] * 3]
    for user in hall.room.people:
        assert user.name not in json.dumps(shown) and user.login not in json.dumps(shown)


def test_a_refusal_is_a_problem_with_code_and_article(app: TestApp, config: Configurator) -> None:
    hall = seated(app, config)
    problem = hall.members[1].post("/evaluation/questions", {"bid": "x", "text": "Why?"}, 422)
    assert (problem["code"], problem["faults"][0]["rule"]) == ("panel.head-only", "M87 45")
