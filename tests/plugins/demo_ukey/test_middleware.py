"""The USB key as a page meets it: certificates, PIN, lock, and only one origin."""

from __future__ import annotations

import base64
import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from plugins.demo_ukey.middleware import make_server
from plugins.demo_ukey.token import TRIES, UsbKey
from tests.pki import NOW, USCC, Sm2Pki, running

HALL = "https://hall.example"


@pytest.fixture
def pki(tmp_path: Path) -> Sm2Pki:
    return Sm2Pki(tmp_path)


@pytest.fixture
def address(pki: Sm2Pki, tmp_path: Path) -> Iterator[str]:
    key = UsbKey.create(tmp_path / "ukey", pki.ca, "123456", common_name="张三", organisation_id=USCC)
    with running(make_server(0, key, HALL)) as address:
        yield address


def ask(url: str, body: Any = None, origin: str = HALL, method: str = "") -> tuple[int, Any, dict[str, str]]:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Origin": origin} if origin else {}, method=method or None)
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            return answer.status, json.loads(answer.read() or b"null"), dict(answer.headers)
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read() or b"null"), dict(error.headers)


def signing(pin: str) -> dict[str, str]:
    return {"pin": pin, "data": base64.b64encode(b"bid").decode(), "at": "2026-11-22T09:30:00.000Z"}


def test_what_the_key_signs_the_hall_accepts(pki: Sm2Pki, address: str) -> None:
    status, held, headers = ask(address + "/certificates")
    assert (status, headers["Access-Control-Allow-Origin"]) == (200, HALL)
    status, answer, _ = ask(address + "/sign", signing("123456"))
    assert status == 200
    evidence = pki.verifier().verify(b"bid", base64.b64decode(answer["cms"]), NOW)
    assert (evidence.certificate_sha256, evidence.organisation_id) == (held[0]["sha256"], USCC)
    assert (evidence.common_name, evidence.signing_time) == (held[0]["common_name"], NOW)


@pytest.mark.parametrize("origin", ["https://evil.example", "", "null", HALL + ".evil.example"])
def test_a_page_of_another_site_learns_nothing(address: str, origin: str) -> None:
    for path, body, method in (
        ("/certificates", None, ""),
        ("/sign", signing("123456"), ""),
        ("/sign", None, "OPTIONS"),
    ):
        status, answer, headers = ask(address + path, body, origin, method)
        assert (status, answer) == (403, {"error": "origin"})
        assert "Access-Control-Allow-Origin" not in headers


def test_a_right_pin_forgets_the_wrong_ones(address: str) -> None:
    assert ask(address + "/sign", signing("0"))[:2] == (403, {"error": "pin", "left": TRIES - 1})
    assert ask(address + "/sign", signing("123456"))[0] == 200
    assert ask(address + "/sign", signing("0"))[1]["left"] == TRIES - 1


def test_too_many_wrong_pins_lock_the_key_for_good(address: str, pki: Sm2Pki, tmp_path: Path) -> None:
    answers = [ask(address + "/sign", signing("0"))[:2] for _ in range(TRIES)]
    assert answers[-2:] == [(403, {"error": "pin", "left": 1}), (423, {"error": "locked"})]
    assert ask(address + "/sign", signing("123456"))[0] == 423
    with running(make_server(0, UsbKey(tmp_path / "ukey"), HALL)) as restarted:
        assert ask(restarted + "/sign", signing("123456"))[0] == 423


@pytest.mark.parametrize("body", [{}, {"pin": "1"}, {"pin": "1", "data": "*"}, []])
def test_what_cannot_be_read_is_refused_and_costs_no_try(address: str, body: Any) -> None:
    assert ask(address + "/sign", body)[0] == 422
    assert ask(address + "/sign", signing("0"))[1]["left"] == TRIES - 1
