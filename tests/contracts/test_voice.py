"""IVoice: the gateway over HTTP, as the device of the evaluation site meets it, and gateways that misbehave."""

from __future__ import annotations

import hashlib
import io
import json
import time
import wave
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from zope.interface.verify import verifyObject

from plugins.outbound import exchange
from plugins.voice.client import HttpVoice
from plugins.voice.simulator import Gateway, make_server
from tests.pki import Clock, running
from trading.errors import Refused
from trading.interfaces import IVoice
from trading.voicing import CallRecord, parse_record

NUMBER, SCRIPT = "13800138000", "您好，请于十一月二十五日九点到评标室。"
FAST = {"ring": "0.001", "think": "0.001"}


@pytest.fixture
def telephones(tmp_path: Path) -> Gateway:
    found = Gateway(tmp_path / "voice", Clock())
    found.set_modes(FAST)
    return found


@pytest.fixture
def address(telephones: Gateway) -> Iterator[str]:
    with running(make_server("127.0.0.1", 0, telephones)) as address:
        yield address


@pytest.fixture
def voice(address: str, telephones: Gateway) -> HttpVoice:
    return HttpVoice(address, telephones.secret, timeout=2)


def code(act: Callable[[], object]) -> str:
    with pytest.raises(Refused) as caught:
        act()
    return caught.value.faults[0].code


def ended(voice: HttpVoice, key: str) -> bytes:
    limit = time.monotonic() + 10
    while time.monotonic() < limit:
        found = voice.state(key)
        if found is not None and found.state == "ended":
            assert found.record_sha256 == hashlib.sha256(found.record).hexdigest()
            return found.record
        time.sleep(0.005)
    raise AssertionError("the call does not end")


def called(voice: HttpVoice, telephones: Gateway, does: str, key: str = "k1") -> CallRecord:
    telephones.set_modes(FAST | {"behaviour": does})
    voice.place(key, NUMBER, SCRIPT)
    return parse_record(ended(voice, key))


def test_it_offers_the_port(voice: HttpVoice) -> None:
    assert verifyObject(IVoice, voice)


@pytest.mark.parametrize(
    ("does", "keys", "outcome", "prompts"),
    [
        ("accept", "1", "accept", 2),
        ("decline", "2", "decline", 2),
        ("91", "91", "accept", 3),
        ("999", "999", "no-answer", 4),
        ("silent", "", "no-answer", 2),
        ("no-answer", "", "no-answer", 0),
        ("busy", "", "failed", 0),
    ],
)
def test_keys_decide_and_a_wrong_one_has_the_script_said_again(
    voice: HttpVoice, telephones: Gateway, does: str, keys: str, outcome: str, prompts: int
) -> None:
    record = called(voice, telephones, does)
    assert (record.number, record.keys, record.outcome, len(record.prompts)) == (
        NUMBER,
        keys,
        outcome,
        prompts,
    )
    assert (record.answered is None, record.audio == "") == (prompts == 0, prompts == 0)


def test_it_rings_as_often_as_set_before_it_gives_up(voice: HttpVoice, telephones: Gateway) -> None:
    assert called(voice, telephones, "no-answer").rings == 3
    assert called(voice, telephones, "accept", "k2").rings == 3, "a number keeps to what it does"


def test_what_was_said_is_kept_as_sound_under_the_hash_in_the_record(
    voice: HttpVoice, telephones: Gateway, address: str
) -> None:
    record = called(voice, telephones, "accept")
    _status, _headers, sound = exchange(f"{address}/audio/{record.audio}.wav")
    assert hashlib.sha256(sound).hexdigest() == record.audio
    with wave.open(io.BytesIO(sound)) as file:
        assert file.getnframes() / file.getframerate() > 3, "the script takes some seconds to say"


def test_a_call_is_made_once_however_often_it_is_placed(voice: HttpVoice, telephones: Gateway) -> None:
    for _ in range(3):
        voice.place("k1", NUMBER, SCRIPT)
    ended(voice, "k1")
    voice.place("k1", NUMBER, SCRIPT)
    assert len(telephones.calls()) == 1


def test_a_key_means_one_script_to_one_number(voice: HttpVoice) -> None:
    voice.place("k1", NUMBER, SCRIPT)
    assert code(lambda: voice.place("k1", NUMBER, "another")) == "voice.key-reused"
    assert code(lambda: voice.place("k1", "13900139000", SCRIPT)) == "voice.key-reused"


@pytest.mark.parametrize(("number", "script"), [("0755-12345678", SCRIPT), (NUMBER, ""), (NUMBER, "a" * 401)])
def test_what_nobody_can_be_told_is_declined(voice: HttpVoice, number: str, script: str) -> None:
    assert code(lambda: voice.place("k1", number, script)) == "voice.declined"
    assert voice.state("k1") is None


def test_hanging_up_ends_a_call_that_nobody_answers(voice: HttpVoice, telephones: Gateway) -> None:
    telephones.set_modes({"ring": "0.005", "rings": "100000", "behaviour": "no-answer"})
    voice.place("k1", NUMBER, SCRIPT)
    voice.hang_up("k1")
    assert parse_record(ended(voice, "k1")).outcome == "no-answer"
    voice.hang_up("k1")
    voice.hang_up("never placed")


def test_telephones_do_what_the_row_says_in_the_order_in_which_they_are_first_called(
    voice: HttpVoice, telephones: Gateway
) -> None:
    telephones.set_modes(FAST | {"behaviour": "decline no-answer 91 accept", "numbers": "13800000009=busy"})
    for last in (0, 1, 2, 3, 4, 9):
        voice.place(f"k{last}", f"1380000000{last}", SCRIPT)
    found = [parse_record(ended(voice, f"k{last}")).outcome for last in (0, 1, 2, 3, 4, 9)]
    assert found == ["decline", "no-answer", "accept", "accept", "accept", "failed"]


def test_a_call_that_a_crash_of_the_gateway_ended_has_failed_and_stays_so(
    telephones: Gateway, tmp_path: Path
) -> None:
    telephones.set_modes({"ring": "60"})
    telephones.place("k1", NUMBER, SCRIPT)
    again = Gateway(tmp_path / "voice", Clock())
    assert json.loads(again.state("k1")["record"])["outcome"] == "failed"


def test_a_gateway_that_is_down_or_away_or_knows_us_not_is_unavailable(
    voice: HttpVoice, telephones: Gateway, address: str
) -> None:
    stranger, nobody = HttpVoice(address, "wrong", timeout=2), HttpVoice("http://127.0.0.1:9", "", timeout=1)
    telephones.set_modes({"down": "yes"})
    for each in (voice, nobody):
        assert code(lambda each=each: each.place("k1", NUMBER, SCRIPT)) == "voice.unavailable"  # type: ignore[misc]
        assert code(lambda each=each: each.state("k1")) == "voice.unavailable"  # type: ignore[misc]
    telephones.set_modes({})
    assert code(lambda: stranger.place("k1", NUMBER, SCRIPT)) == "voice.unavailable"
    assert telephones.calls() == []


def test_visitors_hear_the_calls_on_a_page(voice: HttpVoice, telephones: Gateway, address: str) -> None:
    record = called(voice, telephones, "accept")
    status, _, body = exchange(address + "/")
    assert status == 200 and NUMBER in body.decode() and f"/audio/{record.audio}.wav" in body.decode()
