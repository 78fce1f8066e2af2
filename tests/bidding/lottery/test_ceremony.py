"""The draws of a works: each step once, in its turn, over the list that was printed; watched by everybody."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pyramid.config import Configurator
from webtest import TestApp

import tradehall_verify
from bidding.lottery import ceremony, works
from bidding.lottery.pricing import drawn_price
from config import audit, dossiers, installation, trust
from tests.bidding.lottery import scene as scenes
from tests.browser_client.conftest import Interop
from tests.draws.hall import DrawHall, make_hall
from trading.acts import process
from trading.draws import service
from trading.draws.entering import enter_beacon
from trading.errors import Refused
from trading.ledger import canonical
from trading.ledger.service import inclusion

DICE, TAPE = "31415926535897932384", "ab" * 32
OWNER = process("owner")


class Lottery:
    """Works with six firms and everybody who draws; `form` fills the notice in otherwise."""

    def __init__(self, hall: DrawHall, patch: pytest.MonkeyPatch, **form: Any) -> None:
        self.hall = hall
        with hall.db() as session:
            scene = scenes.make(session, hall.registry, hall.state, patch)
            scene.take_in([scenes.cells(number) for number in range(1, 7)])
            scene.local_rule()
            found = scene.listed(**form)
            self.code, self.draw_at = found.code, found.draw_at
        hall.start()
        self.app: TestApp = hall.services["draw-notary"].app

    def start(self, step: str) -> service.Draw:
        with self.hall.db() as session:
            small = works.by_code(session, self.code, lock=True)
            draw = ceremony.start(session, self.hall.registry, OWNER, small, step)
            session.flush()
            session.refresh(draw)
            session.expunge(draw)
            return draw

    def hold(self, draw: service.Draw) -> None:
        """The whole ceremony of one draw."""
        hall, params = self.hall, service.params_of(draw)
        hall.work()
        hall.pass_time(params.t_commit + 1)
        for _ in range(2):
            hall.work()
        hall.sequence()
        with hall.db() as session:
            for name in ("one", "two"):
                enter_beacon(session, hall.registry, process(name), draw.ann, DICE, TAPE)
        hall.work()

    def verified(self, folder: Path) -> list[str]:
        """What the offline verifier says of the public bundle, which it takes as it stands."""
        hall = self.hall
        lines: list[str] = []
        hall.sequence()
        with hall.db() as session:
            entry = audit.append_manifest(
                session, hall.registry, dossiers.find(session, self.code), sealed=False
            )
        hall.sequence()
        with hall.db() as session:
            place = inclusion(session, entry, witnessed=True)
        assert place is not None
        with (folder / "bundle.tar").open("wb") as out:
            seed = installation.log_key(hall.state)
            audit.write(hall.registry, self.code, entry, place.note, out, public=True, seed=seed)
        (folder / "trust.json").write_text(json.dumps(trust.document(hall.registry.settings)))
        given = [str(folder / "bundle.tar"), "--trust", str(folder / "trust.json")]
        assert tradehall_verify.main(given, lines.append) == 0, "\n".join(lines)
        return lines

    def drawn(self) -> dict[str, Any]:
        with self.hall.db() as session:
            return dict(works.by_code(session, self.code).drawn)


@pytest.fixture
def lottery(config: Configurator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lottery:
    return Lottery(make_hall(config, tmp_path, monkeypatch), monkeypatch)


def test_finalists_are_drawn_from_the_printed_list_and_their_order_among_them_once_each(
    lottery: Lottery, interop: Interop, tmp_path: Path
) -> None:
    live = f"/small-works/{lottery.code}/live"
    first = a_void_draw(lottery, live)
    assert (first.number, service.params_of(first).list_size) == (2, 6)
    with pytest.raises(Refused) as refused:
        lottery.start("finalists")
    assert refused.value.faults[0].code == "draw.running"
    page = lottery.app.get(live).text
    assert "提交您自己的随机数" in page
    assert "第1次抽取无效" in page and "到公告时间尚未提交随机数" in page  # beside the new one
    lottery.hold(first)
    finalists = lottery.drawn()["finalists"]
    assert len(set(finalists)) == 3
    with pytest.raises(Refused) as refused:
        lottery.start("finalists")
    assert refused.value.faults[0].code == "lottery.step-drawn"
    second = lottery.start("order")
    params = service.params_of(second)
    with lottery.hall.db() as session:
        done = service.draw_named(session, first.ann)
        assert (params.scope, params.prev) == (f"{lottery.code}/lottery/3", done.result_hash)
    lottery.hold(second)
    assert sorted(lottery.drawn()["order"]) == sorted(finalists)
    path = f"/api/small-works/{lottery.code}/record"
    record = lottery.app.get(path).json
    packed = lottery.app.get(path, headers={"Accept-Encoding": "gzip"})
    assert packed.json == record and packed.etag != lottery.app.get(path).etag  # the test's client unpacks
    assert [draw["transcript"]["beacon"] for draw in record["draws"]] == ["", DICE, DICE]
    assert len(record["draws"][1]["transcript"]["openings"]) == 6
    told = base64.urlsafe_b64encode(canonical.dumps(record)).rstrip(b"=").decode()
    found = interop("check-lotteries", records=[told])["found"][0]
    assert found["faults"] == [] and [draw["void"] for draw in found["draws"]] == [True, False, False]
    page = lottery.app.get(live).text
    assert all(row["name"] in page for row in record["balls"]["balls"] if row["id"] in finalists)
    part = lottery.app.get(live + "/parts")
    lottery.app.get(live + "/parts", headers={"If-None-Match": part.headers["ETag"]}, status=304)
    for path in ("/small-works/X/live", "/small-works/X/floor", "/api/small-works/X/record"):
        lottery.app.get(path, status=404)

    assert any("3 draws computed again, 1 of them voided" in line for line in lottery.verified(tmp_path))


def test_the_value_k_is_drawn_and_then_the_order_with_the_printed_weights(
    config: Configurator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    form = {"method": "drawn-k", "finalists": "0", "k_values": "0.02 0.03", "weighted": "true"}
    monkeypatch.setattr(scenes.law, "the_terms", heavier(scenes.law.the_terms))
    lottery = Lottery(make_hall(config, tmp_path, monkeypatch), monkeypatch, **form)
    for step in ("k", "winner"):
        lottery.hold(lottery.start(step))
    drawn = lottery.drawn()
    assert drawn["k"][0] in ("K=0.02", "K=0.03") and len(set(drawn["winner"])) == 6
    record = lottery.app.get(f"/api/small-works/{lottery.code}/record").json
    assert [len(draw["transcript"]["rows"]) for draw in record["draws"]] == [2, 12]  # two chances each
    price = drawn_price(Decimal(record["notice"]["ceiling"]), drawn["k"][0].removeprefix("K="))
    assert record["turns"][0]["price"] == f"{price:.2f}"
    assert any("2 draws computed again" in line for line in lottery.verified(tmp_path))


def heavier(terms: Any) -> Any:
    """The hall's terms, with two chances for every firm of grade B, in which all begin."""
    return lambda *given: replace(terms(*given), weights={"A": 3, "B": 2, "C": 1})


def a_void_draw(lottery: Lottery, live: str) -> service.Draw:
    """A draw that comes to nothing is shown with who was missing, and its step is announced under the next number."""
    first = lottery.start("finalists")
    assert first.scope == f"{lottery.code}/lottery/1"
    notary = lottery.hall.services["draw-notary"]
    notary.silent.add("commit")
    lottery.hall.work()
    lottery.hall.pass_time(service.params_of(first).t_commit + 1)
    record = lottery.app.get(f"/api/small-works/{lottery.code}/record").json
    why = {"reason": "no commitments", "missing": ["draw-notary"]}
    assert [(draw["void"], draw["frozen"], draw["transcript"]["result"]) for draw in record["draws"]] == [
        (why, None, None)
    ]
    page = lottery.app.get(live).text
    assert "本次抽取无效" in page and "到公告时间尚未提交随机数" in page and "公证处" in page
    notary.silent.clear()
    for one in lottery.hall.services.values():
        one.show_card()
    return lottery.start("finalists")
