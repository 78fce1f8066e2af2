"""A committee that is drawn: from the demand to the last signature, and what is refused on the way."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pyramid.config import Configurator

from tests.expert_pool.selection.hall import PanelHall, make_panel_hall
from trading.ledger import canonical


@pytest.fixture
def hall(config: Configurator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PanelHall:
    return make_panel_hall(config, tmp_path, monkeypatch)


def code_of(answer: Any) -> str:
    return str(answer["code"])


def test_a_committee_is_drawn_called_replaced_and_seated(hall: PanelHall) -> None:
    hall.site.answers = dict.fromkeys(sorted(hall.experts)[:2], "D")
    hall.ready()
    assert hall.people["agent"].get(hall.api("/panel/draw")).json["state"] == "ready"
    hall.people["buyer"].post(
        hall.api("/panel/representatives"), {"logins": [hall.people["delegate"].login], "letter": "…"}, 201
    )
    first = hall.seated()
    assert not set(first) & set(hall.site.answers) and len(first) == 4
    assert hall.arrive(first[0]) == "known"
    gone = hall.experts[first[0]].post(hall.api("/panel/sign-in"), {"interest": "My wife works there"}).json
    assert gone["recused"]
    assert hall.site.call_all() >= 1
    present = [number for number in hall.seated() if number != first[0]]
    assert len(present) == 4
    for number in present:
        assert hall.arrive(number) == "known"
        hall.sign_in(hall.experts[number])
    hall.sign_in(hall.people["delegate"])
    assert hall.people["agent"].get(hall.api("/panel")).json["complete"]
    mine = hall.experts[present[0]]
    seat = hall.sign_in(mine)["seat"]
    chosen = [
        hall.experts[n].post(hall.api("/panel/head"), {"seat": seat}).json["chosen"] for n in present[:3]
    ]
    assert chosen == [False, False, True]
    said = hall.entries("panel.seated")[0]
    with hall.draws.db() as session:
        from expert_pool.selection import service
        from expert_pool.selection.models import Panel

        panel = session.query(Panel).one()
        members = canonical.loads(service.document_of(hall.registry["keys"], panel))["members"]
        assert said["panel"] == panel.panel_sha256
    drawn = {h for row in hall.draws_result()["panel"].values() for h in row}
    assert {row["handle"] for row in members if row["role"] == "expert"} == drawn
    assert [row["role"] for row in members].count("purchaser") == 1
    assert sum(row["head"] for row in members) == 1
    assert mine.get(hall.api("/evaluation")).json["state"] == "evaluating"
