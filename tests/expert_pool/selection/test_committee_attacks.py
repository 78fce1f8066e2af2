"""What somebody on the buyer's side, or in the room, might try with a committee that is drawn."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pyramid.config import Configurator

from expert_pool.selection import service
from expert_pool.selection.models import Panel
from tests.expert_pool.selection.hall import PanelHall, make_panel_hall


@pytest.fixture
def hall(config: Configurator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PanelHall:
    return make_panel_hall(config, tmp_path, monkeypatch, others=5)


def name_delegate(hall: PanelHall, logins: list[str], status: Any = 201) -> Any:
    body = {"logins": logins, "letter": "授权"}
    return hall.people["buyer"].post(hall.api("/panel/representatives"), body, status).json


def test_a_login_written_in_two_ways_is_one_representative(hall: PanelHall) -> None:
    hall.ask()
    login = hall.people["delegate"].login
    name_delegate(hall, [login, login.upper()])
    assert hall.entries("panel.representatives")[0]["number"] == 1
    with hall.draws.db() as session:
        seats = service.seats_of(hall.registry["keys"], session.query(Panel).one())
    assert [seat.login for seat in seats] == [login]
