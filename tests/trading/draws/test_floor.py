"""A public draw with people on the floor: phones, dice, a recording; and whoever misuses them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from pyramid.config import Configurator
from webtest import TestApp

from config.demo.phone import Phone
from tests.bidding.evaluation.room import make_tender
from tests.draws.hall import TENDER, DrawHall, make_hall
from tests.helpers import make_user
from trading.accounts.service import create_api_key
from trading.acts import process
from trading.draws import receiving, service, showing
from trading.draws.beacon import Form, form_of
from trading.draws.draw import replay
from trading.draws.entering import enter_beacon
from trading.errors import Refused
from trading.live import since

NAMES = ("draw-audit", "draw-notary", "draw-university")
DICE = "31415926535897932384"
TAPE = "ab" * 32
PUBLIC = service.Demand(
    "lot",
    [{"id": "winner", "quota": 2, "tags": ["lot"]}],
    cap=1,
    asks=False,
    beacon=Form(20).announced(),
    public=True,
)


@pytest.fixture
def hall(config: Configurator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DrawHall:
    return make_hall(config, tmp_path, monkeypatch)


class Floor:
    """A public draw that takes contributions, and phones that ask the hall without a network."""

    def __init__(self, hall: DrawHall) -> None:
        hall.start()
        self.hall, self.ann = hall, hall.announce(PUBLIC)
        self.app: TestApp = hall.services["draw-notary"].app
        with hall.db() as session:
            self.params = service.params_of(service.draw_named(session, self.ann))

    def phone(self) -> Phone:
        return Phone(self.ask, self.ann)

    def ask(self, path: str, body: Mapping[str, Any] | None) -> Any:
        return self.app.get(path).json if body is None else self.app.post_json(path, body).json

    def commit(self, *phones: Phone) -> None:
        self.hall.work()
        for phone in phones:
            phone.look()
        self.hall.pass_time(self.params.t_commit + 1)

    def freeze(self, *phones: Phone) -> None:
        for _ in range(2):
            self.hall.work()
            for phone in phones:
                phone.look()
        self.hall.work()
        self.hall.pass_time(self.params.t_freeze)
        self.hall.sequence()

    def throw(self, *values: str) -> None:
        with self.hall.db() as session:
            for number, value in enumerate(values):
                actor = process(f"person {number}")
                enter_beacon(session, self.hall.registry, actor, self.ann, value, TAPE)

    def transcript(self) -> Any:
        with self.hall.db() as session:
            draw = service.draw_named(session, self.ann)
            return showing.transcript(session, self.hall.registry["keys"], draw)


def test_a_phone_from_the_floor_is_in_the_seed_and_names_are_public_from_the_start(hall: DrawHall) -> None:
    floor = Floor(hall)
    with hall.db() as session:
        opened = service.opened_of(hall.registry["keys"], service.draw_named(session, floor.ann))
        assert len(opened) == 5
    one, two = floor.phone(), floor.phone()
    floor.commit(one, two)
    floor.freeze(one, two)
    assert hall.entries("frozen")[0]["parties"] == sorted((*NAMES, one.name, two.name))
    assert one.look() == []  # nothing is shown before the dice have fallen
    floor.throw(DICE, DICE)
    for phone in (one, two):
        assert phone.look() == ["reveal"]
    hall.work()
    found = replay(floor.transcript())
    assert {one.name, two.name} <= found.contributions.keys() and len(found.result["panel"]["winner"]) == 2
    assert hall.entries("beacon")[0] | {"entered": []} == {
        "draw": floor.ann,
        "value": DICE,
        "entered": [],
        "recording": TAPE,
    }
    with hall.db() as session:
        told = [event.name for event in since(session, f"draw:{TENDER}", 0)]
    assert told[:5] == ["committed"] * 5 and "witnessed" in told and told[-1] == "result"


def test_a_phone_that_leaves_before_it_deals_is_dropped_and_the_draw_goes_on(hall: DrawHall) -> None:
    floor = Floor(hall)
    stays, leaves = floor.phone(), floor.phone()
    floor.commit(stays, leaves)
    floor.freeze(stays)
    assert hall.entries("frozen")[0]["dropped"] == [leaves.name]


def test_a_phone_that_leaves_after_it_has_dealt_is_revealed_by_the_trustees(hall: DrawHall) -> None:
    floor = Floor(hall)
    phone = floor.phone()
    floor.commit(phone)
    floor.freeze(phone)
    floor.throw(DICE, DICE)
    hall.work()
    hall.pass_time(floor.params.t_reveal)
    hall.work()
    shown = {entry["party"]: entry["by"] for entry in hall.entries("revealed")}
    assert len(shown[phone.name]) >= 2 and phone.name not in shown[phone.name]
    assert replay(floor.transcript()).result["short"] == {}


def refused(answer: Any) -> str:
    return str(answer.json["faults"][0]["code"])


def test_nobody_contributes_under_a_name_that_is_not_its_keys_nor_after_the_list_is_closed(
    hall: DrawHall,
) -> None:
    floor = Floor(hall)
    one, other = floor.phone(), floor.phone()
    one.look()
    forged = one.paper.replace(one.name.encode(), other.name.encode())
    body: dict[str, str] = {}
    one.ask = lambda path, given: body.update(given or {})  # type: ignore[method-assign]
    one.hand_in("commits", forged)
    path = f"/api/draws/{floor.ann}/commits"
    assert refused(floor.app.post_json(path, body, status=422)) == "draw.paper"
    one.paper = other.paper
    one.hand_in("commits", other.paper)  # signed with another's key
    assert refused(floor.app.post_json(path, body, status=422)) == "draw.certificate"
    hall.work()
    hall.pass_time(floor.params.t_commit + 1)
    other.ask = lambda path, given: body.update(given or {})  # type: ignore[method-assign]
    other.hand_in("commits", other.paper)
    assert refused(floor.app.post_json(path, body, status=422)) == "draw.not-asked"


def test_a_flood_from_the_floor_ends_at_a_number_and_stops_no_draw(
    hall: DrawHall, monkeypatch: pytest.MonkeyPatch
) -> None:
    floor = Floor(hall)
    monkeypatch.setattr(receiving, "MOST_FROM_THE_FLOOR", 1)
    one, two = floor.phone(), floor.phone()
    one.look()
    with pytest.raises(Exception, match=r"draw\.floor-full"):
        two.look()
    floor.commit()
    floor.freeze(one)
    assert one.name in hall.entries("frozen")[0]["parties"]


def test_a_routine_draw_takes_nobody_from_the_floor(hall: DrawHall) -> None:
    hall.start()
    ann = hall.announce()
    hall.services["draw-notary"].app.get(f"/api/draws/{ann}/floor", status=404)


@pytest.mark.parametrize("value", ["3141592653589793238", "3141592653589793238x", "3141592653 897932384"])
def test_a_value_that_dice_cannot_show_is_refused(hall: DrawHall, value: str) -> None:
    floor = Floor(hall)
    floor.commit()
    floor.freeze()
    with pytest.raises(Refused) as error:
        floor.throw(value)
    assert error.value.faults[0].code == "draw.beacon-form"


def test_a_throw_without_a_recording_does_not_count(hall: DrawHall) -> None:
    floor = Floor(hall)
    with hall.db() as session:
        tender = make_tender(session)
        tender.code = TENDER
        user = make_user(session, "tenderer", party=tender.tenderer, keys=hall.registry["keys"])
        key = create_api_key(session, process("test"), user.id, "test")
    floor.commit()
    floor.freeze()
    headers = {"Authorization": f"Bearer {key}"}
    path = f"/api/draws/{floor.ann}/beacon"
    assert refused(floor.app.post_json(path, {"value": DICE}, headers, status=422)) == "draw.recording"
    given = {"value": DICE, "recording": TAPE}
    assert floor.app.post_json(path, given, headers).json == {"counts": False}
    floor.app.post_json(path, given, status=401)


def test_rules_are_read_exactly() -> None:
    assert form_of("dice/20 · twenty dice") == Form(20) and form_of("balls/49/6 x") == Form(6, 49)
    assert form_of("20 ten-sided dice") is None and form_of("balls/5/6") is None and form_of("dice/0") is None
    balls = Form(3, 33)
    assert balls.holds("07-31-12")
    for wrong in ("7-31-12", "07-31", "07-31-31", "07-31-34", "00-31-12", "07 31 12", "07-31-1²"):
        assert not balls.holds(wrong), wrong
