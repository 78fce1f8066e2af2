"""The published case of a scored purchase of goods through the real application over HTTP: bids are sealed, handed in,
withdrawn, refused and opened, the committee reviews, scores and reports; every figure to the cent."""

from __future__ import annotations

import json
from fractions import Fraction
from typing import Any

import pytest
from webtest import TestApp

from bidding.evaluation.exact import fixed
from bidding.evaluation.scoring import evaluate_json
from bidding.vault.encoding import unb64
from bidding.vault.models import Bid
from tests.bidding.evaluation.scored import (
    BASE,
    GOODS_87,
    Member,
    bidders_program,
    committee,
    opened_case,
    panel_list,
)
from tests.bidding.opening.staging import Stage
from tests.bidding.vault.scene import Scene, scene
from trading.accounts.service import create_api_key
from trading.acts import process
from trading.ledger import canonical

__all__ = ["scene"]
EXPECTED = GOODS_87["expected"]


@pytest.fixture
def app(scene: Scene) -> TestApp:
    return TestApp(scene.config.make_wsgi_app())


def test_goods_87_gives_every_expected_figure_to_the_cent(scene: Scene, app: TestApp) -> None:
    stage = Stage(scene)
    people = opened_case(stage, app)
    codes = {name: who.bidder.uscc for name, who in people.items()}
    members = seated(stage, app)
    head = members[0]
    for _step in ("qualification", "conformity"):
        for member in members:
            member.vote()
    low = bidders_program(app, stage, people["B4"])
    [question] = low.get(f"{BASE}/clarifications")
    answer = {"answer": "自有工厂", "cms": low.sign("自有工厂".encode())}
    low.post(f"{BASE}/clarifications/{question['ref']}", answer)
    for member in members:
        member.vote("accepted", no=[codes["B4"]])
    state_facts(head, codes)
    score(members, codes)
    explain_the_outlier(members, codes)
    report = head.get("/evaluation/report")
    for member in members:
        member.post("/evaluation/report", {"cms": member.sign(unb64(report["raw"]))})
    assert head.post("/evaluation/report/deliver") == {"state": "evaluated"}
    with scene.db() as session:
        states = {row.bidder_uscc: row.status for row in session.query(Bid)}
    assert states[codes["B8"]] == "withdrawn" and codes["B6"] not in states
    compare(report["result"], {code: name for name, code in codes.items()}, report["inputs"])


def seated(stage: Stage, app: TestApp) -> list[Member]:
    members = committee(app, stage, GOODS_87["experts"])
    with stage.scene.db() as session:
        purchaser = stage.tender(session).tenderer.uscc
        key = create_api_key(session, process("test"), stage.tender(session).agent.id, "test")
    file = json.dumps(panel_list(members, purchaser)).encode()
    headers = {"Authorization": f"Bearer {key}"}
    app.post("/api/tenders/T-1/panel", file, headers=headers, content_type="application/json", status=201)
    for member in members:
        member.post("/panel/sign-in")
    return members


def state_facts(head: Member, codes: dict[str, str]) -> None:
    """The head states once what every member then finds prefilled: the points that all of them give in the case."""
    [item] = [row["id"] for row in GOODS_87["criteria"] if row["kind"] == "objective"]
    points = {codes[bid["id"]]: bid["scores"][item][0] for bid in GOODS_87["bids"] if "scores" in bid}
    bids = [bid["id"] for bid in head.get("/evaluation/scores")["bids"]]
    facts = [{"bid": bid, "item": item, "fact": "认证证书与检测报告", "points": points[bid]} for bid in bids]
    assert head.signed("score-facts", {"facts": facts})["phase"] == "scoring"


def score(members: list[Member], codes: dict[str, str]) -> None:
    """Every member scores what the case says, as it comes to scoring."""
    scores = {codes[bid["id"]]: bid["scores"] for bid in GOODS_87["bids"]}
    for number, member in enumerate(members):
        asked = member.get("/evaluation/scores")
        assert {bid["id"] for bid in asked["bids"]} == {codes[n] for n in ("B1", "B2", "B3", "B7")}
        given = [
            {"bid": bid["id"], "item": item, "score": row[number]}
            for bid in asked["bids"]
            for item, row in scores[bid["id"]].items()
        ]
        saved = member.post("/evaluation/scores/save", {"base": asked["version"], "scores": given[:5]})
        assert saved["version"] == 1
        member.signed("scores", {"scores": given})


def explain_the_outlier(members: list[Member], codes: dict[str, str]) -> None:
    owed = [(n, one) for n, who in enumerate(members, 1) for one in who.get("/evaluation/scores")["owed"]]
    names = {code: name for name, code in codes.items()}
    assert [[names[one["bid"]], one["item"], n] for n, one in owed] == EXPECTED["outlier_flags"]
    [(number, one)] = owed
    assert one["rules"][0] == "ratio" and one["score"] == "11"
    answer = members[number - 1].signed(
        "score-reasons", {"bid": one["bid"], "item": one["item"], "reason": "样机未达到标称制冷量"}
    )
    assert answer["phase"] == "report"


def compare(result: dict[str, Any], names: dict[str, str], inputs: str) -> None:
    ranked = {names[row["id"]]: row for row in result["ranking"]}
    rejected = {names[row["id"]]: f"rejected-{row['ground']}" for row in result["rejected"]}
    scores = {names[bid]: score for bid, score in result["scores"].items()}
    for name, figures in EXPECTED["bids"].items():
        if figures["outcome"].startswith("rejected"):
            assert rejected[name] == figures["outcome"]
        elif figures["outcome"] == "ranked":
            score = scores[name]
            assert ranked[name]["evaluation_price"] == figures["evaluation_price"]
            assert score["price_points"]["points"] == figures["price_points"]
            assert {item: row["points"] for item, row in score["items"].items()} == figures["items"]
            assert score["total"]["points"] == figures["total"]
        triggers = {names[bid]: row for bid, row in result["triggers"].items()}.get(name, [])
        assert sorted(triggers) == figures.get("abnormal_triggers", [])
    lines = {name: fixed(Fraction(line)) for name, line in result["lines"].items()}
    assert lines == EXPECTED["abnormal_lines"]
    assert [names[row["id"]] for row in result["ranking"]] == EXPECTED["ranking"]
    assert result["benchmark"] == EXPECTED["benchmark"]
    assert (names[result["winner"]], result["contract_price"]) == (
        EXPECTED["winner"],
        EXPECTED["contract_price"],
    )
    assert result["disagreements"] == EXPECTED["objective_disagreements"]
    assert evaluate_json(canonical.loads(unb64(inputs))) == result
