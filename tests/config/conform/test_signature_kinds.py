"""The vectors hold; a copy with anything altered does not."""

from __future__ import annotations

import base64
import copy
import json
from pathlib import Path
from typing import Any

import pytest

from config.conform import Kind
from config.conform.signatures import KINDS

VECTORS = Path(__file__).parents[2] / "vectors"
FILES = {
    "cades": "cades.json", "rfc3161": "rfc3161.json", "totp": "totp_rfc6238.json", "sm2": "sm2.json",
    "sm3": "sm3.json", "hmac-sm3": "hmac_sm3.json",
}  # fmt: skip
ANYWHERE = Path("renamed.json")


def load(name: str) -> Any:
    return json.loads((VECTORS / FILES[name]).read_bytes())


def kind_of(data: Any) -> Kind:
    (kind,) = [kind for kind in KINDS if kind.recognise(data, ANYWHERE)]
    return kind


def failures(data: Any) -> list[str]:
    return [name for name, holds, _ in kind_of(data).cases(data, ANYWHERE) if not holds]


@pytest.mark.parametrize("name", FILES)
def test_every_vector_holds_and_the_kind_is_known_by_its_keys(name: str) -> None:
    data = load(name)
    assert kind_of(data).name == name
    results = list(kind_of(data).cases(data, ANYWHERE))
    assert len(results) == len(data["cases"])
    assert [row for row in results if not row[1]] == []


@pytest.mark.parametrize("name", ["cades", "rfc3161"])
def test_a_turned_verdict_fails(name: str) -> None:
    data = load(name)
    for case in data["cases"]:
        case["valid"] = not case["valid"]
    assert len(failures(data)) == len(data["cases"])


def flipped(text: str, share: float) -> str:
    raw = bytearray(base64.b64decode(text))
    raw[int(len(raw) * share)] ^= 1
    return base64.b64encode(raw).decode()


@pytest.mark.parametrize("share", [0.01, 0.2, 0.4, 0.6, 0.8, 0.99])
@pytest.mark.parametrize(("name", "field"), [("cades", "p7s_b64"), ("rfc3161", "tsr_b64")])
def test_a_byte_changed_in_a_valid_container_fails(name: str, field: str, share: float) -> None:
    data = load(name)
    changed = copy.deepcopy(data)
    for case in changed["cases"]:
        case[field] = flipped(case[field], share)
    assert len(failures(changed)) == sum(case["valid"] for case in data["cases"])


@pytest.mark.parametrize("table", ["certs_pem", "crls_b64"])
def test_changed_authorities_fail(table: str) -> None:
    data = load("cades")
    for key, value in data[table].items():
        lines = value.splitlines()
        place = len(lines) // 2
        lines[place] = lines[place][:30] + ("A" if lines[place][30] != "A" else "B") + lines[place][31:]
        changed = data | {table: data[table] | {key: "\n".join(lines)}}
        assert failures(changed), key


def test_a_changed_code_secret_or_algorithm_fails() -> None:
    for field, value in (("TOTP", "94287083"), ("SECRET", "12345678901234567891"), ("MODE", "SHA256")):
        data = load("totp")
        data["cases"][0][field] = value
        assert failures(data) == ["0"], field


def test_sha512_and_hexadecimal_secrets_are_computed_too() -> None:
    # RFC 6238 appendix B, time 59: the seed of 64 ASCII digits, and SHA-1's in hexadecimal.
    seed = "1234567890" * 6 + "1234"
    cases = [
        {"TIME": "59", "TOTP": "90693936", "MODE": "SHA512", "SECRET": seed},
        {
            "TIME": "59",
            "TOTP": "94287082",
            "MODE": "SHA1",
            "SECRET": "3132333435363738393031323334353637383930",
        },
    ]
    assert failures({"cases": cases}) == []


def other(digits: str) -> str:
    """The same number of hexadecimal digits, the first of them another."""
    return ("1" if digits[0] != "1" else "2") + digits[1:]


def test_any_changed_number_of_an_sm2_case_fails() -> None:
    for place in ("r", "s", "msg", "e"):
        data = load("sm2")
        data["cases"][0]["sign"][place] = other(data["cases"][0]["sign"][place])
        assert failures(data) == ["0"], place
    for place in ("px", "py", "ID", "d"):
        data = load("sm2")
        data["cases"][0][place] = other(data["cases"][0][place])
        assert failures(data) == ["0"], place
    data = load("sm2")
    data["cases"][1]["c1c3c2"] = data["cases"][0]["encrypt"]["c1c3c2"]  # the unaltered one opens
    assert len(failures(data)) == 1


def test_changed_digests_and_turned_verdicts_of_sm3_fail() -> None:
    data = load("sm3")
    for case in data["cases"]:
        case["MD"] = other(case["MD"])
    assert len(failures(data)) == len(data["cases"])
    data = load("hmac-sm3")
    for case in data["cases"]:
        case["result"] = "invalid" if case["result"] == "valid" else "valid"
    assert len(failures(data)) == len(data["cases"])


@pytest.mark.parametrize("name", ["cades", "rfc3161", "totp"])
def test_a_case_that_lost_a_field_fails_and_the_others_still_run(name: str) -> None:
    data = load(name)
    for field in list(data["cases"][0]):
        if field in ("name", "COUNT"):
            continue
        changed = copy.deepcopy(data)
        del changed["cases"][0][field]
        results = list(kind_of(changed).cases(changed, ANYWHERE))
        assert [holds for _, holds, _ in results] == [False] + [True] * (len(results) - 1), field
