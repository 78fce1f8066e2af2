"""Whatever bytes come from outside, a parser answers with its own error, and soon (不良输入)."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bidding.evaluation.pricesheet import parse_bytes
from bidding.vault.close import parse_close
from bidding.vault.custodian_key import parse_statement
from bidding.vault.encoding import EncodingError, unb64
from bidding.vault.keyfile import read_keyfile
from bidding.vault.manifest import parse_manifest, parse_withdrawal
from bidding.vault.policy import parse_policy
from bidding.vault.receipt import parse_receipt
from bidding.vault.release import parse_bidder_release, parse_release
from bidding.vault.sealed_file import SealedFileError, open_sealed
from trading.errors import Refused
from trading.ledger import canonical, entry
from trading.ledger.checkpoint import NoteError, parse_checkpoint, parse_tlog_proof

VECTORS = Path(__file__).parents[1] / "vectors"


def _enter(opening: Any) -> None:
    with opening:
        return


PARSERS: dict[str, tuple[Callable[[bytes], Any], tuple[type[Exception], ...]]] = {
    "manifest": (parse_manifest, (EncodingError,)),
    "withdrawal": (parse_withdrawal, (EncodingError,)),
    "policy": (parse_policy, (EncodingError,)),
    "close": (parse_close, (EncodingError,)),
    "statement": (parse_statement, (EncodingError,)),
    "release": (parse_release, (EncodingError,)),
    "bidder release": (parse_bidder_release, (EncodingError,)),
    "receipt": (parse_receipt, (EncodingError,)),
    "key file": (lambda data: read_keyfile(data, "wrong"), (EncodingError, ValueError)),
    "sealed file": (lambda data: _enter(open_sealed(io.BytesIO(data))), (SealedFileError,)),
    "price sheet": (parse_bytes, (Refused,)),
    "proof": (lambda data: parse_tlog_proof(data.decode("utf-8", "surrogateescape")), (NoteError,)),
    "canonical": (canonical.loads, (canonical.CanonicalError,)),
    "entry": (entry.parse, (entry.EntryError, canonical.CanonicalError)),
    "checkpoint": (lambda data: parse_checkpoint(data.decode("utf-8", "surrogateescape")), (NoteError,)),
    "base64": (lambda data: unb64(data.decode("latin-1")), (EncodingError,)),
}
BOMBS = [
    b"[" * 200_000,
    b'{"a":' * 100_000,
    b"9" * 100_000,
    b'{"v":1e999999}',
    b'{"v":NaN}',
    b'{"v":-0}',
    b'{"a":1,"a":2}',
    b'"\\ud800"',
    b"\xff\xfe\x00",
    b"",
    b"null",
    b"\x30\x80" * 50_000,
]


def seeds() -> list[bytes]:
    """Documents of the vector files, as a parser gets them."""
    found = []
    for path in sorted(VECTORS.glob("seal*.json")) + [VECTORS / "ledger_log.json"]:
        pending = [json.loads(path.read_text())]
        while pending:
            value = pending.pop()
            if isinstance(value, dict):
                pending += value.values()
                if "typ" in value or "type" in value:
                    found.append(canonical.dumps(value) if _plain(value) else b"{}")
            elif isinstance(value, list):
                pending += value
            elif isinstance(value, str) and value.startswith("{"):
                found.append(value.encode())
    return found[:60] or [b"{}"]


def _plain(value: object) -> bool:
    try:
        canonical.dumps(value)
    except canonical.CanonicalError:
        return False
    return True


JSONISH = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A real document with bytes changed, cut out, doubled or put in."""
    data = bytearray(draw(st.sampled_from(seeds())))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(data)))
        size = draw(st.integers(0, 8))
        data[at : at + size] = draw(st.binary(max_size=8) | st.just(bytes(data[at : at + size]) * 2))
    return bytes(data)


ANYTHING = st.one_of(
    st.binary(max_size=300),
    damaged(),
    JSONISH.map(lambda value: json.dumps(value).encode()),
    st.sampled_from(BOMBS),
)


@pytest.mark.parametrize("name", PARSERS)
@given(data=ANYTHING)
@settings(max_examples=60, deadline=2000, suppress_health_check=list(HealthCheck))
def test_a_parser_answers_anything_with_its_own_error(name: str, data: bytes) -> None:
    parse, own = PARSERS[name]
    try:
        parse(data)
    except own:
        return


@pytest.mark.parametrize("name", PARSERS)
@pytest.mark.parametrize("bomb", BOMBS, ids=[str(number) for number in range(len(BOMBS))])
def test_a_bomb_is_refused_like_anything_else(name: str, bomb: bytes) -> None:
    parse, own = PARSERS[name]
    try:
        parse(bomb)
    except own:
        return
