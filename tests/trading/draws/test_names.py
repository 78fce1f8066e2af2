"""Names sealed to the site and the regulator."""

from __future__ import annotations

import json

import pytest

from tests.draws.ceremonies import ceremony
from trading import hpke
from trading.draws.announcement import Params, parse_params
from trading.draws.hashing import jcs
from trading.draws.names import NamesError, open_names, seal_names
from trading.ledger import canonical

SEEDS = {"site": bytes([1]) * 32, "regulator": bytes([2]) * 32}
HANDLE = "ab" * 32


def counting(size: int) -> bytes:
    return bytes(range(size))


def params(number: int = 1) -> Params:
    return parse_params(ceremony(number).transcript["params"])


def openings() -> bytes:
    row = {"h": HANDLE, "nonce": "cd" * 32, "record": {"id": "E7", "name": "周磊"}, "groups": ["unit"]}
    return jcs({"v": 1, "typ": "ebid.draw-openings", "rows": [row]})


def sealed(number: int = 1) -> bytes:
    readers = {name: hpke.public_key(hpke.X_WING, seed) for name, seed in SEEDS.items()}
    return seal_names(params(number), readers, openings(), {HANDLE: "13800000000"}, counting)


@pytest.mark.parametrize("reader", ["site", "regulator"])
def test_both_readers_get_the_very_openings_and_the_telephones(reader: str) -> None:
    found = open_names(params(), reader, SEEDS[reader], sealed())
    assert found.openings == openings()
    assert found.rows[HANDLE] == ("cd" * 32, {"id": "E7", "name": "周磊"})
    assert found.phones == {HANDLE: "13800000000"}


def test_no_other_key_opens_the_names() -> None:
    with pytest.raises(NamesError):
        open_names(params(), "site", bytes(32), sealed())


def test_one_reader_cannot_use_the_others_wrap() -> None:
    with pytest.raises(NamesError):
        open_names(params(), "regulator", SEEDS["site"], sealed())


def test_the_names_of_another_draw_are_refused() -> None:
    with pytest.raises(NamesError):
        open_names(params(2), "site", SEEDS["site"], sealed())


def test_names_whose_bytes_were_touched_do_not_open() -> None:
    box = json.loads(sealed())
    box["ct"] = box["ct"][:-8] + "AAAAAAA="
    with pytest.raises(NamesError):
        open_names(params(), "site", SEEDS["site"], canonical.dumps(box))


def test_names_are_sealed_to_these_two_readers_and_to_no_third() -> None:
    keys = {name: hpke.public_key(hpke.X_WING, bytes(32)) for name in ("site", "regulator", "operator")}
    with pytest.raises(ValueError, match="nobody else"):
        seal_names(params(), keys, openings(), {}, counting)
