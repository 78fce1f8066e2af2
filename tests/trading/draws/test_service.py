"""The ceremony as it runs: the hall, three services and their standby, a log and its witness."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pyramid.config import Configurator

from plugins.outbound import Unreachable
from tests.bidding.evaluation.room import make_tender
from tests.draws.hall import TENDER, DrawHall, make_hall
from tests.helpers import make_user
from trading.accounts.service import create_api_key
from trading.acts import process
from trading.draws import entering, receiving, service, showing
from trading.draws.cards import build_question
from trading.draws.draw import replay
from trading.errors import Refused
from trading.web import beijing

NAMES = ("draw-notary", "draw-audit", "draw-university")


@pytest.fixture
def hall(config: Configurator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DrawHall:
    return make_hall(config, tmp_path, monkeypatch)


def code_of(refused: pytest.ExceptionInfo[Refused]) -> str:
    return refused.value.faults[0].code


def test_a_routine_draw_needs_one_request_and_nobody_else(hall: DrawHall) -> None:
    hall.start()
    ann = hall.announce()
    hall.to_the_freeze()
    assert hall.entries("frozen")[0]["parties"] == sorted(NAMES)
    hall.work()
    drawn = hall.draw(ann)
    with hall.db() as session:
        transcript = showing.transcript(session, hall.registry["keys"], service.draw_named(session, ann))
    found = replay(transcript)
    assert found.result["panel"]["lot"] == found.order
    assert drawn.result_hash == found.result_hash.hex()
    assert [entry["number"] for entry in hall.entries("called")] == [0, 1]


def test_no_slip_is_shown_before_a_witness_has_seen_the_freeze(hall: DrawHall) -> None:
    hall.start()
    ann = hall.announce()
    for _ in range(3):
        hall.work()
    hall.sequence(witness=False)
    hall.work()
    assert hall.entries("frozen") and not hall.entries("revealed")
    one = hall.services["draw-notary"]
    one.attempt(ann, ["reveal"])  # the hall may want it all it likes
    assert one.lines()[-1]["reasons"] == ["no witness has cosigned the freeze yet"]
    address, freeze = f"/draws/{TENDER}/lot/1", hall.entries("frozen")[0]["freeze"]
    assert freeze not in one.app.get(address).text
    hall.sequence()
    hall.work()
    assert hall.draw(ann).ended
    page = one.app.get(address).text  # the step has its numbers: T, where it stands, who saw it when
    with hall.db() as session:
        fixed = showing.fixed(session, hall.draw(ann))
    assert fixed is not None and fixed.freeze == freeze and 0 <= fixed.index < fixed.size
    [(witness, at)] = fixed.seen
    assert freeze in page and witness in page and beijing(at) in page


def test_what_one_withholds_the_others_publish(hall: DrawHall) -> None:
    hall.start()
    ann = hall.announce()
    hall.services["draw-audit"].silent.add("reveal")
    hall.to_the_freeze()
    hall.work()
    assert not hall.draw(ann).ended
    with hall.db() as session:
        due = service.params_of(service.draw_named(session, ann)).t_reveal
    hall.pass_time(due)
    hall.services["draw-audit"].silent.add("recover")
    hall.work()
    assert hall.draw(ann).ended
    shown = {entry["party"]: entry["by"] for entry in hall.entries("revealed")}
    assert shown["draw-audit"] == ["draw-notary", "draw-university"]


def test_a_draw_that_one_prevents_is_void_in_public_and_its_outcome_becomes_known(hall: DrawHall) -> None:
    hall.start()
    ann = hall.announce()
    hall.services["draw-university"].silent.add("ack")
    hall.to_the_freeze()
    with hall.db() as session:
        params = service.params_of(service.draw_named(session, ann))
    hall.pass_time(params.t_freeze)
    assert hall.entries("void") == [{"draw": ann, "reason": "no acks", "missing": ["draw-university"]}]
    hall.sequence()
    hall.work()
    assert {entry["party"] for entry in hall.entries("revealed")} == set(NAMES)
    second = hall.announce()  # the number after it
    assert hall.draw(second).number == 2


def test_the_standby_takes_the_place_of_one_that_is_away(hall: DrawHall) -> None:
    hall.start()
    hall.pass_time(int(service.datetime.now(service.UTC).timestamp()) + 600)
    for name in ("draw-notary", "draw-audit", "draw-association"):
        hall.services[name].show_card()
    ann = hall.announce()
    assert set(hall.draw(ann).certificates) == {"draw-notary", "draw-audit", "draw-association"}


def test_without_enough_services_no_draw_is_announced(hall: DrawHall) -> None:
    hall.start(present=2)
    with pytest.raises(Refused) as refused:
        hall.announce()
    assert code_of(refused) == "draw.no-trustees"


def test_there_is_no_second_draw_beside_one_and_none_under_its_number(hall: DrawHall) -> None:
    hall.start()
    ann = hall.announce()
    with pytest.raises(Refused) as refused:
        hall.announce()
    assert code_of(refused) == "draw.running"
    one = hall.services["draw-notary"]
    one.work()
    with hall.db() as session:  # a hall that forgets the first and announces its number again
        first = service.draw_named(session, ann)
        first.voided, first.number = True, 9
    again = hall.announce()
    with hall.db() as session:
        second = service.draw_named(session, again)
        document = service.canonical.loads(second.params) | {"scope": f"{TENDER}/lot/1"}
        second.params = service.jcs(document)
        second.ann = service.parse_params(document).hash.hex()
        again = second.ann
    one.attempt(again, ["commit"])
    assert one.lines()[-1]["what"] == "commit declined"


def test_a_hall_with_a_trustee_key_of_its_own_gets_no_slips(hall: DrawHall) -> None:
    hall.start()
    ann = hall.announce()
    hall.work()
    one, forged = hall.services["draw-notary"], dict(hall.draw(ann).cards)
    forged["draw-audit"] = forged["draw-university"]
    one.altered = lambda path, answer: answer | {"cards": forged} if "papers" in path else answer
    one.attempt(ann, ["deal"])
    assert one.lines()[-1]["what"] == "deal declined"


def test_slips_that_were_not_committed_to_are_refused(hall: DrawHall) -> None:
    hall.start()
    ann = hall.announce()
    hall.to_the_freeze()
    with hall.db() as session, pytest.raises(Refused) as refused:
        receiving.take_slips(session, hall.registry, ann, "draw-notary", [bytes(32)] * 3)
    assert code_of(refused) == "draw.slips"


def test_the_beacon_counts_when_two_people_have_typed_the_same(hall: DrawHall) -> None:
    hall.start()
    dice = {"source": "dice", "rule": "ten dice, as they fell"}
    one = service.lots("lot", 5)
    ann = hall.announce(service.Demand(one.purpose, one.strata, asks=False, beacon=dice))
    first, second, third = process("first"), process("second"), process("third")

    def enter(actor: service.Actor, value: str) -> bool:
        with hall.db() as session:
            return entering.enter_beacon(session, hall.registry, actor, ann, value)

    with pytest.raises(Refused) as refused:
        enter(first, "1")
    assert code_of(refused) == "draw.beacon"
    hall.to_the_freeze()
    hall.work()
    assert not hall.entries("revealed")
    assert not enter(first, "4711")
    assert not enter(first, "4712")  # the same person corrects
    assert not enter(second, "4711")
    assert entering.differs(hall.draw(ann))
    assert enter(third, "4711")  # any two who agree: the first one's mistake holds nobody up
    assert not entering.differs(hall.draw(ann))
    hall.work()
    assert hall.draw(ann).ended and hall.entries("beacon")[0]["entered"] == ["second", "third"]
    assert [entry["user"] for entry in hall.entries("typed")] == ["first", "first", "second", "third"]
    assert all(entry.keys() == {"draw", "user"} for entry in hall.entries("typed"))


def test_two_people_type_the_beacon_on_its_page(hall: DrawHall) -> None:
    hall.start()
    with hall.db() as session:
        tender = make_tender(session)
        tender.code = TENDER
        users = [
            make_user(session, "tenderer", party=tender.tenderer, keys=hall.registry["keys"]) for _ in "ab"
        ]
        keys = [create_api_key(session, process("test"), user.id, "test") for user in users]
    one = service.lots("lot", 3)
    dice = {"source": "dice", "rule": "ten dice, as they fell"}
    ann = hall.announce(service.Demand(one.purpose, one.strata, asks=False, beacon=dice), 3)
    hall.to_the_freeze()
    app, path = hall.services["draw-notary"].app, f"/draws/{TENDER}/lot/1/beacon"
    app.get(path, status=303)  # nobody without an account
    for key, value in zip(keys, ("4711", "4711"), strict=True):
        bearer = {"Authorization": f"Bearer {key}"}
        assert hall.draw(ann).beacon is None
        form = last_form(app.get(path, headers=bearer))
        form["value"] = value
        form.submit(headers=bearer, status=303)
    assert hall.draw(ann).beacon == "4711"


def last_form(page: Any) -> Any:
    return list(page.forms.values())[-1]


def test_candidates_who_answer_are_settled_wave_by_wave(hall: DrawHall) -> None:
    hall.start()
    demand = service.Demand("seats", [{"id": "seat", "quota": 2, "tags": ["lot"]}])
    ann = hall.announce(demand)
    hall.to_the_freeze()
    hall.work()
    called = [handle for _, handle in hall.entries("called")[0]["call"]]

    def settle(outcomes: dict[str, str]) -> None:
        with hall.db() as session:
            drawn = service.draw_named(session, ann, lock=True)
            at = service.database_now(session)
            service.settle(session, hall.registry, drawn, outcomes, {}, at)

    with pytest.raises(Refused) as refused:
        settle({called[0]: "A"})
    assert code_of(refused) == "draw.wave"
    settle({called[0]: "A", called[1]: "D"})
    (third,) = [handle for _, handle in hall.entries("called")[1]["call"]]
    settle({third: "A"})
    panel = hall.entries("result")[0]["result"]["panel"]["seat"]
    assert set(panel) == {called[0], third}


def test_everybody_may_look_and_nobody_sees_a_name_before_the_list_is_opened(hall: DrawHall) -> None:
    hall.start()
    ann = hall.announce()
    app, address = hall.services["draw-notary"].app, f"/draws/{TENDER}/lot/1"
    assert "示例大学" in app.get(address).text
    app.get(f"/api/draws/{ann}/transcript", status=404)
    hall.to_the_freeze()
    hall.work()
    page = app.get(address).text
    assert hall.draw(ann).result_hash in page and "bid 1" not in page
    assert "bid 1" not in app.get(f"/api/draws/{ann}/transcript").text
    with hall.db() as session:
        service.open_list(session, hall.registry, service.draw_named(session, ann))
    assert "bid 1" in app.get(address).text
    app.get(f"/draws/{TENDER}/lot/2", status=404)


def test_a_draw_of_a_secret_evaluation_is_to_others_as_if_it_were_not(hall: DrawHall) -> None:
    hall.start()
    ann = hall.announce(service.lots("tie", 2))
    app = hall.services["draw-notary"].app

    def unseen() -> None:
        here, nowhere = (app.get(f"/draws/{TENDER}/tie/{n}", status=404).text for n in (1, 2))
        assert here.replace("tie/1", "tie/2").replace("tie%2F1", "tie%2F2") == nowhere
        found, none = (app.get(f"/api/draws/{name}/transcript", status=404).text for name in (ann, "0" * 64))
        assert found.replace(ann, "0" * 64) == none

    unseen()
    hall.to_the_freeze()
    with hall.db() as session:  # as after a result; the evaluation that takes it is not of this test
        service.draw_named(session, ann).result = {"calls": [], "panel": {}, "short": {}, "seed": "00"}
    unseen()
    with hall.db() as session:
        service.draw_named(session, ann).voided = True
        service.draw_named(session, ann).result = None
    unseen()
    with hall.db() as session:
        service.open_list(session, hall.registry, service.draw_named(session, ann))
    assert ann in app.get(f"/draws/{TENDER}/tie/1").text
    assert not hall.entries("opened")


def test_what_is_asked_of_a_trustee_only_itself_learns(hall: DrawHall) -> None:
    hall.start()
    ann = hall.announce()  # the fourth service stands by and is none of this draw's
    one, other, fourth = (hall.services[name] for name in ("draw-notary", "draw-audit", "draw-association"))
    assert one.ask("/api/draws/wanted/draw-notary") == [{"draw": ann, "wanted": ["commit"]}]
    for path in ("/api/draws/wanted/draw-notary", f"/api/draws/{ann}/papers/draw-notary"):
        one.app.get(path, status=404)
        stale = build_question("draw-notary", int(service.datetime.now(service.UTC).timestamp()) - 600)
        forged = other.signed(
            build_question("draw-notary", int(service.datetime.now(service.UTC).timestamp()))
        )
        assert "draw.question" in one.app.post_json(path, one.signed(stale), expect_errors=True).text
        assert "draw.question" in one.app.post_json(path, one.signed(b"{}"), expect_errors=True).text
        assert "draw.question" in one.app.post_json(path, forged, expect_errors=True).text
        with pytest.raises(Unreachable) as refused:
            other.ask(path)
        assert "draw.question" in str(refused.value)
    assert fourth.ask("/api/draws/wanted/draw-association") == []
    with pytest.raises(Unreachable) as unknown:
        fourth.ask(f"/api/draws/{ann}/papers/draw-association")
    assert unknown.value.status == 404


def test_the_bundle_has_what_the_verifier_computes_a_draw_from(hall: DrawHall) -> None:
    hall.start()
    ann = hall.announce()
    hall.to_the_freeze()
    hall.work()
    with hall.db() as session:
        files = {file.path: file for file in showing.files(session, hall.registry["keys"], TENDER)}
        sizes = showing.checkpoint_sizes(session, TENDER)
    kinds = sorted(path.split("/")[2] for path in files)
    assert kinds == ["acks"] * 6 + ["commits"] * 6 + ["openings.json", "params.json", "rows.json"]
    assert [path for path, file in files.items() if file.secret] == [f"draws/{ann}/openings.json"]
    assert len(sizes) == 1
