"""What services of a draw sign besides their commitments and acks (服务名片、密封的份额): who they are and how slips
are encrypted to them, the sealed deals they hand in, the slips they publish for a party that withheld its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from trading.draws.announcement import is_hex32
from trading.draws.hashing import is_name, jcs
from trading.draws.refusal import malformed
from trading.ledger import canonical

MOST_BYTES = 8192


@dataclass(frozen=True)
class Card:
    """A service's card: `key` is its raw HPKE key, `at` when it said so (Unix seconds)."""

    name: str
    key: bytes
    at: int


def build_card(name: str, key: bytes, at: int) -> bytes:
    """The card, to be signed: it also says that the service is there."""
    return jcs({"v": 1, "typ": "ebid.draw-card", "name": name, "key": key.hex(), "at": at})


def build_question(name: str, at: int) -> bytes:
    """What a service signs to be told what is asked of it, and the papers of its draws."""
    return jcs({"v": 1, "typ": "ebid.draw-question", "name": name, "at": at})


def parse_question(raw: bytes) -> tuple[str, int]:
    """(name, when it asked). Raises DrawError MALFORMED."""
    said = _read(raw, "ebid.draw-question", "name", "at")
    if not is_name(said["name"]) or type(said["at"]) is not int:
        raise malformed("a question")
    return said["name"], said["at"]


def parse_card(raw: bytes) -> Card:
    """Raises DrawError MALFORMED for anything but a card."""
    said = _read(raw, "ebid.draw-card", "name", "key", "at")
    if not is_name(said["name"]) or type(said["at"]) is not int:
        raise malformed("a card")
    return Card(said["name"], _hex(said["key"]), said["at"])


def build_deals(announce: str, party: str, sealed: Mapping[str, bytes]) -> bytes:
    """A party's deals, each encrypted to its trustee."""
    shown = {trustee: box.hex() for trustee, box in sealed.items()}
    return jcs({"v": 1, "typ": "ebid.draw-deals", "announce": announce, "party": party, "sealed": shown})


def parse_deals(announce: str, raw: bytes) -> tuple[str, dict[str, bytes]]:
    """(party, trustee → ciphertext). Raises DrawError MALFORMED."""
    said = _about(announce, raw, "ebid.draw-deals", "party", "sealed")
    if not is_name(said["party"]) or type(said["sealed"]) is not dict:
        raise malformed("deals")
    return said["party"], {trustee: _hex(box) for trustee, box in said["sealed"].items()}


def build_share(announce: str, trustee: str, party: str, slips: Mapping[int, bytes]) -> bytes:
    """The slips that a trustee publishes for a party."""
    shown = {str(number): slip.hex() for number, slip in slips.items()}
    said = {"announce": announce, "trustee": trustee, "party": party, "slips": shown}
    return jcs({"v": 1, "typ": "ebid.draw-share"} | said)


def parse_share(announce: str, raw: bytes) -> tuple[str, str, dict[int, bytes]]:
    """(trustee, party, number → slip). Raises DrawError MALFORMED."""
    said = _about(announce, raw, "ebid.draw-share", "trustee", "party", "slips")
    slips = said["slips"]
    if not is_name(said["trustee"]) or not is_name(said["party"]) or type(slips) is not dict:
        raise malformed("a share")
    if not all(n.isdecimal() and n.isascii() and len(n) < 6 and is_hex32(slip) for n, slip in slips.items()):
        raise malformed("the slips of a share")
    return said["trustee"], said["party"], {int(n): bytes.fromhex(slip) for n, slip in slips.items()}


def _about(announce: str, raw: bytes, typ: str, *fields: str) -> dict[str, Any]:
    said = _read(raw, typ, "announce", *fields)
    if said["announce"] != announce:
        raise malformed(f"an {typ} of another draw")
    return said


def _read(raw: bytes, typ: str, *fields: str) -> dict[str, Any]:
    try:
        said = canonical.loads(raw)
    except canonical.CanonicalError as error:
        raise malformed(str(error)) from error
    if type(said) is not dict or said.keys() != {"v", "typ", *fields}:
        raise malformed(f"the fields of an {typ}")
    if type(said["v"]) is not int or (said["v"], said["typ"]) != (1, typ):
        raise malformed(f"not an {typ}")
    return said


def _hex(value: Any) -> bytes:
    if type(value) is not str or len(value) > 2 * MOST_BYTES:
        raise malformed("bytes in hex")
    try:
        found = bytes.fromhex(value)
    except ValueError as error:
        raise malformed("bytes in hex") from error
    if found.hex() != value:
        raise malformed("bytes in hex")
    return found
