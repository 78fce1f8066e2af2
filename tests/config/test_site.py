"""The device of the evaluation site: what it calls, settles, tells, answers, and what a crash changes (nothing)."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from config.demo.cast import SITE
from config.device import unb64
from config.installation import device
from config.settings import PANEL_SITE
from expert_pool.calls.proving import Wave, check
from expert_pool.calls.settling import evidence, uncalled_record
from plugins.demo_ca.authority import DemoCA
from plugins.x509_signatures import verifier_from
from tests.config.evaluation_site import PLACE, SPECIALITY, TENDER, WINDOW, Drawn, Scene, draw, person, scene
from tests.pki import NOW
from trading.clock import now
from trading.draws.announcement import parse_params
from trading.draws.names import open_names
from trading.voicing import parse_record


@pytest.fixture(scope="module")
def bought(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A device as it is delivered."""
    folder = tmp_path_factory.mktemp("device")
    sha256 = device(DemoCA.create(folder / "ca"), folder / "site", *SITE)
    config = {"name": PANEL_SITE, "cert_sha256": sha256, "calls": 2, "pause": 0}
    (folder / "site" / "config.json").write_text(json.dumps(config))
    return folder / "site"


@pytest.fixture
def here(bought: Path, tmp_path: Path) -> Iterator[Scene]:
    with scene(bought, tmp_path) as found:
        yield found


def numbers_called(here: Scene) -> list[str]:
    return [parse_record(record).number for record in here.telephones.records()]


def nonce_of(drawn: Drawn, number: int) -> str:
    rows = json.loads(drawn.openings)["rows"]
    return str(next(row["nonce"] for row in rows if row["h"] == drawn.handles[number]))


def test_one_wave_settles_everybody_who_was_called(here: Scene) -> None:
    drawn = draw(here.key)
    here.behave("decline", "no-answer", "91", "accept")
    here.hall.want_calls(drawn, drawn.handles[:5])
    wave = here.settle()
    assert (wave["typ"], wave["draw"], wave["number"]) == ("ebid.wave", drawn.ann, 0)
    assert wave["until"] == (NOW + WINDOW).timestamp()
    assert wave["outcomes"].keys() == set(drawn.handles[:5]) == wave["evidence"].keys()
    assert sorted(wave["outcomes"].values()) == ["A", "A", "A", "D", "N"]
    assert len(here.hall.waves()) == 1


def test_the_evidence_is_the_hash_of_the_gateways_own_records(here: Scene) -> None:
    drawn = draw(here.key)
    here.behave("accept", numbers="13800000001=no-answer")
    here.hall.want_calls(drawn, drawn.handles[:2])
    wave, records = here.settle(), here.telephones.records()
    of = [[raw for raw in records if parse_record(raw).number == f"1380000000{n}"] for n in (0, 1)]
    assert [len(each) for each in of] == [1, 2], "somebody who does not answer is called again"
    assert wave["evidence"][drawn.handles[0]] == hashlib.sha256(of[0][0]).hexdigest()
    assert wave["evidence"][drawn.handles[1]] == evidence(of[1])


def test_the_window_ends_calls_that_nobody_has_answered(here: Scene) -> None:
    drawn = draw(here.key)
    here.behave("accept", numbers="13800000001=no-answer", rings="1000000", ring="0.005")
    here.hall.want_calls(drawn, drawn.handles[:2])
    here.work_until(lambda: len(here.telephones.records()) == 1)
    here.site.work()
    assert here.hall.waves() == []
    here.clock.move(seconds=WINDOW.total_seconds())
    outcomes = here.settle()["outcomes"]
    assert outcomes == {drawn.handles[0]: "A", drawn.handles[1]: "N"}


def test_an_answer_after_the_window_comes_too_late(here: Scene) -> None:
    drawn = draw(here.key)
    here.hall.want_calls(drawn, drawn.handles[:1])
    here.clock.move(seconds=WINDOW.total_seconds())
    wave = here.settle()
    assert wave["outcomes"] == {drawn.handles[0]: "N"} and wave["evidence"] == {
        drawn.handles[0]: evidence(
            [uncalled_record(drawn.ann, drawn.handles[0], nonce_of(drawn, 0), "no-call")]
        )
    }
    assert numbers_called(here) == []


def test_a_gateway_that_is_away_for_a_while_costs_nobody_the_call(here: Scene) -> None:
    drawn = draw(here.key)
    here.telephones.set_modes({"down": "yes"})
    here.hall.want_calls(drawn, drawn.handles[:3])
    for _ in range(3):
        here.site.work()
    here.behave("accept")
    assert set(here.settle()["outcomes"].values()) == {"A"}
    assert len(numbers_called(here)) == 3


def test_a_busy_line_is_called_again(here: Scene) -> None:
    drawn = draw(here.key)
    here.behave("busy")
    here.hall.want_calls(drawn, drawn.handles[:1])
    assert here.settle()["outcomes"] == {drawn.handles[0]: "N"}
    assert len(numbers_called(here)) == 2


def test_those_who_accepted_get_the_session_and_those_passed_over_are_told_so(here: Scene) -> None:
    drawn = draw(here.key)
    here.behave("accept", numbers="13800000001=no-answer 13800000002=decline")
    here.hall.want_calls(drawn, drawn.handles[:3])
    here.settle()
    here.site.work()
    told = {number: text for _at, number, text, _state in here.texts.received()}
    assert told.keys() == {"13800000000", "13800000001"}
    assert PLACE in told["13800000000"] and "2026年11月23日" in told["13800000000"]
    assert "marked as not answering at 17:30" in told["13800000001"], "the instant of 09:30 UTC in Beijing"


def test_text_messages_wait_for_a_gateway_that_is_down(here: Scene) -> None:
    drawn = draw(here.key)
    here.texts.set_modes({"down": "yes"})
    here.hall.want_calls(drawn, drawn.handles[:1])
    here.settle()
    here.switch_on().work()
    assert here.texts.received() == []
    here.texts.set_modes({})
    here.switch_on().work()
    here.switch_on().work()
    assert len(here.texts.received()) == 1


def test_whoever_was_asked_in_an_earlier_draw_or_has_a_colleague_seated_is_not_rung(here: Scene) -> None:
    first, second = draw(here.key, 1), draw(here.key, 2)
    here.behave("accept", numbers="13800000001=decline")
    here.hall.want_calls(first, [first.handles[1], first.handles[2]])
    here.settle()
    rung = numbers_called(here)
    here.hall.want_calls(
        second, [second.handles[1], second.handles[3], second.handles[4]],
        asked_before=[first.ann], earlier={first.ann: first.given()},
    )  # fmt: skip
    wave = here.settle()
    assert wave["outcomes"] == {second.handles[1]: "R", second.handles[3]: "R", second.handles[4]: "A"}
    assert len(set(wave["evidence"].values())) == 3
    assert numbers_called(here) == [*rung, "13800000004"], "3 has the employer of 2, who accepted"


# --- what it does not do for the hall -----------------------------------------------------------


def declined(here: Scene) -> str:
    here.site.work()
    assert here.hall.received == [] and numbers_called(here) == []
    return str(here.site.lines()[-1]["reasons"])


def test_it_calls_nobody_by_another_list_than_the_announced_one(here: Scene) -> None:
    drawn, other = draw(here.key), draw(here.key, 2)
    here.hall.want_calls(drawn, drawn.handles[:1], params=other.params)
    assert "another draw" in declined(here)
    here.hall.want_calls(drawn, drawn.handles[:1], openings_sha256=hashlib.sha256(b"").hexdigest())
    assert "not the openings" in declined(here)
    here.hall.want_calls(drawn, other.handles[:1])
    assert "does not stand" in declined(here)


def test_a_round_asked_for_again_with_other_people_is_declined(here: Scene) -> None:
    drawn = draw(here.key)
    here.hall.want_calls(drawn, drawn.handles[:1])
    here.settle()
    for number, handles in ((0, drawn.handles[1:2]), (1, drawn.handles[:1])):
        here.hall.want_calls(drawn, handles, number)
        here.site.work()
        assert here.site.lines()[-1]["what"] == "call declined"
    assert len(here.hall.waves()) == 1 and len(numbers_called(here)) == 1


@pytest.mark.parametrize(
    "place", [f"评标室 {TENDER}", "教育局电脑采购项目评标室", "启明教育装备有限公司会议室"]
)
def test_a_place_that_tells_what_is_evaluated_is_not_spoken(here: Scene, place: str) -> None:
    drawn = draw(here.key)
    here.hall.want_calls(drawn, drawn.handles[:1])
    here.hall.wanted["calls"][0]["script"]["place"] = place
    assert place in declined(here)


# --- who has come ---------------------------------------------------------------------------------


def test_only_somebody_who_accepted_is_known_when_they_come(here: Scene) -> None:
    drawn = draw(here.key)
    here.behave("accept", numbers="13800000001=decline")
    here.hall.want_calls(drawn, drawn.handles[:2])
    here.settle()
    here.hall.wanted["arrivals"] = [drawn.given() | {"id": f"v{n}", "expert": f"E{n}"} for n in (0, 1, 5)]
    here.hall.received.clear()
    here.clock.move(hours=12)
    here.switch_on().work()
    answers = {said["arrival"]: said["opening"] for _path, said in here.hall.received}
    assert answers["v1"] is None and answers["v5"] is None
    assert answers["v0"]["h"] == drawn.handles[0] and answers["v0"]["record"] == person(0)


def test_waves_are_signed_with_the_devices_certificate(here: Scene) -> None:
    drawn = draw(here.key)
    here.hall.want_calls(drawn, drawn.handles[:1])
    here.site.signer = here.site.certified
    here.settle()
    wave = here.site.of_draw(drawn.ann)[0].wave or {}
    signed = verifier_from(here.site.settings).verify(unb64(wave["document"]), unb64(wave["p7s"]), now())
    assert signed.certificate_sha256 == here.site.known["cert_sha256"]


def test_the_openings_handed_over_are_the_announced_ones(here: Scene) -> None:
    drawn = draw(here.key)
    here.hall.want_calls(drawn, drawn.handles[:1])
    here.settle()
    here.hall.wanted["open"] = [drawn.given()]
    here.clock.move(hours=23)
    here.site.work()
    assert here.hall.received[-1][0] != "/api/site/openings"  # no result is published before the session
    here.clock.move(hours=1)
    here.site.work()
    path, said = here.hall.received[-1]
    assert path == "/api/site/openings" and unb64(said["openings"]) == drawn.openings


@pytest.mark.parametrize("called", [False, True])
def test_a_hall_that_asks_for_names_long_before_the_session_gets_none(here: Scene, called: bool) -> None:
    drawn = draw(here.key)
    if called:
        here.hall.want_calls(drawn, drawn.handles[:1])
        here.settle()
    here.hall.received.clear()
    here.hall.wanted |= {"open": [drawn.given()], "arrivals": [drawn.given() | {"id": "v", "expert": "E0"}]}
    here.clock.move(hours=11)
    here.site.work()
    assert here.hall.received == []
    assert {line["what"] for line in here.site.lines()[-2:]} == {"answer declined", "hand_over declined"}


# --- doors: what the gateways learn, and a device that lies ----------------------------------------


def test_the_gateways_never_receive_more_than_numbers_dates_times_places_and_specialities(
    here: Scene,
) -> None:
    drawn = draw(here.key)
    here.behave("decline", "no-answer", "91", "accept")
    here.hall.want_calls(drawn, drawn.handles[:5])
    here.settle()
    here.site.work()
    spoken = {json.loads(body)["script"] for path, body in heard(here) if path == "/calls"}
    assert spoken == {
        "Good day, this is the public resource trading centre. You are asked to come to an evaluation on 2026年11月23日 at "
        f"17:30, in {PLACE}. Speciality: {SPECIALITY}. Press 1 to accept, press 2 to decline."
    }
    for _path, body in heard(here):
        assert json.loads(body).keys() <= {"key", "number", "script"}
    everything = "".join(body for _path, body in heard(here)) + "".join(
        text for _, _, text, _ in here.texts.received()
    )
    secrets = [TENDER, drawn.ann, "panel", *(person(n)["org"] for n in range(8)), *drawn.handles]
    secrets += [str(person(n)["name"]) for n in range(8)]
    assert [secret for secret in secrets if secret in everything] == []
    texts = {text for _at, _number, text, _state in here.texts.received()}
    assert len(texts) == 2, "those who accepted all read the same, and so do those who did not answer"


def heard(here: Scene) -> list[tuple[str, str]]:
    """Everything the voice gateway ever received."""
    shown = here.telephones.shown("/log")
    assert shown is not None
    return [(path, body) for path, body in json.loads(shown[1])["requests"]]


def checked(here: Scene, drawn: Drawn, wave: dict[str, Any]) -> list[tuple[str, str]]:
    """What the regulator finds: who, and what does not fit."""
    names_ = open_names(parse_params(drawn.params), "regulator", bytes(32), drawn.sealed)
    nonces = {handle: nonce for handle, (nonce, _record) in names_.rows.items()}
    until = datetime.fromtimestamp(wave["until"], UTC)
    logged = Wave(drawn.ann, wave["number"], NOW, NOW + WINDOW, until, wave["outcomes"], wave["evidence"])
    found = check(logged, names_.phones, nonces, here.telephones.records(), [])
    return [(f"E{drawn.handles.index(one.handle)}", one.code) for one in found]


def test_an_honest_wave_stands_up_to_the_operators_records(here: Scene) -> None:
    drawn = draw(here.key)
    here.behave("decline", "no-answer", "91", "accept")
    here.hall.want_calls(drawn, drawn.handles[:5])
    assert checked(here, drawn, here.settle()) == []


def test_a_false_no_answer_is_exposed_by_the_operators_records(here: Scene) -> None:
    drawn = draw(here.key)
    here.hall.want_calls(drawn, drawn.handles[:3])
    wave = here.settle()
    friend = drawn.handles[0]
    assert checked(here, drawn, wave | {"outcomes": wave["outcomes"] | {friend: "N"}}) == [
        ("E0", "contradicted")
    ]
    invented = wave["evidence"] | {friend: hashlib.sha256(b"nobody picked up").hexdigest()}
    lie = wave | {"outcomes": wave["outcomes"] | {friend: "N"}, "evidence": invented}
    assert checked(here, drawn, lie) == [("E0", "unproven"), ("E0", "left-out")]


# --- crashes --------------------------------------------------------------------------------------


class Crash(BaseException):
    """The device loses power."""


class Fuse:
    """Blows at the n-th step of the device: when it is done, but before the device knows."""

    def __init__(self, at: int) -> None:
        self.left = at
        self.lock = threading.Lock()

    def wrap(self, act: Any) -> Any:
        def step(*given: Any) -> Any:
            with self.lock:
                self.left -= 1
                mine = self.left == 0
            found = act(*given)
            if mine:
                raise Crash
            return found

        return step


def fused(here: Scene, fuse: Fuse) -> None:
    """Everything that the device does outside itself goes through the fuse."""
    site = here.site
    site.keep = fuse.wrap(site.keep)  # type: ignore[method-assign]
    site.post = fuse.wrap(site.post)  # type: ignore[method-assign]
    site.ask_gateway = fuse.wrap(site.ask_gateway)  # type: ignore[method-assign]
    site.sms = type("Sms", (), {"send": staticmethod(fuse.wrap(here.sms.send))})()


def test_a_device_that_dies_at_any_step_calls_nobody_twice_and_changes_no_outcome(
    bought: Path, tmp_path: Path
) -> None:
    blown, step = True, 0
    while blown:
        step += 1
        folder = tmp_path / str(step)
        folder.mkdir()
        with scene(bought, folder) as here:
            drawn = draw(here.key)
            here.behave("accept", numbers="13800000001=decline 13800000002=no-answer")
            here.hall.want_calls(drawn, drawn.handles[:3])
            fused(here, Fuse(step))
            blown = False
            try:
                here.work_until(lambda: bool(here.texts.received()) and len(here.texts.received()) == 2)
            except Crash:
                blown = True
            here.switch_on()
            here.work_until(lambda: bool(here.hall.waves()) and len(here.texts.received()) == 2)
            here.site.work()
            outcomes = [wave["outcomes"] for wave in here.hall.waves()]
            assert outcomes == [dict(zip(drawn.handles, "ADN", strict=False))] * len(outcomes)
            assert len({json.dumps(wave) for wave in here.hall.waves()}) == 1
            assert sorted(numbers_called(here)) == ["13800000000", "13800000001", *["13800000002"] * 2]
            assert len(here.texts.received()) == 2
    assert step > 10


def test_a_wave_that_the_hall_could_not_take_is_handed_in_again_to_the_letter(here: Scene) -> None:
    drawn = draw(here.key)
    here.hall.want_calls(drawn, drawn.handles[:1])
    here.hall.refusing = True
    here.work_until(lambda: any(each.wave for each in here.site.rounds.values()))
    kept = next(iter(here.site.rounds.values())).document()
    here.clock.move(seconds=timedelta(hours=1).total_seconds())
    here.hall.refusing = False
    here.switch_on()
    assert here.settle() == json.loads(kept)
