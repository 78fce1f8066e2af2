"""A public draw with people on the floor: phones, dice, a recording; and whoever misuses them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from pyramid.config import Configurator
from webtest import AppError, TestApp

from config.demo.phone import Phone
from tests.bidding.evaluation.room import make_tender
from tests.browser_client.conftest import Interop
from tests.draws.hall import TENDER, DrawHall, make_hall
from tests.helpers import make_user
from trading.accounts.service import create_api_key
from trading.acts import process
from trading.draws import receiving, service, showing
from trading.draws.beacon import Form, form_of
from trading.draws.cards import build_deals
from trading.draws.draw import replay
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


class BrowserPhone(Phone):
    """A phone with the hall's own page: what it hands in is made by the browser's code."""

    def __init__(self, floor: Floor, interop: Interop) -> None:
        self.ask, self.ann, self.interop, self.done = floor.ask, floor.ann, interop, set()
        document = json.loads(json.dumps(dict(floor.params.document)))
        self.own = interop("floor-begin", params=document, ann=self.ann)["own"]
        self.name = self.own["party"]
        self.trust = floor.app.get("/trust.json").json

    def make(self, what: str, given: Mapping[str, Any]) -> dict[str, Any]:
        return self.interop(f"floor-{what}", own=self.own, papers=given, trust=self.trust)

    def commit(self, given: Mapping[str, Any]) -> None:
        self.ask(f"/api/draws/{self.ann}/commits", self.make("commit", given))

    def deal(self, given: Mapping[str, Any]) -> None:
        self.ask(f"/api/draws/{self.ann}/deals", self.make("deal", given))

    def reveal(self, given: Mapping[str, Any]) -> None:
        bent = json.loads(json.dumps(given))
        bent["values"][self.name][0] = "00" * 32
        assert "not in the freeze" in self.make("reveal", bent)["detail"]
        early = self.make("reveal", {**given, "frozen": None})
        assert "no witness" in early["detail"]
        self.ask(f"/api/draws/{self.ann}/slips", self.make("reveal", given))


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
        self.hall.pass_time(self.params.t_freeze + 5)  # who watches is told

    def transcript(self) -> Any:
        with self.hall.db() as session:
            draw = service.draw_named(session, self.ann)
            return showing.transcript(session, self.hall.registry["keys"], draw)


def refused(answer: Any) -> str:
    return str(answer.json["faults"][0]["code"])


def handed_in(floor: Floor, phone: Phone, paper: bytes) -> str:
    """What the hall says to a commitment that it does not take."""
    body: dict[str, Any] = {}
    ask, phone.ask = phone.ask, lambda path, given: body.update(given)  # type: ignore[arg-type]
    phone.hand_in("commits", paper)
    phone.ask = ask
    return refused(floor.app.post_json(f"/api/draws/{floor.ann}/commits", body, status=422))


def test_phones_from_the_floor_are_in_the_seed_and_whoever_misuses_them_stops_nothing(
    hall: DrawHall, interop: Interop, monkeypatch: pytest.MonkeyPatch
) -> None:
    floor = Floor(hall)
    with hall.db() as session:
        opened = service.opened_of(hall.registry["keys"], service.draw_named(session, floor.ann))
        assert len(opened) == 5  # names are public from the start
    stays, leaves, liar, late = BrowserPhone(floor, interop), floor.phone(), floor.phone(), floor.phone()
    equal, sleeps = (
        Phone(floor.ask, floor.ann, rng=bytes) for _ in "ab"
    )  # all their slips are one and the same

    # nobody under another name, in a flood, or too late
    assert handed_in(floor, liar, liar.paper.replace(liar.name.encode(), late.name.encode())) == "draw.paper"
    assert handed_in(floor, liar, late.paper) == "draw.certificate"
    monkeypatch.setattr(receiving, "MOST_FROM_THE_FLOOR", 5)
    floor.commit(stays, leaves, liar, equal, sleeps)
    monkeypatch.setattr(receiving, "MOST_FROM_THE_FLOOR", 500)
    assert handed_in(floor, late, late.paper) == "draw.not-asked"

    # deals that no trustee can take cost their phone its place
    long = build_deals(floor.ann, liar.name, dict.fromkeys(floor.params.trustees, bytes(8192)))
    with pytest.raises(AppError, match=r"draw\.deals"):
        liar.hand_in("deals", long)
    liar.slips = [bytes(32)] * len(liar.slips)
    floor.freeze(stays, liar, equal, sleeps)  # every trustee looks more than once, and says the same again
    frozen = hall.entries("frozen")[0]
    assert frozen["parties"] == sorted((*NAMES, stays.name, equal.name, sleeps.name))
    assert frozen["dropped"] == sorted((leaves.name, liar.name)) and len(hall.entries("acked")) == len(NAMES)
    said = [line for one in hall.services.values() for line in one.lines() if "IntegrityError" in str(line)]
    assert not said

    assert stays.look() == []  # nothing is shown before the dice have fallen
    type_dice(floor)
    assert stays.look() == equal.look() == ["reveal"]
    hall.work()
    hall.pass_time(floor.params.t_reveal)
    hall.work()
    shown = {entry["party"]: entry["by"] for entry in hall.entries("revealed")}
    assert shown[stays.name] == [stays.name] and len(shown[sleeps.name]) >= 2  # by trustees
    found = replay(floor.transcript())
    assert {stays.name, equal.name, sleeps.name} < found.contributions.keys()
    assert len(found.result["panel"]["winner"]) == 2
    assert hall.entries("beacon")[0]["recording"] == TAPE
    with hall.db() as session:
        told = [event.name for event in since(session, f"draw:{TENDER}", 0)]
        service.draw_named(session, floor.ann).public = False
    assert told[:8] == ["committed"] * 8 and {"witnessed", "typed", "beacon"} < set(told)
    assert told[-1] == "result"
    floor.app.get(f"/api/draws/{floor.ann}/floor", status=404)  # of a routine draw there is no floor


def type_dice(floor: Floor) -> None:
    """A throw counts in the announced form, with a recording, typed alike by two people."""
    with floor.hall.db() as session:
        tender = make_tender(session)
        tender.code = TENDER
        keys = [
            create_api_key(session, process("test"), user.id, "test")
            for user in [
                make_user(session, "tenderer", party=tender.tenderer, keys=floor.hall.registry["keys"])
                for _ in "ab"
            ]
        ]
    path, given = f"/api/draws/{floor.ann}/beacon", {"value": DICE, "recording": TAPE}

    def type_in(body: dict[str, str], place: int = 0, status: int = 200) -> Any:
        headers = {"Authorization": f"Bearer {keys[place]}"}
        return floor.app.post_json(path, body, headers=headers, status=status)

    for wrong in ("3141592653589793238", "3141592653589793238x", "31415926535 97932384"):
        assert refused(type_in({**given, "value": wrong}, status=422)) == "draw.beacon-form"
    assert refused(type_in({"value": DICE}, status=422)) == "draw.recording"
    floor.app.post_json(path, given, status=401)
    assert type_in(given).json == {"counts": False, "differs": False}
    assert type_in(given).json == {"counts": False, "differs": False}  # the same person again
    assert type_in({**given, "recording": "cd" * 32}, 1).json == {"counts": False, "differs": True}
    assert type_in(given, 1).json == {"counts": True, "differs": False}


def test_rules_are_read_exactly() -> None:
    assert form_of("dice/20 · twenty dice") == Form(20) and form_of("balls/49/6 x") == Form(6, 49)
    assert form_of("20 ten-sided dice") is None and form_of("balls/5/6") is None and form_of("dice/0") is None
    balls = Form(3, 33)
    assert balls.holds("07-31-12")
    for wrong in ("7-31-12", "07-31", "07-31-31", "07-31-34", "00-31-12", "07 31 12", "07-31-1²"):
        assert not balls.holds(wrong), wrong
