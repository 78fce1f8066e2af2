"""The list of all deadlines: what every room tells, and nothing of who bids."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from pyramid.config import Configurator
from sqlalchemy.orm import Session
from webtest import TestApp

from tests.helpers import hall_user, log_in
from tests.trading.supervision.test_cases import Hall
from trading.clock import database_now
from trading.deadlines import everything
from trading.interfaces import IClockSource
from trading.supervision import deadlines


@pytest.fixture
def hall(session: Session, config: Configurator) -> Hall:
    return Hall(session, config.registry)


def at(month: int, day: int) -> datetime:
    return datetime(2026, month, day, 2, tzinfo=UTC)


def rows(hall: Hall, now: datetime | None = None) -> dict[str, tuple[Any, str]]:
    asked = now or database_now(hall.session)
    return {each.item: (each, light) for each, light, _ in deadlines.rows(hall.session, hall.registry, asked)}


def test_a_published_tender_tells_its_periods_which_nobody_owes(hall: Hall) -> None:
    found = rows(hall)
    assert {"bid-deadline", "document-period", "notice-period"} <= found.keys()
    assert {found[key][0].kind for key in ("bid-deadline", "document-period", "notice-period")} == {"period"}
    assert found["bid-deadline"][1] == "yellow", "two hours are left"
    hall.tender.suspended_at = database_now(hall.session)
    assert rows(hall)["bid-deadline"][1] == "paused"


def test_a_query_goes_from_green_to_red_and_leaves_when_it_is_answered(hall: Hall) -> None:
    query = hall.query(at(5, 20))  # to be answered by the 29th
    lights = [rows(hall, at(5, day))["P18.answer"][1] for day in (21, 28, 29, 30)]
    assert lights == ["green", "green", "yellow", "red"], "four fifths of seven days are six"
    owed = rows(hall, at(5, 30))["P18.answer"][0]
    assert (owed.subject, owed.department) == (query.number, hall.tender.agency.name)
    assert hall.party.name not in repr(owed)
    assert str(hall.party.id) not in repr(owed)
    hall.answer(query, at(5, 29))
    assert "P18.answer" not in rows(hall)


def test_every_room_with_deadlines_is_asked_and_every_key_names_one(hall: Hall) -> None:
    hall.query(at(5, 20))
    names = {name for name, _ in hall.registry.getUtilitiesFor(IClockSource)}
    assert {"tenders", "awards", "cases", "contracts", "deposits"} <= names
    keys = [each.key for each in everything(hall.session, hall.registry, database_now(hall.session))]
    assert len(keys) == len(set(keys)) > 3


def test_the_regulator_reads_the_list_and_nobody_else(app: TestApp, config: Configurator) -> None:
    log_in(app, config, hall_user(config, "agent")).get("/supervision/deadlines", status=403)
    regulator = log_in(app, config, hall_user(config, "regulator"))
    assert "时限总览" in regulator.get("/supervision/deadlines")
    assert regulator.get("/api/deadlines").json == {"deadlines": []}
